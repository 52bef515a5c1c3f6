import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays } from '../../lib/core/day.ts'
import { isError } from '../../lib/core/errors.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load, rebuild } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { historyOracle, type Reading, type Value } from '../load/oracle.ts'
import { newestReading } from '../load/readings.ts'
import { historyOf, THINGS } from '../load/toy.ts'
import { FIRST, TRACKED } from './calendar.ts'
import { landReading } from './land-things.ts'
import { STATE_LAWS } from './laws.ts'
import { brokenLaws } from './stage.ts'
import { onStage } from './things-stage.ts'
import { candidateOf, etagsOf } from './world.ts'

let engine: Engine
let stages: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  stages = await openEngine({ threads: 1 })
})
afterAll(async () => {
  await engine.close()
  await stages.close()
})

type Look = Omit<Reading, 'dt'>

/** What can happen to a warehouse. Nights are counted from 0. */
type Step =
  | { readonly kind: 'land' | 'correct'; readonly night: number; readonly look: Look }
  | { readonly kind: 'withdraw' | 'restore'; readonly night: number }
  | { readonly kind: 'load' | 'load twice at once' | 'rebuild' }

const cells = fc.record({
  name: fc.constantFrom<Value[]>('a', 'A', '', null),
  size: fc.constantFrom<Value[]>(1, null),
  tags: fc.constantFrom<Value[]>(['x'], ['x', 'y'], [], null),
})
const look: fc.Arbitrary<Look> = fc.record({
  missing: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray([...TRACKED]) },
  ),
  // One key is always there: a day of no rows is the guard's business.
  rows: fc
    .dictionary(fc.constantFrom('k', 'K', 'k '), cells, { maxKeys: 3, noNullPrototype: true })
    .map((rows) => new Map(Object.entries({ ...rows, steady: { name: 'stays', size: 0, tags: [] } }))),
})
const night = fc.nat(4)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('land' as const), night, look }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('load' as const, 'load twice at once' as const, 'rebuild' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('correct' as const), night, look }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('withdraw' as const, 'restore' as const), night }),
  },
)

/** What a warehouse must hold by now, told without it. */
interface World {
  /** Every reading that landed, by day, in the order of reading. */
  readonly landed: Map<string, readonly Reading[]>
  /** The reading that counts for each committed day; null when it was withdrawn. */
  readonly standing: Map<string, Reading | null>
  /** What was withdrawn last of each day. */
  readonly withdrawn: Map<string, Reading>
}

const standingOf = ({ standing }: World): readonly Reading[] =>
  [...standing.values()].flatMap((each) => each ?? []).sort((a, b) => (a.dt < b.dt ? -1 : 1))

const loadOnce = (store: ObjectStore) => load(store, engine, THINGS, 'test', 'load')

/** Lands one more reading of a day. Its views tell it from every other reading of that day. */
async function landOne(
  store: ObjectStore,
  { landed }: World,
  dt: string,
  { missing, rows }: Look,
): Promise<void> {
  const earlier = landed.get(dt) ?? []
  const number = earlier.length + 1
  const more = { ...Object.fromEntries(missing.map((column) => [column, null])), views: number }
  const reading = { dt, missing, rows: new Map([...rows].map(([id, each]) => [id, { ...each, ...more }])) }
  landed.set(dt, [...earlier, reading])
  await landReading(store, reading, number)
}

/** A load commits, for every open day, the first reading that landed. */
function committed({ landed, standing }: World): void {
  for (const [dt, [first]] of landed) if (first !== undefined && !standing.has(dt)) standing.set(dt, first)
}

/** Whether a correction was refused with a code that says so. */
async function isRefused(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return false
  } catch (error) {
    if (!isError(error, 'not-found', 'already-committed', 'usage')) throw error
    return true
  }
}

/** What comes into a committed day's place; for a withdrawn day that was read again, somebody must name it. */
function coming({ landed, standing, withdrawn }: World, dt: string, isNamed: boolean): Reading | undefined {
  const [now, readings] = [standing.get(dt), landed.get(dt) ?? []]
  if (now === undefined) return undefined
  if (now !== null || isNamed) return readings.findLast((reading) => reading !== now)
  const was = withdrawn.get(dt)
  return was === readings.at(-1) ? was : undefined
}

/** Puts another reading in a committed day's place, the newest where it is named; refused where none comes. */
async function correct(store: ObjectStore, world: World, dt: string, isNamed: boolean): Promise<void> {
  const other = coming(world, dt, isNamed)
  const replaces = await candidateOf(store, THINGS, dt)
  // Looking for the newest reading makes candidates, which the next commit would find.
  const isCommitted = world.standing.has(dt)
  const named = isNamed && isCommitted ? await newestReading(store, engine, THINGS, dt) : undefined
  const facts = { dt, replaces, with: named, run: 'correct', reason: 'test' }
  expect(await isRefused(replaceDay(store, engine, THINGS, 'test', facts))).toBe(other === undefined)
  if (other !== undefined) world.standing.set(dt, other)
}

async function withdraw(store: ObjectStore, { standing, withdrawn }: World, dt: string): Promise<void> {
  const now = standing.get(dt) ?? null
  const facts = { dt, run: 'withdraw', reason: 'test' }
  expect(await isRefused(withdrawDay(store, engine, THINGS, 'test', facts))).toBe(now === null)
  if (now === null) return
  standing.set(dt, null)
  withdrawn.set(dt, now)
}

async function take(store: ObjectStore, world: World, each: Step): Promise<void> {
  const dt = 'night' in each ? addDays(FIRST, each.night) : FIRST
  if (each.kind === 'land' || each.kind === 'correct') await landOne(store, world, dt, each.look)
  if (each.kind === 'correct' || each.kind === 'restore')
    await correct(store, world, dt, each.kind === 'correct')
  if (each.kind === 'withdraw') await withdraw(store, world, dt)
  if (each.kind === 'rebuild') await rebuild(store, engine, THINGS, 'test')
  if (each.kind === 'load') await loadOnce(store)
  if (each.kind === 'load twice at once') await Promise.all([loadOnce(store), loadOnce(store)])
  if (each.kind === 'load' || each.kind === 'load twice at once') committed(world)
}

/**
 * Takes the steps, and after each compares the published history with the one that plain JavaScript tells. All laws are
 * asked of one life in ten: on tables as small as these, asking costs more than living.
 */
async function live(steps: readonly Step[], luck: number): Promise<void> {
  const store = memoryStore()
  const world: World = { landed: new Map(), standing: new Map(), withdrawn: new Map() }
  for (const each of [...steps, { kind: 'load' } as const]) {
    await take(store, world, each)
    if (each.kind === 'land') continue
    expect(await historyOf(store, engine, THINGS)).toEqual(historyOracle(standingOf(world), TRACKED).versions)
  }
  const before = await etagsOf(store)
  await loadOnce(store)
  expect(await etagsOf(store)).toEqual(before)
  if (luck > 0) return
  expect(
    await onStage(engine, stages, store, standingOf(world), (session) => brokenLaws(session, STATE_LAWS)),
  ).toEqual([])
}

describe('small worlds', () => {
  const runs = cases('small-worlds', { suite: 25, full: 800, largest: 2_000 })
  test(
    `${runs} random lives of a warehouse of five nights and four keys`,
    async () => {
      await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.nat(9), live), {
        numRuns: runs,
      })
      figure('small-worlds', { 'lives of a warehouse': runs, violations: 0 })
    },
    limitFor(20, 200),
  )
})
