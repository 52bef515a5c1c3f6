import { type DuckDBConnection, listValue } from '@duckdb/node-api'
import { AlmanacError } from '../core/errors.ts'

/**
 * Table functions that do nothing but make rows: of what they are given, or of the engine's catalog. The engine has
 * others that open files, run a text as SQL, or switch its logs and profiles on, and all of them stand in a SELECT.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  'duckdb_columns',
  'duckdb_functions',
  'duckdb_keywords',
  'duckdb_tables',
  'duckdb_types',
  'duckdb_views',
  'generate_series',
  'histogram',
  'histogram_values',
  'json_each',
  'json_tree',
  'range',
  'repeat',
  'repeat_row',
  'unnest',
])

/** What no table of ours has in its name, and every path, pattern and address has. */
const PATH = /[/\\.:*]/

/** What a statement reads from. */
export interface Sources {
  /** Table functions, in lower case. */
  readonly calls: readonly string[]
  /** Tables, views and whatever else is named after FROM. */
  readonly tables: readonly string[]
}

const textAt = (node: object, name: string): string => {
  const value = Object.entries(node).find(([key]) => key === name)?.[1]
  return typeof value === 'string' ? value : ''
}

/** Finds the sources in a parsed statement, however deep they stand. */
function sourcesIn(tree: unknown): Sources {
  const calls: string[] = []
  const tables: string[] = []
  const left: unknown[] = [tree]
  while (left.length > 0) {
    const node = left.pop()
    if (typeof node !== 'object' || node === null) continue
    const kind = textAt(node, 'type')
    if (kind === 'TABLE_FUNCTION' && 'function' in node && typeof node.function === 'object')
      calls.push(textAt(node.function ?? {}, 'function_name').toLowerCase())
    if (kind === 'BASE_TABLE') tables.push(textAt(node, 'table_name'))
    left.push(...Object.values(node))
  }
  return { calls, tables }
}

const rowsOf = async (connection: DuckDBConnection, sql: string, ...parameters: string[]) =>
  (await connection.runAndReadAll(sql, parameters)).getRowsJson()

/**
 * What a text reads from, as the engine parses it; undefined when it is no SQL. Nothing is bound yet, which opens files.
 * Throws `sql-not-read-only` when it is SQL and no SELECT.
 */
export async function sourcesOf(connection: DuckDBConnection, sql: string): Promise<Sources | undefined> {
  const [[text] = []] = await rowsOf(connection, 'SELECT json_serialize_sql($1::VARCHAR)', sql)
  const tree: unknown = JSON.parse(String(text))
  if (typeof tree !== 'object' || tree === null) return undefined
  if (textAt(tree, 'error_type') === 'not implemented')
    throw new AlmanacError('sql-not-read-only', 'this is no SELECT')
  return 'error' in tree && tree.error === false ? sourcesIn(tree) : undefined
}

/** The engine's word for these functions: of its own, or a macro of ours. One that is not there is not in the answer. */
async function originsOf(
  connection: DuckDBConnection,
  calls: readonly string[],
): Promise<ReadonlyMap<unknown, unknown>> {
  // One statement for all of them: the engine makes its whole list of functions each time, which takes some 20 ms.
  const found = await connection.runAndReadAll(
    `SELECT lower(function_name), bool_or(internal) FROM duckdb_functions()
     WHERE list_contains($1::VARCHAR[], lower(function_name)) GROUP BY ALL`,
    [listValue([...calls])],
  )
  return new Map(found.getRowsJson().map(([name, isOfEngine]) => [name, isOfEngine]))
}

/** A function that is neither harmless nor a macro of ours; one that does not exist is a slip of the keyboard. */
function refuseCall(call: string, origins: ReadonlyMap<unknown, unknown>): void {
  if (!origins.has(call))
    throw new AlmanacError('bad-sql', `Table Function with name ${call} does not exist!`)
  if (origins.get(call) !== false)
    throw new AlmanacError('sql-not-read-only', `the table function "${call}" does more than make rows`)
}

/**
 * Holds a statement to the tables it may name, before the engine binds it: `enable_logging` was seen to end the process
 * while it was bound. Throws `sql-not-read-only` for a function that is not harmless, or a file in the place of a table;
 * `bad-sql` for a function that does not exist.
 */
export async function holdToTables(connection: DuckDBConnection, { calls, tables }: Sources): Promise<void> {
  const file = tables.find((table) => PATH.test(table))
  if (file !== undefined)
    throw new AlmanacError('sql-not-read-only', `"${file}" is a file or an address, and no table`)
  const others = [...new Set(calls)].filter((call) => !HARMLESS.has(call))
  if (others.length === 0) return
  const origins = await originsOf(connection, others)
  for (const call of others) refuseCall(call, origins)
}
