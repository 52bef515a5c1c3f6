import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import { addDays } from '../../lib/core/day.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'
import { landLinks, type ParentNight } from '../load/links.ts'
import { daysOf, linksHistory, type Night, publishedOf } from '../load/parents-oracle.ts'
import { newestReading } from '../load/readings.ts'
import {
  derivedDifferences,
  derivedWorld,
  forgetDerived,
  historyOf,
  LINKS,
  placeOf,
  publishedRows,
  shownRows,
  THINGS,
} from '../load/toy.ts'
import { arrive, orderOf } from './arrival.ts'
import { copyOf } from './mortal.ts'

const FIRST = '2026-11-01'
let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const candidateOf = async (store: ObjectStore, entity: typeof LINKS, dt: string): Promise<string> => {
  const versions = await store.list(`${keys.manifests(placeOf(entity))}dt=${dt}/`)
  const object = await store.read(versions.at(-1)?.key ?? '')
  return JSON.parse(Buffer.from(object?.bytes ?? []).toString()).candidate ?? 'withdrawn'
}

describe('a state entity', () => {
  const thing = (id: string, name: string | null): Row => ({
    id,
    name,
    size: 1n,
    tags: ['x'],
    views: 1n,
    raw_extra: null,
  })
  const NIGHTS: readonly (readonly Row[])[] = [
    [thing('a', 'A'), thing('b', 'B')],
    [thing('a', 'A'), thing('b', 'B2'), thing('c', null)],
    [thing('b', 'B')],
    [thing('a', 'A'), thing('b', 'B')],
    [thing('a', 'A5'), thing('c', 'C')],
  ]
  const landNight = (store: ObjectStore) => (i: number) =>
    land(store, THINGS, addDays(FIRST, i), NIGHTS[i] ?? [])
  const loadThings = (store: ObjectStore) => () => load(store, engine, THINGS, 'test', 'load')

  /** A late, better reading of the second day, and the fourth day withdrawn. */
  async function correct(store: ObjectStore, isReversed: boolean): Promise<void> {
    const [second, fourth] = [addDays(FIRST, 1), addDays(FIRST, 3)]
    const steps = [
      async () => {
        const replaces = await candidateOf(store, THINGS, second)
        await land(store, THINGS, second, [thing('a', 'A!')], {
          run: 'again',
          observedFrom: Date.parse(`${second}T06:00:00Z`),
        })
        await replaceDay(store, engine, THINGS, 'test', { dt: second, replaces, run: 'c1', reason: 'test' })
      },
      async () => withdrawDay(store, engine, THINGS, 'test', { dt: fourth, run: 'c2', reason: 'test' }),
    ]
    for (const step of isReversed ? steps.toReversed() : steps) await step()
  }

  test('any order of days and of corrections gives the same tables', async () => {
    const reference = memoryStore()
    await arrive([0, 1, 2, 3, 4], [true, true, true, true, true], landNight(reference), loadThings(reference))
    const corrected = await copyOf(reference)
    await correct(corrected, false)
    await fc.assert(
      fc.asyncProperty(orderOf(5), fc.boolean(), async ([order, loads], isReversed) => {
        const store = memoryStore()
        await arrive(order, loads, landNight(store), loadThings(store))
        expect(await derivedDifferences(store, reference, engine)).toEqual([])
        await correct(store, isReversed)
        expect(await derivedDifferences(store, corrected, engine)).toEqual([])
      }),
      { numRuns: 10 },
    )
  })

  test('a day that was read out of order is named and takes no part', async () => {
    const store = memoryStore()
    await arrive([0, 2], [false, false], landNight(store), loadThings(store))
    await land(store, THINGS, addDays(FIRST, 1), [thing('a', 'X')], {
      observedFrom: Date.parse('2026-11-20T00:00:00Z'),
    })
    const { held } = await load(store, engine, THINGS, 'test', 'load')
    expect(held).toMatchObject([
      {
        dt: '2026-11-02',
        verdict: 'incomplete',
        reason:
          '2026-11-02 was read at 2026-11-20T00:00:00.000Z, not before 2026-11-03 (2026-11-03T03:00:00.000Z)',
      },
    ])
    expect(await store.list(`${keys.manifests(placeOf(THINGS))}dt=2026-11-02/`)).toEqual([])
  })
})

const role = fc.constantFrom('r', 'w')
const parentReading = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'c'), role, { maxKeys: 3 }) },
  { weight: 3, arbitrary: fc.constantFrom('not_read' as const, 'forbidden' as const, 'vanished' as const) },
)
const night: fc.Arbitrary<ParentNight> = fc
  .tuple(
    ...['x', 'y', 'z'].map((box) =>
      fc.option(parentReading, { freq: 5 }).map((reading) => [box, reading] as const),
    ),
  )
  // One parent is always read and has a child, so that the guard is never asked.
  .map((boxes) => ({
    ...Object.fromEntries(boxes.filter(([, reading]) => reading !== null)),
    steady: { s: 'r' },
  }))

async function checkLinks(
  store: ObjectStore,
  committed: ReadonlyMap<string, ParentNight | null>,
): Promise<void> {
  const nights: Night[] = [...committed]
    .flatMap(([dt, parents]) => (parents === null ? [] : [{ dt, parents }]))
    .sort((a, b) => (a.dt < b.dt ? -1 : 1))
  expect(await historyOf(store, engine, LINKS)).toEqual(linksHistory(nights))
  for (const { dt, known } of daysOf(nights)) {
    const { snapshot, coverage } = publishedOf(known)
    expect([dt, shownRows(await publishedRows(store, engine, keys.snapshot(placeOf(LINKS), dt)))]).toEqual([
      dt,
      snapshot,
    ])
    expect([dt, shownRows(await publishedRows(store, engine, keys.coverage(placeOf(LINKS), dt)))]).toEqual([
      dt,
      coverage,
    ])
  }
}

const RUNS = Number(process.env['ALMANAC_ORDER_CASES'] ?? 4)

describe('a per-parent entity', () => {
  test(`${RUNS} random calendars with parents of every verdict: what each day knew, in any order`, async () => {
    const calendar = fc.array(night, { minLength: 2, maxLength: 5 })
    const corrections = fc.array(fc.tuple(fc.nat(4), fc.option(night)), { maxLength: 2 })
    await fc.assert(
      fc.asyncProperty(calendar, orderOf(5), corrections, async (nights, [order, loads], fixes) => {
        const store = memoryStore()
        const landOne = (i: number) => landLinks(store, addDays(FIRST, i), nights[i] ?? {})
        await arrive(
          order.filter((i) => i < nights.length),
          loads,
          landOne,
          () => load(store, engine, LINKS, 'test', 'load'),
        )
        const committed = new Map<string, ParentNight | null>(
          nights.map((each, i) => [addDays(FIRST, i), each]),
        )
        await checkLinks(store, committed)
        for (const [i, [on, fix]] of fixes.entries()) {
          const dt = addDays(FIRST, on % nights.length)
          const facts = { dt, run: `fix-${i}`, reason: 'test' }
          if (fix === null && committed.get(dt) === null) continue
          const replaces = await candidateOf(store, LINKS, dt)
          if (fix === null) await withdrawDay(store, engine, LINKS, 'test', facts)
          else {
            // A parent of its own makes the new reading another one, whatever else it holds.
            const parents: ParentNight = { ...fix, [`fix${i}`]: {} }
            await landLinks(store, dt, parents, {
              run: `fix-${i}`,
              observedFrom: Date.parse(`${dt}T0${4 + i}:00:00Z`),
            })
            const named = await newestReading(store, engine, LINKS, dt)
            await replaceDay(store, engine, LINKS, 'test', { ...facts, replaces, with: named })
            committed.set(dt, parents)
            continue
          }
          committed.set(dt, null)
        }
        await checkLinks(store, committed)
        const incremental = await derivedWorld(store, engine)
        await forgetDerived(store)
        await load(store, engine, LINKS, 'test', 'rebuild')
        expect(await derivedWorld(store, engine)).toEqual(incremental)
      }),
      { numRuns: RUNS },
    )
  }, 300_000)
})
