import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays, type Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays, readManifest } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { accept, withdrawDay } from '../../lib/load/correct.ts'
import { type LoadResult, load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import * as oracle from './oracle.ts'
import { closedRows, endsOf, landNumbers, numbers, SITE } from './rows.ts'

const FIRST = '2026-11-01'
const day = (i: number): Day => addDays(FIRST, i)
/** A list of the whole site, and one that is read parent by parent. */
const BOTH = [entityNamed('groups'), entityNamed('group_members')].map((each) => [each.name, each] as const)

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const counted = {
  chains: 0,
  'held days that passed by themselves': 0,
  'random seasons': 0,
}
afterAll(() => figure('held-days', counted))

/** A season of nights: day i has the rows of these numbers. One load when all have landed. */
async function season(
  entity: Entity,
  nights: readonly (readonly number[])[],
): Promise<{ store: ObjectStore; result: LoadResult }> {
  const store = memoryStore()
  for (const [i, rows] of nights.entries()) await landNumbers(store, entity, day(i), rows)
  return { store, result: await load(store, engine, entity, SITE, 'load') }
}

const heldDays = (result: LoadResult): readonly Day[] => result.held.map(({ dt }) => dt)
const committedIn = (result: LoadResult): readonly Day[] => result.committed.map(({ dt }) => dt)

const acceptDay = (store: ObjectStore, entity: Entity, result: LoadResult, dt: Day): Promise<LoadResult> => {
  const sha256prefix = result.held.find((each) => each.dt === dt)?.candidate ?? ''
  return accept(store, engine, entity, SITE, { sha256prefix, run: `accept-${dt}`, reason: 'a purge' })
}

/** How many rows of a history end on each day. */
async function endsByDay(store: ObjectStore, entity: Entity): Promise<Readonly<Record<string, number>>> {
  const ends: Record<string, number> = {}
  for (const end of await endsOf(store, engine, entity)) ends[end] = (ends[end] ?? 0) + 1
  return ends
}

async function noteOf(store: ObjectStore, { name }: Entity, dt: Day): Promise<string | null> {
  const manifest = await readManifest(store, { entity: name, site: SITE }, { dt, version: 1 })
  return manifest.note?.kind ?? null
}

const ALL = numbers(0, 100)
const HALF = numbers(0, 50)
/** Half of the rows, and one that no other night has: no two nights are the same bytes. */
const half = (i: number): readonly number[] => [...HALF, 900 + i]

/** The lengths of chains of held nights, and which night of each is accepted: in full, every one of them. */
const CHAINS = [2, 3, 4, 5]
  .flatMap((length) => numbers(1, length + 1).map((which) => [length, which] as const))
  .filter(([length, which]) => IS_FULL || (length % 3 === 2 && which % 2 === 1))

describe.each(BOTH)('%s after a purge', (_, entity) => {
  test.each(CHAINS)(
    'of %d held nights: accepting the one numbered %d lets the others pass',
    async (length, which) => {
      // Each night is a little different from the others, as nights are.
      const purged = numbers(1, length + 1).map((i) => [...HALF.slice(i), ...numbers(200, 200 + i)])
      const { store, result } = await season(entity, [ALL, ...purged])
      const held = numbers(1, length + 1).map(day)
      expect([committedIn(result), heldDays(result)]).toEqual([[FIRST], held])
      const after = await acceptDay(store, entity, result, day(which))
      const others = held.filter((dt) => dt !== day(which))
      expect([committedIn(after), heldDays(after)]).toEqual([others, []])
      // What was gone is gone on the day that it was first seen gone, whichever night was accepted.
      expect((await endsByDay(store, entity))[day(1)]).toBe(51)
      counted.chains++
      counted['held days that passed by themselves'] += others.length
    },
  )

  test('a night in between that does not agree stays held, and leaves no trace', async () => {
    const { store, result } = await season(entity, [ALL, half(1), [], half(3), numbers(300, 350), half(5)])
    expect(heldDays(result)).toEqual([1, 2, 3, 4, 5].map(day))
    const after = await acceptDay(store, entity, result, day(5))
    expect([committedIn(after), heldDays(after)]).toEqual([
      [day(1), day(3)],
      [day(2), day(4)],
    ])
    expect(await endsByDay(store, entity)).toEqual({ [day(1)]: 50, [day(3)]: 1, [day(5)]: 1 })
  })

  test('each further halving is asked about by itself', async () => {
    const { store, result } = await season(entity, [ALL, numbers(0, 50), numbers(0, 25), numbers(0, 12)])
    const first = await acceptDay(store, entity, result, day(1))
    expect([committedIn(first), heldDays(first)]).toEqual([[], [day(2), day(3)]])
    const last = await acceptDay(store, entity, first, day(3))
    expect([committedIn(last), heldDays(last)]).toEqual([[], [day(2)]])
    const middle = await acceptDay(store, entity, last, day(2))
    expect([committedIn(middle), heldDays(middle)]).toEqual([[], []])
    expect(await endsByDay(store, entity)).toEqual({ [day(1)]: 50, [day(2)]: 25, [day(3)]: 13 })
  })

  test('nights that bounce back: what was held stays held, and what came after counts', async () => {
    const { store, result } = await season(entity, [ALL, half(1), half(2), ALL, numbers(1, 101)])
    expect([committedIn(result), heldDays(result)]).toEqual([
      [FIRST, day(3), day(4)],
      [day(1), day(2)],
    ])
    expect(await endsByDay(store, entity)).toEqual({ [day(4)]: 1 })
    // Accepted all the same, the rows were away for two nights, and have come back.
    const after = await acceptDay(store, entity, result, day(2))
    expect([committedIn(after), heldDays(after)]).toEqual([[day(1)], []])
    expect(await endsByDay(store, entity)).toEqual({ [day(1)]: 50, [day(2)]: 1, [day(3)]: 1, [day(4)]: 1 })
  })

  test.each<[string, readonly number[], readonly number[], boolean]>([
    ['it agrees in both directions', numbers(0, 79), numbers(0, 80), true],
    ['the later night has rows that the held one lacks', numbers(0, 79), ALL, false],
    [
      'the held night has rows that the later one lacks',
      [...numbers(0, 79), ...numbers(200, 300)],
      numbers(0, 80),
      false,
    ],
    ['the held night has none', [], numbers(0, 80), false],
  ])('a later night commits by itself; the held one passes when %s', async (_, held, later, isCommitted) => {
    const { store, result } = await season(entity, [ALL, held, later])
    expect(heldDays(result)).toEqual(isCommitted ? [] : [day(1)])
    expect(committedIn(result)).toEqual(isCommitted ? [FIRST, day(2), day(1)] : [FIRST, day(2)])
    if (isCommitted) expect(await noteOf(store, entity, day(1))).toBe('agreed')
    else expect(await endsByDay(store, entity)).toEqual(later.length === 80 ? { [day(2)]: 20 } : {})
  })

  test('two held nights that agree with one another do not pass: nobody has said that either is right', async () => {
    const { store, result } = await season(entity, [ALL, HALF, HALF, HALF, HALF, HALF])
    expect([committedIn(result), heldDays(result).length]).toEqual([[FIRST], 5])
    for (const run of ['again', 'and-again'])
      expect((await load(store, engine, entity, SITE, run)).committed).toEqual([])
    expect(await closedRows(store, engine, entity)).toBe(0)
  })

  test('a late night that fits comes between held ones, and changes nothing of them', async () => {
    const { store } = await season(entity, [ALL, half(1)])
    await landNumbers(store, entity, day(3), half(3))
    await load(store, engine, entity, SITE, 'later')
    await landNumbers(store, entity, day(2), numbers(0, 99))
    const result = await load(store, engine, entity, SITE, 'latest')
    expect([committedIn(result), heldDays(result)]).toEqual([[day(2)], [day(1), day(3)]])
    const after = await acceptDay(store, entity, result, day(3))
    expect([committedIn(after), heldDays(after)]).toEqual([[], [day(1)]])
    expect(await endsByDay(store, entity)).toEqual({ [day(2)]: 1, [day(3)]: 49 })
  })
})

const range = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 110 }))
  .map(([from, size]) => numbers(from, from + size))
const reading = fc.oneof(
  range,
  fc.constantFrom(
    ALL,
    HALF,
    [],
    numbers(0, 79),
    numbers(0, 80),
    numbers(20, 100),
    numbers(21, 100),
    numbers(0, 12),
  ),
)
/** What a season meets, in the order it happens: nights of any day, and what people do about them. */
const happenings = fc
  .array(reading, { minLength: 3, maxLength: 7 })
  .chain((nights) =>
    fc.tuple(
      fc.shuffledSubarray([...nights.entries()].slice(1), { minLength: nights.length - 1 }),
      fc.array(fc.tuple(fc.constantFrom('accept', 'accept', 'withdraw'), fc.nat(20)), { maxLength: 4 }),
    ),
  )

/** What a store says of an entity's days: rows of each committed one, null when withdrawn; the days held; rows closed. */
async function told(store: ObjectStore, entity: Entity, result: LoadResult) {
  const at = { entity: entity.name, site: SITE }
  const committed: Record<Day, number | null> = {}
  for (const each of await committedDays(store, at)) {
    const manifest = await readManifest(store, at, each)
    committed[each.dt] = manifest.candidate === null ? null : manifest.rows
  }
  const hasHistory = (await store.head(keys.history(at))) !== undefined
  return {
    committed,
    held: heldDays(result),
    closed: hasHistory ? await closedRows(store, engine, entity) : 0,
  }
}

const expected = (state: oracle.Standing) => ({
  committed: Object.fromEntries([...state.committed].map(([dt, rows]) => [dt, rows?.size ?? null])),
  held: [...state.held.keys()].sort(),
  closed: oracle.closures(state),
})

describe.each(BOTH)('%s in any season', (_, entity) => {
  test(
    'holds and commits what a model of the rule says, and closes no other row',
    async () => {
      const runs = cases('held-days', { suite: 4, full: 20, largest: 100 })
      let seasons = 0
      await fc.assert(
        fc.asyncProperty(happenings, async ([nights, actions]) => {
          const store = memoryStore()
          let state = oracle.NOTHING
          let result: LoadResult | undefined
          for (const [i, rows] of [[0, ALL] as const, ...nights]) {
            await landNumbers(store, entity, day(i), rows)
            result = await load(store, engine, entity, SITE, `load-${i}`)
            state = oracle.arrived(state, day(i), new Set(rows))
            expect(await told(store, entity, result)).toEqual(expected(state))
          }
          for (const [what, nth] of actions) {
            const open = what === 'accept' ? [...state.held.keys()].sort() : standingDays(state)
            const dt = open[nth % Math.max(1, open.length)]
            if (dt === undefined || result === undefined) continue
            if (what === 'accept') {
              const sha = result.held.find((each) => each.dt === dt)?.candidate
              // Bytes that two held days share name the first of them.
              const named = result.held.find(({ candidate }) => candidate === sha)?.dt ?? dt
              result = await acceptDay(store, entity, result, named)
              state = oracle.accepted(state, named)
            } else {
              result = await withdrawDay(store, engine, entity, SITE, {
                dt,
                run: `withdraw-${dt}`,
                reason: 'test',
              })
              state = oracle.withdrawn(state, dt)
            }
            expect(await told(store, entity, result)).toEqual(expected(state))
          }
          seasons++
          counted['random seasons']++
        }),
        { numRuns: runs, interruptAfterTimeLimit: limitFor(12, 100) },
      )
      // On a busy machine time may be over before all are tried; one or two would prove nothing.
      expect(seasons).toBeGreaterThanOrEqual(Math.ceil(runs / 2))
    },
    limitFor(15, 120),
  )
})

/** The days that are committed and not withdrawn. */
const standingDays = (state: oracle.Standing): readonly Day[] =>
  [...state.committed].flatMap(([dt, rows]) => (rows === null ? [] : [dt])).sort()
