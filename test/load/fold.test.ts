import { describe, expect, test } from 'vitest'
import type { Entity } from '../../lib/core/entity.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays } from '../../lib/core/manifest.ts'
import { foldFingerprint, shapeOf } from '../../lib/core/shape.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import type { Desk } from '../../lib/load/desk.ts'
import { commonPrefix, findHistory, foldHistory, NOTHING } from '../../lib/load/history.ts'
import { plainBytes, plainRows } from '../simulation/plain-file.ts'
import { links, type PlainWorld, plainWorld, things } from './plain.ts'
import { LINKS, placeOf, THINGS } from './toy.ts'

const FIRST = '2026-11-01'
const [D2, D3, D4, D5, D6] = ['2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05', '2026-11-06'] as const
const HISTORY = keys.history(placeOf(THINGS))

test.each([
  ['nothing and nothing', [], [], 0],
  ['nothing and days', [], ['a1', 'b1'], 0],
  ['days and nothing', ['a1', 'b1'], [], 0],
  ['the same', ['a1', 'b2'], ['a1', 'b2'], 2],
  ['one more', ['a1', 'b1'], ['a1', 'b1', 'c1'], 2],
  ['one less', ['a1', 'b1', 'c1'], ['a1', 'b1'], 2],
  ['a late day', ['a1', 'c1'], ['a1', 'b1', 'c1'], 1],
  ['another version', ['a1', 'b1', 'c1'], ['a1', 'b2', 'c1'], 1],
  ['another first day', ['b1', 'c1'], ['a1', 'c1'], 0],
])('the days that two lists have in common: %s', (_, applied, days, common) => {
  const listed = (texts: readonly string[]) =>
    texts.map((text) => ({ dt: text.slice(0, 1), version: Number(text.slice(1)) }))
  expect(commonPrefix(listed(applied), listed(days))).toBe(common)
})

describe('the published history', () => {
  const shape = shapeOf(THINGS)
  const put = async (footer: Record<string, string>) => {
    const world = plainWorld(THINGS)
    await world.store.write(HISTORY, plainBytes([], footer), 'absent')
    const { etag } = (await world.store.head(HISTORY)) ?? {}
    return { found: await findHistory(await world.desk()), etag }
  }

  test('is none where there is none', async () => {
    const desk = await plainWorld(THINGS).desk()
    expect(await findHistory(desk)).toEqual({ etag: undefined, applied: [], file: undefined })
  })

  test('says which days it applied, and is staged', async () => {
    const world = plainWorld(THINGS)
    await world.night({ dt: FIRST, rows: things(2) })
    await world.night({ dt: D2, rows: things(3), isWithdrawn: true })
    const desk = await world.desk()
    const found = await findHistory(desk)
    const first = await desk.manifest({ dt: FIRST, version: 1 })
    expect(found.applied).toEqual([
      { dt: FIRST, version: 1, sha256: first.candidate, missing: [] },
      { dt: D2, version: 2, sha256: null, missing: [] },
    ])
    expect(found.etag).toBe((await world.store.head(HISTORY))?.etag)
    const rows = await plainRows(await desk.transforms.collect(found.file ?? ''))
    expect(rows.map((row) => row['id'])).toEqual(['t000', 't001'])
  })

  test.each<[string, Record<string, string>]>([
    ['was folded otherwise', { fold: 'another', applied: '[]' }],
    ['does not say how it was folded', { applied: '[]' }],
    ['does not say what it applied', { fold: foldFingerprint(shape) }],
  ])('counts as none when it %s, and is replaced', async (_, footer) => {
    const { found, etag } = await put(footer)
    expect(found).toEqual({ etag, applied: [], file: undefined })
  })

  test('counts as none when it is damaged, and is replaced', async () => {
    const { store, desk } = plainWorld(THINGS)
    await store.write(HISTORY, new Uint8Array(8), 'absent')
    const { etag } = (await store.head(HISTORY)) ?? {}
    expect(await findHistory(await desk())).toEqual({ etag, applied: [], file: undefined })
    const damaged: Desk = {
      ...(await desk()),
      store: { ...store, read: () => Promise.reject(new AlmanacError('corrupt-object', 'damaged')) },
    }
    expect(await findHistory(damaged)).toEqual({ etag, applied: [], file: undefined })
  })
})

const day = (dt: string, before: string | null, missing: readonly string[] = [], coverages = 0) => ({
  dt,
  before,
  missing,
  coverages,
})

/** Three nights in which one thing comes each, the second without sizes. */
async function threeNights(): Promise<PlainWorld> {
  const world = plainWorld(THINGS)
  await world.night({ dt: FIRST, rows: things(2) })
  await world.night({ dt: D2, rows: things(3, { size: 0 }), missing: ['size'] })
  await world.night({ dt: D3, rows: things(4) })
  return world
}

/** Folds what is published on to what is committed, and holds that a fold from nothing gives the same rows. */
async function foldedOn(world: PlainWorld, of: Entity = THINGS) {
  const desk = await world.desk()
  const days = await committedDays(world.store, placeOf(of))
  world.folded.length = 0
  const { file, changes } = await foldHistory(desk, await findHistory(desk), days)
  const bytes = await desk.transforms.collect(file)
  const anew = await foldHistory(desk, { etag: undefined, ...NOTHING }, days)
  const rows = await plainRows(bytes)
  expect(await plainRows(await desk.transforms.collect(anew.file))).toEqual(rows)
  const [on, all] = world.folded
  return { on, all, rows, changes: [...changes], anew: [...anew.changes] }
}

describe('folding', () => {
  const CHANGES = [
    [FIRST, { new: 2, changed: 0, gone: 0 }],
    [D2, { new: 1, changed: 0, gone: 0 }],
    [D3, { new: 1, changed: 0, gone: 0 }],
  ]
  const ALL = [day(FIRST, null), day(D2, FIRST, ['size']), day(D3, D2)]

  test('applies each night on top of what was published', async () => {
    const world = plainWorld(THINGS)
    await world.night({ dt: FIRST, rows: things(2) })
    expect(world.folded).toEqual([{ from: null, days: [day(FIRST, null)] }])
    await world.night({ dt: D2, rows: things(2) })
    expect(world.folded).toEqual([{ from: FIRST, days: [day(D2, FIRST)] }])
  })

  test('of what is folded already applies nothing', async () => {
    const { on, all, changes, anew } = await foldedOn(await threeNights())
    expect([on, all]).toEqual([
      { from: D3, days: [] },
      { from: null, days: ALL },
    ])
    expect([changes, anew]).toEqual([[], CHANGES])
  })

  test('goes back to the last common day for a late one', async () => {
    const world = plainWorld(THINGS)
    await world.night({ dt: FIRST, rows: things(2) })
    await world.night({ dt: D3, rows: things(4) })
    await world.night({ dt: D2, rows: things(3) })
    expect(world.folded).toEqual([{ from: FIRST, days: [day(D2, FIRST), day(D3, D2)] }])
    const { rows } = await foldedOn(world)
    expect(rows.map((row) => [row['id'], row['valid_from'], row['valid_to']])).toEqual([
      ['t000', FIRST, null],
      ['t001', FIRST, null],
      ['t002', D2, null],
      ['t003', D3, null],
    ])
  })

  test('goes back to the beginning for a first day that is late', async () => {
    const world = plainWorld(THINGS)
    await world.night({ dt: D2, rows: things(3) })
    await world.night({ dt: FIRST, rows: things(2) })
    expect(world.folded).toEqual([{ from: null, days: [day(FIRST, null), day(D2, FIRST)] }])
  })

  test('passes over a day that was withdrawn: the one after it follows the one before', async () => {
    const world = await threeNights()
    const facts = { dt: D2, run: 'withdraw', reason: 'test' }
    await withdrawDay(world.store, world.engine, THINGS, 'test', facts)
    expect(world.folded.at(-1)).toEqual({ from: FIRST, days: [day(D3, FIRST)] })
    await world.night({ dt: D4, rows: things(4) })
    expect(world.folded).toEqual([{ from: D3, days: [day(D4, D3)] }])
    const { all, anew } = await foldedOn(world)
    expect(all?.days).toEqual([day(FIRST, null), day(D3, FIRST), day(D4, D3)])
    expect(anew).toEqual([
      [FIRST, { new: 2, changed: 0, gone: 0 }],
      [D3, { new: 2, changed: 0, gone: 0 }],
      [D4, { new: 0, changed: 0, gone: 0 }],
    ])
  })

  test('goes on behind days that were withdrawn at the end, from the last that was not', async () => {
    const world = await threeNights()
    await withdrawDay(world.store, world.engine, THINGS, 'test', { dt: D3, run: 'withdraw', reason: 'test' })
    await world.night({ dt: D4, rows: things(3) })
    expect(world.folded).toEqual([{ from: D3, days: [day(D4, D2)] }])
  })

  test('takes a corrected day as it is now', async () => {
    const world = await threeNights()
    const { candidate } = await (await world.desk()).manifest({ dt: D3, version: 1 })
    await world.lands({ dt: D3, run: 'again', rows: things(5), observedFrom: Date.parse(`${D3}T04:00:00Z`) })
    const facts = { dt: D3, replaces: candidate ?? '', run: 'replace', reason: 'test' }
    const { changes } = await replaceDay(world.store, world.engine, THINGS, 'test', facts)
    expect(changes).toEqual({ new: 2, changed: 0, gone: 0 })
    expect(world.folded.at(-1)).toEqual({ from: D2, days: [day(D3, D2)] })
    const ids = (await foldedOn(world)).rows.map((row) => row['id'])
    expect(new Set(ids)).toEqual(new Set(things(5).map((row) => row['id'])))
  })

  test('of what was read parent by parent looks back to readings that knew a column, and no further', async () => {
    const world = plainWorld(LINKS)
    const rows = links({ a: 'read' })
    await world.night({ dt: FIRST, rows })
    await world.night({ dt: D2, rows: rows.map((row) => ({ ...row, role: null })), missing: ['role'] })
    await world.night({ dt: D3, rows })
    expect(world.folded).toEqual([{ from: D2, days: [day(D3, D2, [], 2)] }])
    await world.night({ dt: D4, rows })
    expect(world.folded).toEqual([{ from: D3, days: [day(D4, D3, [], 1)] }])
  })

  test('of what was read parent by parent looks back from each reading that did not know a column, and not on nights without it', async () => {
    const world = plainWorld(LINKS)
    const roleless = (rows: ReturnType<typeof links>) => rows.map((row) => ({ ...row, role: null }))
    await world.night({ dt: FIRST, rows: links({ a: 'read', b: 'read' }) })
    await world.night({ dt: D2, rows: roleless(links({ a: 'read', b: 'read' })), missing: ['role'] })
    // Two boxes’ last readings are then of a day that did not know the column, and of one that did, later.
    await world.night({ dt: D3, rows: links({ a: 'read', b: 'not_read' }) })
    await world.night({ dt: D4, rows: links({ a: 'read', b: 'read' }) })
    expect(world.folded).toEqual([{ from: D3, days: [day(D4, D3, [], 2)] }])
    await world.night({ dt: D5, rows: roleless(links({ a: 'read', b: 'read' })), missing: ['role'] })
    await world.night({ dt: D6, rows: roleless(links({ a: 'read', b: 'read' })), missing: ['role'] })
    expect(world.folded).toEqual([{ from: D5, days: [day(D6, D5, ['role'], 1)] }])
  })

  test('of what was read parent by parent takes the folded day, and how old the day before was', async () => {
    const world = plainWorld(LINKS)
    await world.night({ dt: FIRST, rows: links({ a: 'read', b: 'read' }) })
    await world.night({ dt: D2, rows: links({ a: 'read', b: 'not_read' }) })
    await world.night({ dt: D3, rows: links({ a: 'read', b: 'read' }, 3) })
    const { all, rows } = await foldedOn(world, LINKS)
    expect(all?.days).toEqual([day(FIRST, null), day(D2, FIRST, [], 1), day(D3, D2, [], 1)])
    expect(
      rows.map((row) => [
        row['box_id'],
        row['thing_id'],
        row['role'],
        row['changed_after'],
        row['valid_from'],
        row['valid_to'],
      ]),
    ).toEqual([
      ['a', 't0', 'in', null, FIRST, null],
      ['a', 't1', 'in', null, FIRST, null],
      ['a', 't2', 'in', D2, D3, null],
      ['b', 't0', 'in', null, FIRST, null],
      ['b', 't1', 'in', null, FIRST, null],
      ['b', 't2', 'in', FIRST, D3, null],
    ])
  })
})
