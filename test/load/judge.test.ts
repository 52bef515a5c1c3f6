import { describe, expect, test } from 'vitest'
import { addDays } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { readManifest } from '../../lib/core/manifest.ts'
import type { ParentVerdict } from '../../lib/core/shape.ts'
import { links, type Night, type PlainWorld, plainWorld, things } from './plain.ts'
import { LINKS, placeOf, THINGS } from './toy.ts'

const FIRST = '2026-11-01'
const [D2, D3, D4, D5] = [1, 2, 3, 4].map((i) => addDays(FIRST, i)) as [string, string, string, string]
const at = (dt: string, time = '03:00'): number => Date.parse(`${dt}T${time}:00Z`)

/** Nights in the order of their arrival: all but the last must be committed. What the last came to. */
async function lastOf(nights: readonly Night[], of: Entity = THINGS) {
  const world = plainWorld(of)
  for (const night of nights.slice(0, -1)) expect((await world.night(night)).held).toEqual([])
  const last = nights.at(-1)
  if (last === undefined) throw new Error('no night')
  return { world, dt: last.dt, ...(await world.night(last)) }
}

/** Why the last of these nights is held, with its verdict; null when it is committed. */
async function heldOf(nights: readonly Night[], of: Entity = THINGS) {
  const { committed, held, dt } = await lastOf(nights, of)
  if (held.length === 0) expect(committed).toEqual([{ dt, version: 1 }])
  return held.length === 0 ? null : held.map(({ verdict, reason }) => [verdict, reason])
}

const LOST = (columns = 'name') => [['guarded', `${columns} had values and has none now`]]

type Case = readonly [what: string, nights: readonly Night[], held: readonly string[][] | null]

describe('the order of readings', () => {
  test.each<Case>([
    [
      'a day between two others, read between them',
      [
        { dt: FIRST, rows: things(2) },
        { dt: D3, rows: things(2) },
        { dt: D2, rows: things(2) },
      ],
      null,
    ],
    [
      'one that was read before the day before',
      [
        { dt: FIRST, rows: things(2) },
        { dt: D2, rows: things(3), observedFrom: at(FIRST, '02:59') },
      ],
      [
        [
          'incomplete',
          '2026-11-02 was read at 2026-11-01T02:59:00.000Z, not after 2026-11-01 (2026-11-01T03:00:00.000Z)',
        ],
      ],
    ],
    [
      'one that was read with the day before',
      [
        { dt: FIRST, rows: things(2) },
        { dt: D2, rows: things(3), observedFrom: at(FIRST) },
      ],
      [['incomplete', expect.stringContaining('not after 2026-11-01')]],
    ],
    [
      'one that was read after the day after',
      [
        { dt: D2, rows: things(2) },
        { dt: FIRST, rows: things(3), observedFrom: at(D2, '03:01') },
      ],
      [
        [
          'incomplete',
          '2026-11-01 was read at 2026-11-02T03:01:00.000Z, not before 2026-11-02 (2026-11-02T03:00:00.000Z)',
        ],
      ],
    ],
    [
      'one that was read with the day after',
      [
        { dt: D2, rows: things(2) },
        { dt: FIRST, rows: things(3), observedFrom: at(D2) },
      ],
      [['incomplete', expect.stringContaining('not before 2026-11-02')]],
    ],
    [
      'one that was read before a day that was withdrawn',
      [
        { dt: FIRST, rows: things(2) },
        { dt: D2, rows: things(2), isWithdrawn: true },
        { dt: D3, rows: things(3), observedFrom: at(D2) - 1 },
      ],
      null,
    ],
  ])('%s', async (_, nights, held) => expect(await heldOf(nights)).toEqual(held))
})

describe('a loss', () => {
  test.each<Case>([
    ['the first day of all', [{ dt: FIRST, rows: [] }], null],
    ['is held', pair(100, 40), [['guarded', '60 of 100 rows are gone, and 20 may go in one night']]],
    [
      'is looked for behind a day that was withdrawn',
      [
        { dt: FIRST, rows: things(100) },
        { dt: D2, rows: things(99), isWithdrawn: true },
        { dt: D3, rows: things(40) },
      ],
      [['guarded', '60 of 100 rows are gone, and 20 may go in one night']],
    ],
    [
      'of a column is held',
      [
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: things(60, { name: 0 }) },
      ],
      LOST(),
    ],
    [
      'of a column is none when that night did not send it',
      [
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: things(60, { name: 0 }), missing: ['name'] },
      ],
      null,
    ],
    [
      'of what no column names is none: a column for it may be declared',
      [
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: things(60, { extra: 0 }) },
      ],
      null,
    ],
    [
      'of all rows of a parent that was not read is none',
      [
        { dt: FIRST, rows: boxes(12, 'read') },
        { dt: D2, rows: boxes(12, 'not_read') },
      ],
      null,
    ],
    [
      'of parents is held',
      [
        { dt: FIRST, rows: boxes(30, 'read') },
        { dt: D2, rows: boxes(19, 'read') },
      ],
      [['guarded', expect.stringContaining('22 of 60 rows are gone')]],
    ],
    [
      'of parents whose rows stood is held',
      [
        { dt: FIRST, rows: boxes(30, 'forbidden') },
        { dt: D2, rows: boxes(19, 'forbidden') },
      ],
      [['guarded', '11 of 30 parents are gone, and 10 may go in one night']],
    ],
  ])('%s', async (_, nights, held) => {
    const isChain = nights[0]?.rows[0]?.['box_id'] !== undefined
    expect(await heldOf(nights, isChain ? LINKS : THINGS)).toEqual(held)
  })
})

/** Two nights of so many things. */
function pair(before: number, after: number): readonly Night[] {
  return [
    { dt: FIRST, rows: things(before) },
    { dt: D2, rows: things(after) },
  ]
}

/** So many boxes of which the same became. */
function boxes(count: number, verdict: ParentVerdict) {
  return links(Object.fromEntries(Array.from({ length: count }, (_, i) => [`b${i + 100}`, verdict])))
}

/** A night that did not send `name`. */
const without = (dt: string, count = 60): Night => ({
  dt,
  rows: things(count, { name: 0 }),
  missing: ['name'],
})

describe('a column that comes back', () => {
  const empty = (dt: string): Night => ({ dt, rows: things(60, { name: 0 }) })
  const full = (dt: string): Night => ({ dt, rows: things(60) })
  const one = (dt: string): Night => ({ dt, rows: things(60, { name: 1 }) })

  test.each<Case>([
    ['is held when it had values and has none', [full(FIRST), without(D2), empty(D3)], LOST()],
    ['is held after more such nights', [full(FIRST), without(D2), without(D3), empty(D4)], LOST()],
    ['passes with values', [full(FIRST), without(D2), one(D3)], null],
    ['counts by when it was known last', [full(FIRST), one(D2), without(D3), empty(D4)], null],
    ['is none when the night before knew it', [full(FIRST), one(D2), empty(D3)], null],
    [
      'is not looked for in a day that was withdrawn',
      [without(FIRST), { ...full(D2), isWithdrawn: true }, without(D3), empty(D4)],
      null,
    ],
    [
      'is looked for behind a day that was withdrawn',
      [full(FIRST), { ...full(D2), isWithdrawn: true }, without(D3), empty(D4)],
      LOST(),
    ],
    ['is not looked for in days after it', [without(FIRST), full(D3), empty(D2)], null],
    [
      'each by itself: one was known last on another day, with fewer values',
      [
        full(FIRST),
        { dt: D2, rows: things(60, { name: 0, size: 1 }), missing: ['name'] },
        { dt: D3, rows: things(60, { name: 0, size: 0 }), missing: ['name', 'size'] },
        { dt: D4, rows: things(60, { name: 0, size: 0 }) },
      ],
      LOST(),
    ],
  ])('%s', async (_, nights, held) => expect(await heldOf(nights)).toEqual(held))

  test.each([
    [31, LOST()],
    [32, null],
  ])('after %i nights', async (nights, held) => {
    const between = Array.from({ length: nights }, (_, i) => without(addDays(FIRST, i + 1)))
    expect(await heldOf([full(FIRST), ...between, empty(addDays(FIRST, nights + 1))])).toEqual(held)
  })

  test('is compared with the day that knew it, in that column, and with no other but the one before', async () => {
    const { world } = await lastOf([full(FIRST), without(D2), without(D3), without(D4), empty(D5)])
    expect(world.compared).toEqual([
      { direction: 'from', columns: ['id', 'size', 'tags', 'views'] },
      { direction: 'from', columns: ['name'] },
    ])
  })

  test('costs nothing when all columns are there: the manifests of older days are not read', async () => {
    const { world } = await lastOf([full(FIRST), full(D2), full(D3), full(D4)])
    const days = world.read.flatMap((key) => /^manifest\/.*dt=([\d-]+)/.exec(key)?.[1] ?? [])
    expect(new Set(days)).toEqual(new Set([D3, D4]))
  })
})

describe('a held day and the day after', () => {
  /** A day of 40 things between one of 100 and one of so many. */
  const between = (after: number): readonly Night[] => [
    { dt: FIRST, rows: things(100) },
    { dt: D2, rows: things(40) },
    { dt: D3, rows: things(after) },
  ]

  /** Lands all nights before the first load, in which the last may speak for the one before. */
  async function judgedTogether(nights: readonly Night[]): Promise<PlainWorld & { held: string[] }> {
    const world = plainWorld(THINGS)
    const [first, ...others] = nights
    if (first === undefined) throw new Error('no night')
    await world.night(first)
    for (const night of others.slice(1)) await world.lands(night)
    const { held } = await world.night(others[0] ?? first)
    return { ...world, held: held.map(({ dt }) => dt) }
  }

  test('agree in both directions: the loss is real', async () => {
    // The day after comes first, and is accepted by nobody: it is small as well.
    const world = plainWorld(THINGS)
    await world.night({ dt: D3, rows: things(40) })
    await world.night({ dt: FIRST, rows: things(100) })
    const { committed } = await world.night({ dt: D2, rows: things(45) })
    expect(committed).toEqual([{ dt: D2, version: 1 }])
    expect(world.compared.map(({ direction }) => direction)).toEqual(['from', 'to', 'from'])
    expect((await readManifest(world.store, placeOf(THINGS), { dt: D2, version: 1 })).note).toEqual({
      kind: 'agreed',
      reason: '55 of 100 rows are gone, and 20 may go in one night; 2026-11-03 agrees',
    })
  })

  test.each([
    ['the day after has those that were lost', 100],
    ['the day after has lost most of the rest', 10],
  ])('do not agree: %s', async (_, after) => {
    const world = plainWorld(THINGS)
    await world.night({ dt: D3, rows: things(after) })
    await world.night({ dt: FIRST, rows: things(100) })
    const { held } = await world.night({ dt: D2, rows: things(40) })
    expect(held.map(({ dt, verdict }) => [dt, verdict])).toEqual([[D2, 'guarded']])
  })

  test('do not agree before the day after is committed', async () => {
    expect((await judgedTogether(between(40))).held).toEqual([D2, D3])
    expect((await judgedTogether(between(99))).held).toEqual([D2])
  })
})

test('a day that passes has no note', async () => {
  const { world } = await lastOf(pair(100, 99))
  for (const dt of [FIRST, D2])
    expect((await readManifest(world.store, placeOf(THINGS), { dt, version: 1 })).note).toBeNull()
})
