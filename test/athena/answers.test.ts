import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { namedQueries, preparedStatements } from '../../lib/athena/statements.ts'
import { storedTables } from '../../lib/athena/tables.ts'
import { athenaViews } from '../../lib/athena/views.ts'
import { AREAS, keys } from '../../lib/core/keys.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { examplesOf, RUN_EXAMPLES, UNKNOWN_EXAMPLE, viewExamples } from '../../lib/questions/examples.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { openEngine } from '../../lib/transform/engine.ts'
import { runNights } from '../docs/nights.ts'
import {
  type Answer,
  type Asked,
  engineType,
  folderOf,
  openCatalog,
  openLocal,
  REWRITTEN,
  unquoted,
} from './engines.ts'

const FIRST = '2026-10-29'
const RELATIONS = relationsOf(ENTITIES, VIEWS)
const TABLES = storedTables({ bucketName: 'almanac', sites: ['demo'], firstDay: FIRST }, ENTITIES)
const ATHENA_VIEWS = athenaViews(ENTITIES, VIEWS)

/** A run that ended before it read anything: its report has no outcomes. */
const FAILED: RunReport = {
  format: 1,
  site: 'demo',
  dt: FIRST,
  run: 'failed-at-once',
  server: null,
  apiVersion: null,
  startedAt: 1_793_232_000_123,
  endedAt: 1_793_232_001_000,
  outcomes: [],
  failure: { code: 'unreachable', message: 'nobody answered', next: 'Try again.' },
}

let root: string
let local: Asked
let athena: Asked

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'almanac-athena-'))
  const engine = await openEngine()
  const counts = { users: 120, groups: 12, projects: 15, workbooks: 200, views: 400, datasources: 60 }
  await runNights(root, engine, counts, FIRST, 5)
  await engine.close()
  await diskStore(root).write(keys.run('demo', FIRST, FAILED.run), jsonBytes(FAILED), 'absent')
  // What two readings can leave: every event under two months.
  const events = `${root}/event/entity=jobs/site=demo`
  await cp(`${events}/month=2026-10`, `${events}/month=2026-09`, { recursive: true })
  local = await openLocal(root, RELATIONS)
  athena = await openCatalog(root, TABLES, ATHENA_VIEWS)
}, 180_000)

afterAll(async () => {
  local?.close()
  athena?.close()
  await rm(root, { recursive: true, force: true })
})

const shown = RELATIONS.filter(({ kind }) => kind === 'view').map(({ name }) => name)
const asOf = preparedStatements(ENTITIES)

describe('the names', () => {
  test('of tables and views are those of almanac query, and beside them only what the views are over', () => {
    const all = [...TABLES, ...ATHENA_VIEWS].map(({ name }) => name)
    expect(all.filter((name) => shown.includes(name)).sort()).toEqual([...shown].sort())
    const events = ENTITIES.filter(({ kind }) => kind === 'event').map(({ name }) => `${name}_months`)
    expect(all.filter((name) => !shown.includes(name)).sort()).toEqual([...events, 'run_reports'].sort())
  })

  test('of prepared statements are those of the macros', () => {
    const macros = RELATIONS.filter(({ kind }) => kind === 'macro').map(({ name }) => name)
    expect(asOf.map(({ name }) => name).sort()).toEqual([...macros].sort())
  })
})

describe('a table of the catalog says what its objects hold', () => {
  const parquet = TABLES.filter(({ parameters }) => parameters['classification'] === 'parquet')
  test.each(parquet)('$name', async (table) => {
    const { columns } = await athena.ask(
      `SELECT * FROM read_parquet('${folderOf(root, table)}**/data.parquet', hive_partitioning = false, union_by_name = true) LIMIT 0`,
    )
    const said = table.storageDescriptor.columns.map(({ name, type }) => [name, engineType(type)])
    expect(said).toEqual(columns)
  })
})

describe('where tables look', () => {
  test('lies every published object, and nothing else', async () => {
    const places = TABLES.flatMap(({ parameters }) => parameters['storage.location.template'] ?? []).map(
      (template) =>
        new RegExp(
          `^${template.replace('s3://almanac/', '').replaceAll(/\$\{(\w+)\}/g, '(?<$1>[^/]+)')}[^/]+$`,
        ),
    )
    const published = Object.entries(AREAS).flatMap(([area, kind]) =>
      kind === 'derived' || area === 'runs' ? [area] : [],
    )
    for (const area of published) {
      const infos = await diskStore(root).list(`${area}/`)
      expect(infos.length).toBeGreaterThan(0)
      expect(
        infos.map(({ key }) => key).filter((key) => places.filter((place) => place.test(key)).length !== 1),
      ).toEqual([])
    }
  })
})

const LISTS = new Set(
  ENTITIES.flatMap(({ columns }) =>
    Object.entries(columns).flatMap(([name, { type }]) => (type === 'list' ? [name] : [])),
  ),
)

/** A row of a table of changes with its lists as Trino words them; any other row as it is. */
function listsUnquoted({ columns }: Answer): (row: string) => string {
  const place = columns.findIndex(([name]) => name === 'column')
  return (row) => {
    // The rows are JSON of our own making.
    const cells = JSON.parse(row) as readonly unknown[]
    if (!LISTS.has(String(cells[place]))) return row
    return JSON.stringify(cells.map((cell) => (typeof cell === 'string' ? unquoted(cell) : cell)))
  }
}

describe('the same columns and rows as almanac query', () => {
  test.each(shown)('%s', async (name) => {
    const wanted = await local.ask(`SELECT * FROM "${name}"`)
    const list = wanted.columns.map(([column]) => `"${column}"`).join(', ')
    const found = await athena.ask(`SELECT ${list} FROM "${name}"`)
    expect(found).toEqual({ ...wanted, rows: wanted.rows.map(listsUnquoted(wanted)).sort() })
    expect(found.rows.length).toBeGreaterThan(0)
  })

  test('in their order, but for the partitions of a stored table, which the catalog has last', async () => {
    for (const { name, partitionKeys } of TABLES.filter(({ name }) => shown.includes(name))) {
      const { columns } = await local.ask(`SELECT * FROM "${name}" LIMIT 0`)
      const keys = columns.slice(0, partitionKeys.length)
      expect((await athena.ask(`SELECT * FROM "${name}" LIMIT 0`)).columns).toEqual([
        ...columns.slice(partitionKeys.length),
        ...keys,
      ])
    }
  })

  test.each(ATHENA_VIEWS)('$name declares the columns that it has, in their order', async (view) => {
    const { columns } = await athena.ask(`SELECT * FROM "${view.name}" LIMIT 0`)
    const wanted = await local.ask(`SELECT * FROM "${view.name}" LIMIT 0`)
    expect(columns).toEqual(wanted.columns)
    expect(view.columns.map(({ name, type }) => [name, ENGINE_TYPE[type]])).toEqual(wanted.columns)
    expect(view.columns.filter(({ doc }) => doc === '')).toEqual([])
  })

  test.each(asOf)('$name', async ({ name, sql }) => {
    for (const day of ['2026-10-28', '2026-10-30', '2026-12-01']) {
      const found = await athena.ask(sql, [day])
      expect(found).toEqual(await local.ask(`SELECT * FROM "${name}"(DATE '${day}')`))
      expect(found.rows.length > 0).toBe(day > FIRST)
    }
  })
})

const ENGINE_TYPE = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
  list: 'VARCHAR[]',
} as const

describe('the questions have the answers that the dictionary’s have', () => {
  const original = [
    ...ENTITIES.flatMap(examplesOf),
    ...VIEWS.flatMap(({ name }) => viewExamples(name)),
    ...RUN_EXAMPLES,
    UNKNOWN_EXAMPLE,
  ]
  // Which of equal rows come under a limit is left to chance.
  const unlimited = (sql: string): string => sql.replace(/ LIMIT \d+$/, '')
  test.each(namedQueries(ENTITIES, VIEWS).map((query, i) => ({ ...query, as: original[i]?.sql ?? '' })))(
    '$name',
    async ({ sql, as }) => {
      expect(await athena.ask(unlimited(sql))).toEqual(await local.ask(unlimited(as)))
    },
  )
})

test.each([
  ['[\'"quoted"\', finance, q1]', '["quoted", finance, q1]'],
  ["[board, 'owner: unknown', q1]", '[board, owner: unknown, q1]'],
  ["['it\\'s']", "[it's]"],
  ['[a, b]', '[a, b]'],
  ['[]', '[]'],
])('a list of DuckDB as Trino words it: %s', (list, plain) => expect(unquoted(list)).toBe(plain))

describe('the examples of docs/athena.md answer', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/athena.md'), 'utf8')
  const examples = [...page.matchAll(/```sql\n([\s\S]*?)\n```/g)].map(([, sql = '']) => sql)
  test.each(examples.filter((sql) => !sql.startsWith('EXECUTE')))('%s', async (sql) => {
    const found = await athena.ask(sql)
    const wanted = await local.ask(sql)
    expect(found).toEqual({ ...wanted, rows: wanted.rows.map(listsUnquoted(wanted)).sort() })
    expect(found.rows.length).toBeGreaterThan(0)
  })
})

describe('what DuckDB cannot run', () => {
  test('is what is named, with its reason, and nothing else', async () => {
    const refused: string[] = []
    for (const { name, sql } of ATHENA_VIEWS) {
      await athena.ask(`SELECT * FROM (${sql}) LIMIT 0`).catch(() => refused.push(name))
    }
    expect(refused).toEqual(Object.keys(REWRITTEN))
    expect(refused).toEqual(['run_entities'])
  })

  test('a report of another format is refused, not misread', async () => {
    const sql = ATHENA_VIEWS.find(({ name }) => name === 'runs')?.sql ?? ''
    const later = sql.replace('FROM run_reports', 'FROM (SELECT * REPLACE (2 AS format) FROM run_reports)')
    await expect(athena.ask(later)).rejects.toThrow(/the report of run .* is not of format 1/)
  })
})
