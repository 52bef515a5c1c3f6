import { type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api'
import type { GlueTable } from '../../lib/athena/glue.ts'
import { REPORT_COLUMNS } from '../../lib/athena/runs.ts'
import type { AthenaView } from '../../lib/athena/views.ts'
import { literal, name } from '../../lib/engine/sql.ts'
import { definition, type Relation } from '../../lib/tables/relation.ts'

/** What a statement answers: its columns with their types, and its rows as JSON, in no order. */
export interface Answer {
  readonly columns: readonly (readonly [name: string, type: string])[]
  readonly rows: readonly string[]
}

/** DuckDB with tables defined one way or the other. */
export interface Asked {
  run(sql: string): Promise<void>
  ask(sql: string, parameters?: readonly string[]): Promise<Answer>
  close(): void
}

/** The statements that DuckDB cannot run as they are: why, and what has to be written otherwise for it. */
export const REWRITTEN: Readonly<
  Record<string, { readonly why: string; readonly from: RegExp; readonly to: string }>
> = {
  run_entities: {
    why: 'UNNEST makes a column of each field of a row in Trino, and one column of rows in DuckDB',
    from: /CROSS JOIN UNNEST\(outcomes\)/,
    to: 'CROSS JOIN LATERAL (SELECT unnest(outcomes, recursive := true))',
  },
}

/** Functions of Trino that DuckDB has under another name. */
const SHIMS = ['CREATE MACRO array_join(list, separator) AS array_to_string(list, separator)']

/**
 * A list as text without the quotes that DuckDB puts around some items (`['a: b', c]`). Trino’s text has none, and is the
 * only answer that differs.
 */
export const unquoted = (list: string): string =>
  list.replaceAll(/(?<=\[|, )'((?:[^'\\]|\\.)*)'(?=, |\])/g, (_, item: string) =>
    item.replaceAll(/\\(.)/g, '$1'),
  )

const compared = (row: readonly Json[]): string => JSON.stringify(row)

async function open(): Promise<Asked> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection: DuckDBConnection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  return {
    run: async (sql) => {
      await connection.run(sql)
    },
    ask: async (sql, parameters = []) => {
      const reader = await connection.runAndReadAll(sql, [...parameters])
      const types = reader.columnTypes()
      return {
        columns: reader.columnNames().map((each, i) => [each, String(types[i])] as const),
        rows: reader.getRowsJson().map(compared).sort(),
      }
    },
    close: () => {
      connection.disconnectSync()
      instance.closeSync()
    },
  }
}

/** The engine with the names that `almanac query` knows, over a warehouse's folder. */
export async function openLocal(root: string, relations: readonly Relation[]): Promise<Asked> {
  const asked = await open()
  for (const relation of relations) {
    const { objects } = relation
    const pattern =
      objects === undefined
        ? []
        : [`${root}/${objects.prefix}**${objects.suffix.startsWith('/') ? '' : '/*'}${objects.suffix}`]
    await asked.run(definition(relation, pattern))
  }
  return asked
}

/** The engine's word for a type of Hive's. */
export function engineType(type: string): string {
  const list = /^array<(.*)>$/.exec(type)?.[1]
  if (list !== undefined) return `${engineType(list)}[]`
  const fields = /^struct<(.*)>$/.exec(type)?.[1]
  if (fields === undefined) return type === 'string' ? 'VARCHAR' : type.toUpperCase()
  const each = fields.split(',').map((field) => {
    const [field_name = '', of = ''] = field.split(':')
    return `${name(field_name)} ${engineType(of)}`
  })
  return `STRUCT(${each.join(', ')})`
}

/** The folder of a table below the warehouse's, from its own location. */
export const folderOf = (root: string, table: GlueTable): string =>
  (table.storageDescriptor.location ?? '').replace(/^s3:\/\/[^/]+\//, `${root}/`)

/** The objects of a table as a relation of the engine: what its columns and partitions in the catalog say, and no more. */
export function stored(root: string, table: GlueTable): string {
  const folder = folderOf(root, table)
  const partitions = table.partitionKeys.map((key) => `${literal(key.name)}: ${engineType(key.type)}`)
  const hive = `hive_partitioning = true, hive_types = {${partitions.join(', ')}}`
  const keys = table.partitionKeys.map((key) => name(key.name))
  if (table.parameters['classification'] === 'parquet') {
    const columns = [...table.storageDescriptor.columns.map((each) => name(each.name)), ...keys]
    return `SELECT ${columns.join(', ')} FROM read_parquet(${literal(`${folder}**/data.parquet`)}, ${hive}, union_by_name = true)`
  }
  const fields = REPORT_COLUMNS.map(({ field, type }) => `${literal(field)}: ${literal(engineType(type))}`)
  const columns = [...REPORT_COLUMNS.map((each) => `${each.field} AS ${each.name}`), ...keys]
  return `SELECT ${columns.join(', ')} FROM read_json(${literal(`${folder}**/*.json`)}, format = 'auto', ${hive}, columns = {${fields.join(', ')}, 'site': 'VARCHAR', 'dt': 'DATE'})`
}

/** The view's SQL for DuckDB: as it is, but for what `REWRITTEN` names. */
export function forDuckDb({ name: view, sql }: AthenaView): string {
  const rewriting = REWRITTEN[view]
  return rewriting === undefined ? sql : sql.replace(rewriting.from, rewriting.to)
}

/** The engine with the catalog's tables and views over the same folder: the text that Athena gets. */
export async function openCatalog(
  root: string,
  tables: readonly GlueTable[],
  views: readonly AthenaView[],
): Promise<Asked> {
  const asked = await open()
  for (const shim of SHIMS) await asked.run(shim)
  for (const table of tables) await asked.run(`CREATE VIEW ${name(table.name)} AS ${stored(root, table)}`)
  for (const view of views) await asked.run(`CREATE VIEW ${name(view.name)} AS ${forDuckDb(view)}`)
  return asked
}
