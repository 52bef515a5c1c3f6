import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { load, rebuild } from '../../lib/load/load.ts'
import type { LoadEngine, Transforms } from '../../lib/load/transforms.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { verify } from '../../lib/verify/verify.ts'
import { land } from './land.ts'
import { links, things } from './plain.ts'
import { LINKS, placeOf, THINGS } from './toy.ts'

const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03'] as const
const [, SECOND, THIRD] = DAYS
const JOBS = entityNamed('jobs')
const MONTH = keys.event(placeOf(JOBS), '2026-11')

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const micros = (text: string): bigint => BigInt(Date.parse(text)) * 1000n
const job = (ended: string | null): Row => ({
  id: 'job',
  job_type: null,
  title: null,
  subtitle: null,
  priority: null,
  started_at: null,
  status: ended === null ? 'InProgress' : 'Success',
  created_at: micros('2026-11-01T00:00:00Z'),
  ended_at: ended === null ? null : micros(ended),
  finish_code: null,
  raw_extra: null,
})

/** An engine that computes as an earlier version may have done, with a defect. */
const defective = (defect: (right: Transforms) => Partial<Transforms>): LoadEngine => ({
  transforms: async (shape) => {
    const right = await engine.transforms(shape)
    return { ...right, ...defect(right) }
  },
})

interface Defect {
  readonly what: string
  readonly of: Entity
  readonly defect: (right: Transforms) => Partial<Transforms>
  readonly wrong: readonly string[]
}

const nightsOf: Readonly<Record<string, readonly (readonly Row[])[]>> = {
  things: [things(3), things(4), things(5)],
  links: [
    links({ a: 'read', b: 'read' }),
    links({ a: 'read', b: 'forbidden' }),
    links({ a: 'read', b: 'forbidden' }),
  ],
  jobs: [[job(null)], [job(null)], [job('2026-11-03T00:00:00Z')]],
}

const published = (of: Entity, ...days: readonly string[]): readonly string[] =>
  days.flatMap((dt) => [keys.snapshot(placeOf(of), dt), keys.coverage(placeOf(of), dt)])

const DEFECTS: readonly Defect[] = [
  {
    what: 'a day forgets the parents that were not read',
    of: LINKS,
    defect: ({ parentDay }) => ({
      parentDay: (dt, rows, _, inputs) => parentDay(dt, rows, undefined, inputs),
    }),
    wrong: [...published(LINKS, SECOND, THIRD), keys.history(placeOf(LINKS)), keys.current(placeOf(LINKS))],
  },
  {
    what: 'the present is no day’s',
    of: THINGS,
    defect: ({ current }) => ({ current: (_, inputs) => current(null, inputs) }),
    wrong: [keys.current(placeOf(THINGS))],
  },
  {
    what: 'a month takes the first reading alone',
    of: JOBS,
    defect: ({ month }) => ({
      month: (which, readings, facts, inputs) => month(which, readings.slice(0, 1), facts, inputs),
    }),
    wrong: [MONTH],
  },
]

async function loaded(of: Entity, by: LoadEngine): Promise<ObjectStore> {
  const store = memoryStore()
  for (const [i, dt] of DAYS.entries()) {
    const rows = nightsOf[of.name]?.[i] ?? []
    const facts = of === LINKS ? rows.filter((row) => row['parent_verdict'] === null).length : rows.length
    await land(store, of, dt, rows, { facts })
  }
  await load(store, by, of, 'test', 'load')
  return store
}

async function faults(store: ObjectStore, of: Entity): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { level, key } of verify(store, engine, [of], undefined))
    if (level !== 'ok') found.push(key)
  return found.sort()
}

describe('a rebuild', () => {
  test.each(DEFECTS)(
    'makes good what an earlier version made wrong: $what',
    async ({ of, defect, wrong }) => {
      const store = await loaded(of, defective(defect))
      expect(await faults(store, of)).toEqual([...wrong].sort())
      expect(await rebuild(store, engine, of, 'test')).toBeGreaterThanOrEqual(wrong.length)
      expect(await faults(store, of)).toEqual([])
    },
  )

  test.each([
    ['things', THINGS, 1],
    ['links', LINKS, 1],
    ['jobs', JOBS, 0],
  ] as const)('writes history alone where all is right: %s', async (_, of, objects) => {
    const store = await loaded(of, engine)
    expect(await rebuild(store, engine, of, 'test')).toBe(objects)
  })
})
