import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import { scratchFolder } from '../system/site.ts'
import { diskCopies } from './disk-copies.ts'
import { type Plan, strikeEverywhere, type Tally } from './every-operation.ts'
import { LOAD_SCENES } from './load-scenes.ts'
import { NIGHT_SCENES } from './night-scenes.ts'
import type { Scene } from './scene.ts'

let engine: Engine
let folder: Awaited<ReturnType<typeof scratchFolder>>
const tallies: Tally[] = []
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  folder = await scratchFolder()
})
afterAll(async () => {
  await engine.close()
  await folder.remove()
})

const SCENES = [...LOAD_SCENES, ...NIGHT_SCENES]

/** Every operation in full. In the suite one change and one read in so many, fewer of the longest scenes. */
function planFor({ name }: Scene): Plan {
  if (IS_FULL) return { stride: 1, changes: 1 }
  if (/ night/.test(name)) return { stride: 131, changes: 43 }
  return name.endsWith('links') ? { stride: 41, changes: 7 } : { stride: 17, changes: 3 }
}

/** On a disk every write takes a few flushes of it, so that fewer are struck. */
function planOnDisk(scene: Scene): Plan {
  const { stride, changes } = planFor(scene)
  const by = IS_FULL ? 11 : 8
  return { ...diskCopies(folder.path), stride: stride * by, changes: changes * by }
}

async function nothingGoesWrong(scene: Scene, plan: Plan): Promise<void> {
  const tally = await strikeEverywhere(scene, engine, plan)
  tallies.push(tally)
  expect(tally.faults).toEqual([])
  expect(tally.runs).toBeGreaterThanOrEqual((tally.operations / plan.stride) * 3 - 3)
}

describe('an operation of the store that fails, or is the last one of its process, in', () => {
  test.each(SCENES.map((scene) => [scene.name, scene] as const))(
    '%s: readers see old or new, what was reported is so, and one clean run heals',
    (_, scene) => nothingGoesWrong(scene, planFor(scene)),
    limitFor(15, 300),
  )
})

const ON_DISK = SCENES.filter(({ name }) => /replacing|loading links|whole night/.test(name))

describe('the same on a disk, in', () => {
  test.each(ON_DISK.map((scene) => [scene.name, scene] as const))(
    '%s',
    (_, scene) => nothingGoesWrong(scene, planOnDisk(scene)),
    limitFor(10, 60),
  )
})

test('all in all', () => {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((all, each) => all + of(each), 0)
  const faults = tallies.flatMap((tally) => tally.faults)
  const of = (kind: string): number => faults.filter((fault) => fault.kind === kind).length
  expect(tallies).toHaveLength(SCENES.length + ON_DISK.length)
  figure('crash-at-every-operation', {
    operations: sum(({ operations }) => operations),
    runs: sum(({ runs }) => runs),
    'warehouses left behind': sum(({ states }) => states),
    'days lost': of('lost'),
    'manual repairs': of('unhealed'),
  })
})
