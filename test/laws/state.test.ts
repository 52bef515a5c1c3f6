import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import type { Reading } from '../load/oracle.ts'
import { newestReading } from '../load/readings.ts'
import { THINGS } from '../load/toy.ts'
import { orderOf } from '../system/arrival.ts'
import { calendarOf, secondLook } from './calendar.ts'
import { landReading, THINGS_BEFORE } from './land-things.ts'
import { STATE_LAWS } from './laws.ts'
import { brokenLaws, silentLaws } from './stage.ts'
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

const KEYS = IS_FULL ? 20_000 : 3_400
const MOST_NIGHTS = 30

/** What a world is made of: it and the keys' number decide all that happens in it. */
interface Plan {
  readonly seed: number
  readonly nights: number
  readonly since: number
  /** Nights on which nobody read. */
  readonly skipped: readonly number[]
  readonly arrival: readonly [order: readonly number[], ranks: readonly number[]]
  readonly corrections: readonly (readonly [night: number, isWithdrawn: boolean])[]
}

const plan: fc.Arbitrary<Plan> = fc.integer({ min: 12, max: MOST_NIGHTS }).chain((nights) =>
  fc.record({
    seed: fc.integer({ min: 0 }),
    nights: fc.constant(nights),
    since: fc.oneof(fc.constant(0), fc.nat(nights - 1)),
    skipped: fc.uniqueArray(fc.nat(nights - 1), { maxLength: 4 }),
    arrival: fc.tuple(
      orderOf(nights).map(([order]) => order),
      fc.array(fc.nat(99), { minLength: nights, maxLength: nights }),
    ),
    corrections: fc.array(fc.tuple(fc.nat(nights - 1), fc.boolean()), { minLength: 1, maxLength: 3 }),
  }),
)

const loadThings = (store: ObjectStore, entity = THINGS) => load(store, engine, entity, 'test', 'load')

/** The nights before sizes were declared come first, loaded as they are declared then; each part in the plan's order. */
async function arriveAll(
  store: ObjectStore,
  calendar: readonly Reading[],
  { since, skipped, arrival }: Plan,
): Promise<void> {
  const [order, ranks] = arrival
  for (const entity of [THINGS_BEFORE, THINGS]) {
    const isBefore = entity === THINGS_BEFORE
    for (const night of order.filter((each) => each < since === isBefore && !skipped.includes(each))) {
      const reading = calendar[night]
      if (reading !== undefined) await landReading(store, reading, 1, entity)
      if ((ranks[night] ?? 0) < 12) await loadThings(store, entity)
    }
    await loadThings(store, entity)
  }
}

const WHY = { run: 'correct', reason: 'test' } as const

/** Lands another reading of a day, and puts it in the place of the one that counts. */
async function replaceBy(store: ObjectStore, again: Reading, look: number): Promise<void> {
  await landReading(store, again, look)
  const { dt } = again
  const replaces = await candidateOf(store, THINGS, dt)
  const named = await newestReading(store, engine, THINGS, dt)
  await replaceDay(store, engine, THINGS, 'test', { ...WHY, dt, replaces, with: named })
}

/** Corrects nights as planned. The readings that stand in the end. */
async function correctAll(
  store: ObjectStore,
  calendar: readonly Reading[],
  { seed, skipped, corrections }: Plan,
): Promise<readonly Reading[]> {
  const standing = new Map<string, Reading | null>(
    calendar.filter((_, night) => !skipped.includes(night)).map((reading) => [reading.dt, reading]),
  )
  for (const [i, [night, isWithdrawn]] of corrections.entries()) {
    const reading = calendar[night]
    if (reading === undefined || !standing.has(reading.dt)) continue
    if (isWithdrawn && standing.get(reading.dt) === null) continue
    const again = isWithdrawn ? null : secondLook(seed + i, reading)
    if (again === null) await withdrawDay(store, engine, THINGS, 'test', { ...WHY, dt: reading.dt })
    else await replaceBy(store, again, i + 2)
    standing.set(reading.dt, again)
  }
  return [...standing.values()].flatMap((each) => each ?? [])
}

describe('the laws of history', () => {
  test(
    `calendars of ${KEYS} keys each, in any order, corrected and withdrawn`,
    async () => {
      const wanted = cases('history-laws', { suite: 1_500, full: 60_000, largest: 200_000 })
      let days = 0
      await fc.assert(
        fc.asyncProperty(plan, async (each) => {
          const store = memoryStore()
          const calendar = calendarOf({ ...each, keys: KEYS })
          await arriveAll(store, calendar, each)
          const readings = await correctAll(store, calendar, each)
          const before = await etagsOf(store)
          await Promise.all([loadThings(store), loadThings(store)])
          expect(await etagsOf(store)).toEqual(before)
          expect(
            await onStage(engine, stages, store, readings, (session) => brokenLaws(session, STATE_LAWS)),
          ).toEqual([])
          days += readings.length
        }),
        // A world of thousands of keys does not shrink: its message names the keys, and small worlds shrink elsewhere.
        { numRuns: Math.ceil(wanted / KEYS), endOnFailure: true },
      )
      figure('history-laws', {
        'key calendars': Math.ceil(wanted / KEYS) * KEYS,
        days,
        laws: STATE_LAWS.length,
        violations: 0,
      })
    },
    limitFor(25, 150),
  )

  test('each law speaks when its violation is planted, and none before', async () => {
    const store = memoryStore()
    const readings = calendarOf({ seed: 7, keys: 200, nights: 10, since: 4 }).filter(
      (_, night) => night !== 6,
    )
    for (const reading of readings) await landReading(store, reading)
    await loadThings(store)
    await onStage(engine, stages, store, readings, async (session) => {
      expect(await brokenLaws(session, STATE_LAWS)).toEqual([])
      expect(await silentLaws(session, STATE_LAWS)).toEqual([])
    })
  })

  const one: Reading = {
    dt: '2026-11-01',
    missing: ['size'],
    rows: new Map([['k', { name: 'a', size: null, tags: ['x'], views: 1, raw_extra: null }]]),
  }
  const two: Reading = { ...one, dt: '2026-11-02', missing: [] }

  // A landing waits for a load, and the load may declare one more column than its file has.
  test('a reading from before a column was declared is loaded after', async () => {
    const store = memoryStore()
    await landReading(store, one, 1, THINGS_BEFORE)
    await landReading(store, two)
    await loadThings(store)
    expect(
      await onStage(engine, stages, store, [one, two], (session) => brokenLaws(session, STATE_LAWS)),
    ).toEqual([])
  })

  // A reading is named after its run, too: it may know more of the same rows.
  test('a reading that knows more replaces one of the same rows', async () => {
    const store = memoryStore()
    const knowing = { ...one, missing: [] }
    await landReading(store, one)
    await loadThings(store)
    await replaceBy(store, knowing, 2)
    expect(
      await onStage(engine, stages, store, [knowing], (session) => brokenLaws(session, STATE_LAWS)),
    ).toEqual([])
  })
})
