import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Cell, Row } from '../../lib/core/column.ts'
import { type Entity, trackedColumns } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { type Drift, rowReader } from '../../lib/core/row.ts'
import { candidateColumns, PARENT_VERDICT, shapeOf } from '../../lib/core/shape.ts'
import { isVersion } from '../../lib/core/version.ts'
import { ENTITIES, entityNamed, VIEWS } from '../../lib/entities/index.ts'
import { partWriter } from '../../lib/extract/parquet.ts'
import { load } from '../../lib/load/load.ts'
import { parsePage } from '../../lib/tableau/answer.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'

/** Every entity that is ever declared goes through all of this; a new one needs a fixture and nothing here. */
const EACH = ENTITIES.map((entity) => [entity.name, entity] as const)
const FIXTURES = new URL('../fixtures/entities/', import.meta.url)
const PARENT = '12345678-1111-4222-8333-000000000000'
/** What the fixtures say of a person besides ids. */
const PERSON = /ann\W?personal/i

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const shapeIn = ({ read }: Entity) => ({ list: read.shape === 'single' ? null : read.list, item: read.item })

/** The rows of an entity's fixture, as an extraction would land them. */
async function fixtureRows(entity: Entity, drift: Drift = new Map()): Promise<readonly Row[]> {
  const { items } = parsePage(await readFile(new URL(`${entity.name}.xml`, FIXTURES)), shapeIn(entity))
  const toRow = rowReader(entity, drift)
  const rows = items.map((item) => toRow(item, PARENT))
  // Rows made from this entity's declaration are rows of its type.
  return entity.complete === undefined ? rows : entity.complete(rows as never)
}

/** A cell as both readers and the writer's input can be compared. */
function comparable(value: unknown): unknown {
  if (value instanceof Date) return BigInt(value.getTime()) * 1000n
  if (Array.isArray(value)) return value.map(comparable)
  return value ?? null
}

const wanted = (entity: Entity, rows: readonly Row[]) =>
  rows.map((row) =>
    Object.fromEntries(
      shapeOf(entity).columns.map(({ name, type }) => {
        const cell: Cell = row[name] ?? null
        return [name, type === 'date' && typeof cell === 'number' ? BigInt(cell) * 86_400_000_000n : cell]
      }),
    ),
  )

const byKey = (entity: Entity) => (a: Record<string, unknown>, b: Record<string, unknown>) =>
  entity.key.map((name) => String(a[name])).join() < entity.key.map((name) => String(b[name])).join() ? -1 : 1

const rowsRead = (entity: Entity, rows: readonly Record<string, unknown>[]) =>
  rows
    .map((row) =>
      Object.fromEntries(shapeOf(entity).columns.map(({ name }) => [name, comparable(row[name])])),
    )
    .sort(byKey(entity))

async function readByHyparquet(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const copy = new Uint8Array(bytes)
  return parquetReadObjects({ file: copy.buffer, compressors })
}

async function readByEngine(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const session = await engine.session()
  try {
    const file = join(session.scratch())
    await writeFile(file, bytes)
    return [...(await session.rows(`SELECT * FROM read_parquet('${file}')`))].map((row) => ({ ...row }))
  } finally {
    await session.close()
  }
}

describe.each(EACH)('%s', (name, entity) => {
  test('is declared whole: names, docs, help, role, version', () => {
    expect(name).toMatch(/^[a-z][a-z_]*$/)
    expect(entity.doc).toMatch(/^[A-Z].*\.$/s)
    expect(new URL(entity.help).hostname).toBe('help.tableau.com')
    expect(new URL(entity.help).hash).toMatch(/^#[a-z_]+$/)
    expect(entity.role).toMatch(/^(SiteAdministratorExplorer|SiteAdministratorCreator|ServerAdministrator)$/)
    expect(isVersion(entity.read.since)).toBe(true)
    expect(entity.kind === 'event').toBe(entity.event !== undefined)
    for (const [column, { doc }] of Object.entries(entity.columns)) {
      expect(column).toMatch(/^[a-z][a-z0-9_]*$/)
      expect(doc.length, `${name}.${column}`).toBeGreaterThan(1)
    }
  })

  test('has a key that is required, first and not volatile, and columns that make history', () => {
    expect(entity.key.length).toBeGreaterThan(0)
    expect(Object.keys(entity.columns).slice(0, entity.key.length)).toEqual([...entity.key])
    for (const column of entity.key)
      expect(entity.columns[column]).toMatchObject({ isRequired: true, isVolatile: false })
    const tracked = trackedColumns(entity)
    expect(tracked).not.toContain('raw_extra')
    if (entity.read.shape !== 'children') expect(tracked.length).toBeGreaterThan(0)
  })

  test('takes every column from a place of its own, and drops none of them', () => {
    const sources = Object.values(entity.columns).flatMap(({ from }) => from ?? [])
    expect(sources.filter((source, i) => sources.indexOf(source) !== i)).toEqual([])
    expect(new Set(entity.drop).size).toBe(entity.drop.length)
    expect(entity.drop.filter((path) => sources.includes(path))).toEqual([])
    for (const path of [...sources, ...entity.drop])
      expect(path).toMatch(/^(\{parent\}|(?:[a-z]\w*\/)*(?:@[a-zA-Z]\w*|text\(\)))$/)
  })

  test('computes what no attribute says', () => {
    const computedColumns = Object.entries(entity.columns).filter(
      ([column, { from }]) => from === undefined && column !== 'raw_extra',
    )
    if (computedColumns.length > 0) expect(entity.complete ?? entity.event?.settle).toBeDefined()
  })

  test('keeps people’s names and addresses only where they belong', () => {
    if (name === 'users') return
    expect(Object.values(entity.columns).filter(({ isPersonal }) => isPersonal)).toEqual([])
  })

  test('its fixture parses to rows, every column filled at least once', async () => {
    const drift: Drift = new Map()
    const rows = await fixtureRows(entity, drift)
    const late =
      entity.event === undefined
        ? []
        : Object.keys(entity.columns).filter((column) => entity.columns[column]?.from === undefined)
    const isOfPersons = entity.read.item === 'user' && name !== 'users'
    const never = Object.keys(entity.columns).filter((column) =>
      rows.every((row) => row[column] === null || row[column] === undefined),
    )
    expect(never).toEqual(isOfPersons ? ['raw_extra'] : late.filter((column) => column !== 'raw_extra'))
    expect(Object.fromEntries(drift)).toEqual({ '@attributeOfTomorrow': 1 })
    for (const row of rows)
      for (const [column, { isRequired }] of Object.entries(entity.columns))
        if (isRequired) expect(row[column]).not.toBeNull()
    if (name !== 'users')
      expect(
        JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      ).not.toMatch(PERSON)
  })

  test('its rows come back from a landing part by the engine and by an independent reader', async () => {
    const rows = await fixtureRows(entity)
    const writer = partWriter(candidateColumns(shapeOf(entity)))
    writer.add(rows)
    const bytes = writer.finish()
    const expected = wanted(entity, rows).sort(byKey(entity))
    expect(rowsRead(entity, await readByEngine(bytes))).toEqual(expected)
    expect(rowsRead(entity, await readByHyparquet(bytes))).toEqual(expected)
  })

  test('its rows come back from what is published, read by an independent reader', async () => {
    const rows = await fixtureRows(entity)
    const store = memoryStore()
    const parents =
      entity.read.shape === 'children'
        ? [{ [entity.read.parentColumn]: PARENT, [PARENT_VERDICT]: 'read' }]
        : []
    await land(store, entity, '2026-11-24', [...parents, ...rows], { facts: rows.length })
    await load(store, engine, entity, 'test', 'run')
    const at = { entity: name, site: 'test' }
    const published =
      entity.kind === 'event'
        ? (await store.list(keys.events(at))).map(({ key }) => key)
        : [keys.snapshot(at, '2026-11-24')]
    const read = await Promise.all(
      published.map(async (key) => readByHyparquet((await store.read(key))?.bytes ?? new Uint8Array())),
    )
    expect(rowsRead(entity, read.flat())).toEqual(wanted(entity, rows).sort(byKey(entity)))
  })
})

describe('the registry', () => {
  test('holds each name once; no table has two meanings', () => {
    const names = relationsOf(ENTITIES, VIEWS).map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
    for (const entity of ENTITIES) expect(entityNamed(entity.name)).toBe(entity)
  })

  test('names what there is when something is asked for that is not', () => {
    const all = ENTITIES.map(({ name }) => name).join(', ')
    expect(() => entityNamed('workbook')).toThrow(
      expect.objectContaining({
        code: 'unknown-entity',
        exit: 2,
        message: `there is no entity "workbook"; there are ${all}`,
      }),
    )
  })

  test('lists parents before their children', () => {
    const order = ENTITIES.map(({ name }) => name)
    for (const { name, read } of ENTITIES)
      if (read.shape === 'children') expect(order.indexOf(read.parent.path)).toBeLessThan(order.indexOf(name))
  })

  test('names views over tables that exist, with a doc for each column', () => {
    const relations = relationsOf(ENTITIES, []).map(({ name }) => name)
    for (const { over, columns } of VIEWS) {
      expect(over.filter((name) => !relations.includes(name))).toEqual([])
      for (const [, doc] of Object.values(columns)) expect(doc.length).toBeGreaterThan(1)
    }
  })
})

test('a job asked for by its id is settled from what only that answer says', async () => {
  const jobs = entityNamed('jobs')
  const { items } = parsePage(await readFile(new URL('jobs.by-id.xml', FIXTURES)), {
    list: null,
    item: 'job',
  })
  const [item] = items
  const row: Row = { status: null, ended_at: 1n }
  expect(jobs.event?.settle(row, item ?? {})).toEqual({ status: 'Failed', ended_at: 1n, finish_code: 1n })
  expect(jobs.event?.settle({ status: null, ended_at: null }, item ?? {})).toMatchObject({
    status: null,
    finish_code: null,
  })
})
