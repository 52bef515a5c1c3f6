import { existsSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue, StatementType } from '@duckdb/node-api'
import { AlmanacError, saidBy } from '../core/errors.ts'
import { holdToTables, sourcesOf } from './calls.ts'
import { lockDown } from './database.ts'
import { inTemporary, isUnwritten, temporaryRefused } from './temporary.ts'

/** An answer to a statement: what it reads from, its columns, and its rows chunk by chunk. */
export interface Answer {
  /** Tables, views and table functions, as the statement names them. */
  readonly from: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly chunks: AsyncIterable<readonly (readonly DuckDBValue[])[]>
}

/** The engine as analysts get it: tables over the given folders, and neither files nor writes. */
export interface Reader {
  /** Runs a statement of our own: views and macros. */
  define(sql: string): Promise<void>
  /** Runs one SELECT of the user's. Throws `bad-sql` or `sql-not-read-only`. */
  select(sql: string): Promise<Answer>
  close(): void
}

/**
 * Prepares the one statement of a text and holds it to what the engine itself types as SELECT: that covers DESCRIBE,
 * SHOW, SUMMARIZE, FROM and VALUES. EXPLAIN is its own type and refused, since EXPLAIN ANALYZE runs what it explains.
 */
async function prepareSelect(connection: DuckDBConnection, sql: string) {
  // The engine would read up to the NUL, and not what stands behind it.
  if (sql.includes('\0')) throw new AlmanacError('bad-sql', 'the statement holds a NUL character')
  const sources = await sourcesOf(connection, sql)
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1)
    throw new AlmanacError('bad-sql', `one statement is expected, and there are ${statements.count}`)
  if (sources === undefined) throw new AlmanacError('bad-sql', 'this is no statement that can be taken apart')
  await holdToTables(connection, sources)
  const prepared = await statements.prepare(0)
  if (prepared.statementType === StatementType.SELECT)
    return { prepared, from: [...sources.tables, ...sources.calls] }
  const kind = StatementType[prepared.statementType] ?? 'unknown'
  prepared.destroySync()
  throw new AlmanacError('sql-not-read-only', `this is a statement of type ${kind}`)
}

async function select(connection: DuckDBConnection, sql: string): Promise<Answer> {
  try {
    const { prepared, from } = await prepareSelect(connection, sql)
    const result = await prepared.stream()
    const types = result.columnTypes()
    const columns = result.deduplicatedColumnNames().map((name, i) => ({ name, type: String(types[i]) }))
    return { from, columns, chunks: rowsOf(result) }
  } catch (cause) {
    throw refusal(cause)
  }
}

/** The engine's refusal as an error of ours: what reaches outside the published tables is not read-only SQL over them. */
function refusal(cause: unknown): AlmanacError {
  if (cause instanceof AlmanacError) return cause
  const said = saidBy(cause)
  if (isUnwritten(said)) return temporaryRefused(cause)
  const [, unknown] =
    /^Invalid Input Error: (.* is not of format 1, the only one this version reads)/.exec(said) ?? []
  if (unknown !== undefined) return new AlmanacError('corrupt-object', unknown, { cause })
  return new AlmanacError(said.startsWith('Permission Error') ? 'sql-not-read-only' : 'bad-sql', said, {
    cause,
  })
}

async function* rowsOf(
  result: Awaited<ReturnType<DuckDBConnection['stream']>>,
): AsyncGenerator<readonly (readonly DuckDBValue[])[]> {
  try {
    for await (const rows of result.yieldRows()) yield rows
  } catch (cause) {
    throw refusal(cause)
  }
}

/** Opens a database file. One that the engine began and could not make is taken away: it would open no more. */
async function openFile(file: string, options: Readonly<Record<string, string>>): Promise<DuckDBInstance> {
  const wasThere = existsSync(file)
  try {
    return await DuckDBInstance.create(file, options)
  } catch (cause) {
    if (!wasThere) rmSync(file, { force: true })
    throw cause
  }
}

/**
 * Opens the engine for reading below these folders. `file` keeps what is defined in a database file; memory otherwise.
 * Throws `store-failed` where the system's temporary folder takes nothing.
 */
export async function openReader(folders: readonly string[], file = ':memory:'): Promise<Reader> {
  // Left alone, the engine takes .tmp in the current folder, and lets every statement read and write there.
  const temporary = await inTemporary(mkdtemp(join(tmpdir(), 'almanac-')))
  const instance = await openFile(file, { temp_directory: join(temporary, 'spill') }).catch(
    (cause: unknown) => {
      rmSync(temporary, { recursive: true, force: true })
      throw cause
    },
  )
  const connection = await instance.connect()
  await lockDown(connection, folders)
  return {
    define: async (sql) => {
      await connection.run(sql)
    },
    select: (sql) => select(connection, sql),
    close: () => {
      connection.disconnectSync()
      instance.closeSync()
      rmSync(temporary, { recursive: true, force: true })
    },
  }
}
