import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Cell, Row } from '../../lib/core/column.ts'
import { dayNumber } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { StoredColumn } from '../../lib/core/receipt.ts'
import { type PartColumn, partWriter } from '../../lib/extract/parquet.ts'
import { type Relation, relationsOf } from '../../lib/tables/relation.ts'
import { tablesOf } from '../../lib/tables/table.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import type { Version } from '../load/oracle.ts'
import type { Law } from './laws.ts'

/** The engine's side of a stage. */
export type Session = Awaited<ReturnType<Engine['session']>>

/** Writes a store's published objects below a folder of the session under their own keys, as a warehouse lies on disk. */
export async function unpack(
  session: Session,
  store: ObjectStore,
  prefix: string,
  suffix: string,
  as: string,
): Promise<readonly string[]> {
  const files: string[] = []
  for (const { key } of (await store.list(prefix)).filter((info) => info.key.endsWith(suffix))) {
    const file = join(dirname(session.scratch()), as, key)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, (await store.read(key))?.bytes ?? new Uint8Array())
    files.push(file)
  }
  return files
}

const create = ({ kind, name }: Relation, body: string): string =>
  kind === 'view'
    ? `CREATE OR REPLACE VIEW ${name} AS ${body}`
    : `CREATE OR REPLACE MACRO ${name}(day) AS TABLE ${body}`

/** Defines the published tables of an entity over what a store publishes, with the SQL that analysts get. `as` names its folder. */
export async function definePublished(
  session: Session,
  store: ObjectStore,
  entity: Entity,
  as: string,
  wanted: (relation: string) => boolean = () => true,
): Promise<void> {
  for (const relation of relationsOf([entity], []).filter(({ name }) => wanted(name) && !/^run/.test(name))) {
    const { objects } = relation
    const files =
      objects === undefined ? [] : await unpack(session, store, objects.prefix, objects.suffix, as)
    await session.run(create(relation, relation.body(files)))
  }
}

/** Puts rows of a test's own into a table. */
export async function tableOf(
  session: Session,
  name: string,
  columns: readonly PartColumn[],
  rows: readonly Row[],
): Promise<void> {
  const writer = partWriter(columns)
  writer.add(rows)
  const file = await session.stage(writer.finish())
  await session.run(`CREATE OR REPLACE TABLE ${name} AS SELECT * FROM read_parquet('${file}')`)
}

/** A plain value as a cell of a column. */
export const cellOf = (type: StoredColumn['type'], value: unknown): Cell => {
  if (value === null || value === undefined) return null
  if (type === 'date') return dayNumber(String(value))
  return type === 'integer' ? BigInt(Number(value)) : (value as Cell)
}

/** The nights that stand, each with its neighbours, and what it does not know. */
export async function stageDays(
  session: Session,
  days: readonly { readonly dt: string; readonly missing: readonly string[] }[],
): Promise<void> {
  await tableOf(
    session,
    'night',
    [
      { name: 'dt', type: 'date' },
      { name: 'missing', type: 'list' },
    ],
    days.map(({ dt, missing }) => ({ dt: dayNumber(dt), missing })),
  )
  await session.run(`CREATE OR REPLACE TABLE day AS
    SELECT *, lag(dt) OVER w AS before, lead(dt) OVER w AS after, row_number() OVER w AS nth FROM night WINDOW w AS (ORDER BY dt)`)
}

/**
 * Sets up what every history's laws ask: `history` with `version` over it, `rebuilt`, `straight`, `told`, `snapshot`,
 * `as_of` and `gap`; `day` is there already. Edits of `history` show in all views over it.
 */
export async function stageHistory(
  session: Session,
  entity: Entity,
  stores: { readonly store: ObjectStore; readonly rebuilt: ObjectStore; readonly straight: ObjectStore },
  told: readonly Version[],
): Promise<void> {
  const { name, key } = entity
  const isHistory = (relation: string): boolean => relation === `${name}_history`
  for (const other of ['rebuilt', 'straight'] as const) {
    await definePublished(session, stores[other], entity, other, isHistory)
    await session.run(`CREATE OR REPLACE TABLE ${other} AS FROM ${name}_history`)
  }
  await definePublished(session, stores.store, entity, 'published')
  await session.run(`CREATE OR REPLACE TABLE history AS FROM ${name}_history`)
  await session.run(`CREATE OR REPLACE VIEW ${name}_history AS FROM history`)
  await session.run(`CREATE OR REPLACE TABLE snapshot AS FROM ${name}_snapshots`)
  await session.run(`CREATE OR REPLACE VIEW version AS SELECT *, row_number() OVER w AS nth, lead(valid_from) OVER w AS next_from
    FROM history WINDOW w AS (PARTITION BY ${key.join(', ')} ORDER BY valid_from, valid_to NULLS LAST)`)
  const columns = (tablesOf(entity)[1]?.columns ?? []).map(({ name: column, type }) => ({
    name: column,
    type,
  }))
  await tableOf(
    session,
    'told',
    columns,
    told.map((version) => Object.fromEntries(columns.map((c) => [c.name, cellOf(c.type, version[c.name])]))),
  )
  await stageAsOf(session, name)
}

/** Every day of the calendar as the published tables show it, and the days among them that no reading stands for. */
async function stageAsOf(session: Session, table: string): Promise<void> {
  await session.run(`CREATE OR REPLACE TABLE gap AS SELECT c.dt, (SELECT max(dt) FROM day WHERE dt < c.dt) AS last
    FROM (SELECT unnest(generate_series(min(dt) - 1, max(dt) + 1, INTERVAL 1 DAY))::DATE AS dt FROM day) c ANTI JOIN day USING (dt)`)
  const days = await session.rows(
    "SELECT strftime(dt, '%Y-%m-%d') AS dt FROM (SELECT dt FROM day UNION ALL SELECT dt FROM gap)",
  )
  const none = { dt: '2000-01-01' }
  const asOf = [none, ...days].map(({ dt }) => `SELECT DATE '${dt}' AS dt, * FROM ${table}_at(DATE '${dt}')`)
  await session.run(`CREATE OR REPLACE VIEW as_of AS ${asOf.join(' UNION ALL ')}`)
}

/** A law that does not hold: how often, and the first rows that break it. */
export interface Broken {
  readonly law: string
  readonly times: number
  readonly rows: readonly unknown[]
}

const printed = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

/** Asks every law, and tells those that do not hold. */
export async function brokenLaws(session: Session, laws: readonly Law[]): Promise<readonly Broken[]> {
  const broken: Broken[] = []
  for (const { name, broken: sql } of laws) {
    const [count] = await session.rows(`SELECT count(*) AS times FROM (${sql})`)
    const times = Number(count?.['times'])
    if (times === 0) continue
    const rows = await session.rows(`SELECT * FROM (${sql}) ORDER BY ALL LIMIT 4`)
    broken.push({ law: name, times, rows: rows.map((row) => JSON.stringify(row, printed)) })
  }
  return broken
}

/** Plants each law's violation, one after the other, and tells the laws that did not speak. The tables are as before afterwards. */
export async function silentLaws(session: Session, laws: readonly Law[]): Promise<readonly string[]> {
  const silent: string[] = []
  for (const law of laws) {
    await session.run('BEGIN')
    await session.run(law.planted)
    if ((await brokenLaws(session, [law])).length === 0) silent.push(law.name)
    await session.run('ROLLBACK')
  }
  return silent
}
