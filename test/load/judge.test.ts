import { describe, expect, test } from 'vitest'
import { addDays } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays, readManifest } from '../../lib/core/manifest.ts'
import type { ParentVerdict } from '../../lib/core/shape.ts'
import { orderFault } from '../../lib/load/judge.ts'
import { heldCandidates, load } from '../../lib/load/load.ts'
import { land } from './land.ts'
import { links, type Night, plainWorld, things } from './plain.ts'
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

  test.each([
    ['a held day in order', undefined, null],
    [
      'one out of order',
      at(FIRST),
      expect.stringMatching(/^2026-11-02 was read at .*, not after 2026-11-01/),
    ],
  ])('is asked for by itself: %s', async (_, observedFrom, fault) => {
    const { world } = await lastOf([
      { dt: FIRST, rows: things(100) },
      { dt: D2, rows: things(40), ...(observedFrom === undefined ? {} : { observedFrom }) },
    ])
    const days = await committedDays(world.store, placeOf(THINGS))
    const [receipt] = await heldCandidates(world.store, placeOf(THINGS), days)
    expect(receipt && (await orderFault(await world.desk(), days, receipt))).toEqual(fault)
  })
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

  test('is not compared with a day before it was declared', async () => {
    const { size: _, ...columns } = THINGS.columns
    const then: Entity = { ...THINGS, columns }
    const world = plainWorld(THINGS)
    await land(world.store, then, FIRST, things(60))
    await load(world.store, world.engine, then, 'test', 'load')
    await world.night(empty(D2))
    expect(world.compared).toEqual([{ direction: 'from', columns: ['id', 'name', 'tags', 'views'] }])
  })

  test('costs nothing when all columns are there: the manifests of older days are not read', async () => {
    const { world } = await lastOf([full(FIRST), full(D2), full(D3), full(D4)])
    const days = world.read.flatMap((key) => /^manifest\/.*dt=([\d-]+)/.exec(key)?.[1] ?? [])
    expect(new Set(days)).toEqual(new Set([D3, D4]))
  })
})

describe('a held day and the day after', () => {
  /** The day after comes first, since the guard would hold it as well; then the one before, and the held one last. */
  const lateDay = (rows: number, after: number): readonly Night[] => [
    { dt: D3, rows: things(after) },
    { dt: FIRST, rows: things(100) },
    { dt: D2, rows: things(rows) },
  ]

  test('agree in both directions, and lack the same: the loss is real', async () => {
    const { world, committed } = await lastOf(lateDay(45, 40))
    expect(committed).toEqual([{ dt: D2, version: 1 }])
    expect(world.compared.map(({ direction }) => direction)).toEqual(['from', 'to', 'from', 'from'])
    expect((await readManifest(world.store, placeOf(THINGS), { dt: D2, version: 1 })).note).toEqual({
      kind: 'agreed',
      reason: '55 of 100 rows are gone, and 20 may go in one night; 2026-11-03 agrees',
    })
  })

  test.each([
    ['the day after has those that were lost', 100],
    ['the day after has lost most of the rest', 10],
  ])('do not agree: %s', async (_, after) => {
    expect(await heldOf(lateDay(40, after))).toEqual([
      ['guarded', '60 of 100 rows are gone, and 20 may go in one night'],
    ])
  })

  /** As things come, the held one before the one after it. */
  const heldOfThree = async (nights: readonly Night[], of: Entity = THINGS) => {
    const world = plainWorld(of)
    let held: readonly string[] = []
    for (const each of nights) held = (await world.night(each)).held.map(({ dt }) => dt)
    return held
  }
  const emptied = things(60, { name: 0 })

  test.each<[string, readonly Night[]]>([
    [
      'of which the second has back what went, few as it is',
      [
        { dt: FIRST, rows: things(30) },
        { dt: D2, rows: things(19) },
        { dt: D3, rows: things(29) },
      ],
    ],
    [
      'of which the second does not know the column that emptied',
      [
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: emptied },
        { dt: D3, rows: emptied, missing: ['name'] },
      ],
    ],
    [
      'of which the second has the column in too few rows to miss it',
      [
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: emptied },
        { dt: D3, rows: things(60, { name: 49 }) },
      ],
    ],
    [
      'of which the second has a column that emptied while nobody sent it',
      [
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: emptied, missing: ['name'] },
        { dt: D3, rows: emptied },
        { dt: D4, rows: things(60, { name: 1 }) },
      ],
    ],
  ])('do not agree: %s', async (_, nights) => {
    expect(await heldOfThree(nights)).toEqual([nights.at(-2)?.dt])
  })

  test.each<[string, readonly Night[]]>([
    [
      'one of two columns that emptied is back',
      [
        { dt: D3, rows: things(60, { name: 49, size: 0 }) },
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: things(60, { name: 0, size: 0 }) },
      ],
    ],
    [
      'what went stays away, and as much is there that nobody knew',
      [
        { dt: D3, rows: [...things(100).slice(0, 50), ...things(150).slice(100)] },
        { dt: FIRST, rows: things(100) },
        { dt: D2, rows: things(100).slice(0, 50) },
      ],
    ],
  ])('do not agree where the second was committed before: %s', async (_, nights) => {
    expect(await heldOfThree(nights)).toEqual([D2])
  })

  test.each<[string, readonly Night[]]>([
    [
      'a column that is empty in both',
      [
        { dt: D3, rows: emptied },
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: emptied },
      ],
    ],
    [
      'a column that emptied while nobody sent it, and stays empty',
      [
        { dt: D4, rows: emptied },
        { dt: FIRST, rows: things(60) },
        { dt: D2, rows: emptied, missing: ['name'] },
        { dt: D3, rows: emptied },
      ],
    ],
  ])('agree on %s', async (_, nights) => {
    expect(await heldOfThree(nights)).toEqual([])
  })

  test('whose parents are back do not agree', async () => {
    const boxes = (count: number) =>
      links(Object.fromEntries(Array.from({ length: count }, (_, i) => [`b${100 + i}`, 'read' as const])))
    const nights = [30, 19, 29].map((count, i) => ({ dt: addDays(FIRST, i), rows: boxes(count) }))
    expect(await heldOfThree(nights, LINKS)).toEqual([D2])
  })

  test.each<[string, readonly ParentVerdict[], readonly string[]]>([
    ['are read again', ['read', 'forbidden', 'read'], [D2]],
    ['stay refused, and are held themselves', ['read', 'forbidden', 'forbidden'], [D2, D3]],
  ])('whose parents were refused and %s do not agree', async (_, verdicts, held) => {
    const boxes = (verdict: ParentVerdict) =>
      links(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`b${100 + i}`, verdict])))
    const nights = verdicts.map((verdict, i) => ({ dt: addDays(FIRST, i), rows: boxes(verdict) }))
    expect(await heldOfThree(nights, LINKS)).toEqual(held)
  })

  test.each([
    ['that is held itself says nothing', 40, [D2, D3]],
    ['that has all rows says that they were not lost', 99, [D2]],
  ])('of which the second %s', async (_, after, days) => {
    const world = plainWorld(THINGS)
    await world.night({ dt: FIRST, rows: things(100) })
    await world.lands({ dt: D3, rows: things(after) })
    const { held } = await world.night({ dt: D2, rows: things(40) })
    expect(held.map(({ dt }) => dt)).toEqual(days)
  })
})

describe('the next committed day refutes what stays held', () => {
  const [whole, shrunken] = [things(100), things(40)]

  test.each<[string, readonly Night[], readonly (readonly [string, string | null])[]]>([
    ['none', [{ dt: D2, rows: shrunken }], [[D2, null]]],
    [
      'the nearest of two',
      [
        { dt: D2, rows: shrunken },
        { dt: D3, rows: whole },
        { dt: D4, rows: whole },
      ],
      [[D2, D3]],
    ],
    [
      'one that is held itself',
      [
        { dt: D2, rows: shrunken },
        { dt: D3, rows: shrunken },
      ],
      [
        [D2, null],
        [D3, null],
      ],
    ],
    [
      'one that was withdrawn',
      [
        { dt: D2, rows: shrunken },
        { dt: D3, rows: whole, isWithdrawn: true },
      ],
      [[D2, null]],
    ],
    [
      'one that was read before',
      [
        { dt: D3, rows: whole },
        { dt: D2, rows: whole, observedFrom: at(D4) },
      ],
      [[D2, D3]],
    ],
  ])('%s', async (_, nights, refuted) => {
    const world = plainWorld(THINGS)
    for (const night of [{ dt: FIRST, rows: whole }, ...nights]) await world.night(night)
    const { held } = await load(world.store, world.engine, THINGS, 'test', 'again')
    expect(held.map(({ dt, refutedBy }) => [dt, refutedBy])).toEqual(refuted)
  })

  test('but not a reading that is damaged: what it said is not known', async () => {
    const world = plainWorld(THINGS)
    await world.night({ dt: FIRST, rows: whole })
    const { held } = await world.night({ dt: D2, rows: shrunken })
    const key = keys.candidate(placeOf(THINGS), D2, held[0]?.candidate ?? '')
    const etag = (await world.store.head(key))?.etag ?? ''
    await world.store.write(key, Buffer.from('damaged'), { etag })
    const after = await world.night({ dt: D3, rows: whole })
    expect(after.held).toMatchObject([{ dt: D2, verdict: 'incomplete', refutedBy: null }])
  })
})

test('a day that passes has no note', async () => {
  const { world } = await lastOf(pair(100, 99))
  for (const dt of [FIRST, D2])
    expect((await readManifest(world.store, placeOf(THINGS), { dt, version: 1 })).note).toBeNull()
})
