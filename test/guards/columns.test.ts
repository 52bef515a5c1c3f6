import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Cell, Row } from '../../lib/core/column.ts'
import { addDays, type Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { shapeOf } from '../../lib/core/shape.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { figure, IS_FULL } from '../guarantees/proof.ts'
import { historyOf, LINKS } from '../load/toy.ts'
import { landRows, numbers, publishedOf, rowOf, SITE } from './rows.ts'

const SIZE = 60
const [FIRST, SECOND, THIRD] = ['2026-11-01', '2026-11-02', '2026-11-03'] as const

/** Every column that a list could lose: all but the key's, and but what Tableau sent and nobody declared. */
const losable = (entity: Entity): readonly string[] =>
  shapeOf(entity)
    .columns.map(({ name }) => name)
    .filter((name) => name !== 'raw_extra' && !entity.key.includes(name))

const typeOf = (entity: Entity, column: string): string =>
  shapeOf(entity).columns.find(({ name }) => name === column)?.type ?? ''

/** What Tableau sends where nothing is set. */
const EMPTY: Readonly<Record<string, Cell>> = { text: '', list: [] }

/** Column by column; where there are very many, the suite loses some in one night. */
function together(columns: readonly string[]): readonly (readonly string[])[] {
  const size = IS_FULL ? 1 : Math.ceil(columns.length / 4)
  return numbers(0, Math.ceil(columns.length / size)).map((i) => columns.slice(i * size, (i + 1) * size))
}

/** The registry's, and a per-parent toy, since the registry may have none with a column of its own. */
const STATES = [...ENTITIES.filter(({ kind }) => kind === 'state'), LINKS].filter(
  (entity) => losable(entity).length > 0,
)

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const counted = {
  columns: 0,
  'held when 50 values go': 0,
  'held when values become empty': 0,
  'passed when 49 go': 0,
  'passed when not sent': 0,
}
afterAll(() => figure('lost-columns', counted))

const loaded = (store: ObjectStore, entity: Entity, run = 'load') => load(store, engine, entity, SITE, run)

/** Lands a night in which each of these columns has values in the first so many rows, and every other in all. */
const landWith = (
  store: ObjectStore,
  entity: Entity,
  dt: Day,
  columns: readonly string[],
  values: number,
  missing: readonly string[] = [],
): Promise<void> => {
  const rows = numbers(0, SIZE).map((index) =>
    rowOf(entity, index, (column) => columns.includes(column) && index >= values),
  )
  return landRows(store, entity, dt, rows, { missing })
}

describe.each(STATES.map((each) => [each.name, each] as const))('%s', (_, entity) => {
  const columns = losable(entity)

  test('is held for each column that had values in 50 rows and has none', async () => {
    const store = memoryStore()
    await landWith(store, entity, FIRST, columns, 50)
    await loaded(store, entity)
    const reasons: Record<Day, string> = {}
    for (const [i, lost] of together(columns).entries()) {
      const dt = addDays(FIRST, i + 1)
      await landWith(store, entity, dt, lost, 0)
      reasons[dt] = `${lost.join(', ')} had values and has none now`
    }
    const before = await publishedOf(store, entity)
    const { committed, held } = await loaded(store, entity, 'second')
    expect(Object.fromEntries(held.map(({ dt, reason }) => [dt, reason]))).toEqual(reasons)
    expect([committed, new Set(held.map(({ verdict }) => verdict))]).toEqual([[], new Set(['guarded'])])
    expect(await publishedOf(store, entity)).toEqual(before)
    counted.columns += columns.length
    counted['held when 50 values go'] += columns.length
  })

  test('is held when values become empty texts and lists, which are none', async () => {
    const emptied = columns.filter((name) => EMPTY[typeOf(entity, name)] !== undefined)
    const emptyRow = (index: number): Row => ({
      ...rowOf(entity, index),
      ...Object.fromEntries(emptied.map((name) => [name, EMPTY[typeOf(entity, name)] ?? null])),
    })
    const store = memoryStore()
    await landWith(store, entity, FIRST, columns, 50)
    await landRows(store, entity, SECOND, numbers(0, SIZE).map(emptyRow))
    const { held } = await loaded(store, entity)
    expect(held.map(({ dt, reason }) => [dt, reason])).toEqual([
      [SECOND, `${emptied.join(', ')} had values and has none now`],
    ])
    const other = memoryStore()
    await landRows(other, entity, FIRST, numbers(0, SIZE).map(emptyRow))
    await landWith(other, entity, SECOND, emptied, 0)
    expect((await loaded(other, entity)).held).toEqual([])
    counted['held when values become empty'] += emptied.length
  })

  test('passes when 49 values go, and when one of 50 is left', async () => {
    const store = memoryStore()
    await landWith(store, entity, FIRST, columns, 49)
    await landWith(store, entity, SECOND, columns, 0)
    expect((await loaded(store, entity)).held).toEqual([])
    const other = memoryStore()
    await landWith(other, entity, FIRST, columns, 50)
    await landWith(other, entity, SECOND, columns, 1)
    expect((await loaded(other, entity)).held).toEqual([])
    counted['passed when 49 go'] += columns.length
  })

  test('passes when none of its columns was sent, and keeps what was known', async () => {
    const store = memoryStore()
    await landWith(store, entity, FIRST, columns, SIZE)
    await loaded(store, entity)
    const before = await historyOf(store, engine, entity)
    await landWith(store, entity, SECOND, columns, 0, columns)
    await landWith(store, entity, THIRD, columns, SIZE)
    expect((await loaded(store, entity)).held).toEqual([])
    expect(await historyOf(store, engine, entity)).toEqual(before)
    counted['passed when not sent'] += columns.length
  })

  test('is held when a column comes back empty after nights that did not send it', async () => {
    const store = memoryStore()
    await landWith(store, entity, FIRST, columns, SIZE)
    for (const i of [1, 2]) await landWith(store, entity, addDays(FIRST, i), columns, 0, columns)
    await loaded(store, entity)
    const before = await historyOf(store, engine, entity)
    await landWith(store, entity, addDays(FIRST, 3), columns, 0)
    const { held } = await loaded(store, entity, 'back')
    expect(held.map(({ reason }) => reason)).toEqual([`${columns.join(', ')} had values and has none now`])
    expect(await historyOf(store, engine, entity)).toEqual(before)
  })

  test('passes when a column is declared that the nights before did not know', async () => {
    const added = columns.at(-1) ?? ''
    const store = memoryStore()
    const then = {
      ...entity,
      columns: Object.fromEntries(Object.entries(entity.columns).filter(([name]) => name !== added)),
    }
    await landWith(store, then, FIRST, [], SIZE)
    await loaded(store, then)
    await landWith(store, entity, SECOND, [added], 0)
    expect((await loaded(store, entity)).held).toEqual([])
  })
})
