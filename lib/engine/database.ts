import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue, type JS } from '@duckdb/node-api'
import pLimit from 'p-limit'
import { AlmanacError, saidBy } from '../core/errors.ts'
import { inTemporary, isUnwritten, temporaryRefused } from './temporary.ts'

/** A row as the engine answers it: JavaScript values by column name. */
export type EngineRow = Readonly<Record<string, JS>>

/** A value that a statement takes by parameter. */
export type Parameter = DuckDBValue

/** One conversation with the engine: temporary tables live and die with it. */
export interface Session {
  /** A file of verified bytes in the staging folder; the engine sees no other files. */
  stage(bytes: Uint8Array): Promise<string>
  /** Where the engine may write a file. */
  scratch(): string
  /** The bytes of a file in the staging folder. */
  collect(path: string): Promise<Uint8Array>
  run(sql: string, parameters?: readonly Parameter[]): Promise<void>
  rows(sql: string, parameters?: readonly Parameter[]): Promise<readonly EngineRow[]>
  close(): Promise<void>
}

/** DuckDB for one process: no network, no extensions, no files but its own staging folder, configuration locked. */
export interface Database {
  session(): Promise<Session>
  close(): Promise<void>
}

/** Limits of the engine: memory in MB, threads. */
export interface DatabaseLimits {
  readonly memoryMb?: number
  readonly threads?: number
  /** How many sessions may be open at once; a further one waits for one to close. */
  readonly sessions?: number
}

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** Switches off everything that reaches outside the given folders, then locks the settings. */
export async function lockDown(connection: DuckDBConnection, folders: readonly string[]): Promise<void> {
  const list = folders.map((folder) => quoted(folder.endsWith('/') ? folder : `${folder}/`)).join(', ')
  await connection.run(`SET allowed_directories = [${list}]`)
  for (const setting of [
    "TimeZone = 'UTC'",
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    'allow_community_extensions = false',
    'enable_external_access = false',
    'lock_configuration = true',
  ]) {
    await connection.run(`SET ${setting}`)
  }
}

/** A statement that failed inside our own SQL is a defect, not the user's, unless it was the disk that refused. */
async function asDefect<T>(sql: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const said = saidBy(cause)
    if (isUnwritten(said)) throw temporaryRefused(cause)
    throw new AlmanacError('internal', `the engine refused a statement: ${said} (${sql.slice(0, 200)})`, {
      cause,
    })
  }
}

/** Undefined without parameters: a statement that is given any, none included, is prepared first, which plans it twice. */
const values = (parameters: readonly Parameter[] = []): DuckDBValue[] | undefined =>
  parameters.length === 0 ? undefined : [...parameters]

function sessionOn(connection: DuckDBConnection, folder: string, onClose: () => void): Session {
  const path = (): string => join(folder, `${randomBytes(8).toString('hex')}.parquet`)
  return {
    scratch: path,
    stage: async (bytes) => {
      const file = path()
      await inTemporary(writeFile(file, bytes))
      return file
    },
    collect: (file) => inTemporary(readFile(file)),
    run: async (sql, parameters) => {
      await asDefect(sql, () => connection.run(sql, values(parameters)))
    },
    rows: (sql, parameters) =>
      asDefect(sql, async () => (await connection.runAndReadAll(sql, values(parameters))).getRowObjectsJS()),
    close: async () => {
      connection.disconnectSync()
      await rm(folder, { recursive: true, force: true })
      onClose()
    },
  }
}

/** Opens the engine over a fresh staging folder in the system's temporary folder. Throws `store-failed` where that takes none. */
export async function openDatabase(limits: DatabaseLimits = {}): Promise<Database> {
  const staging = await inTemporary(mkdtemp(join(tmpdir(), 'almanac-')))
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads ?? 2),
    memory_limit: `${limits.memoryMb ?? 1024}MB`,
    temp_directory: join(staging, 'spill'),
  })
  const first = await instance.connect()
  await lockDown(first, [staging])
  let count = 0
  // More would not be faster on two cores, would need more memory, and the engine's calls would keep Node's file threads busy.
  const slots = pLimit(limits.sessions ?? 2)
  const open = async (onClose: () => void): Promise<Session> => {
    const folder = join(staging, String(count++))
    await inTemporary(mkdir(folder))
    return sessionOn(await instance.connect(), folder, onClose)
  }
  return {
    session: () =>
      new Promise((resolve, reject) => {
        void slots(() => new Promise<void>((free) => open(free).then(resolve, reject)))
      }),
    close: async () => {
      first.disconnectSync()
      instance.closeSync()
      await rm(staging, { recursive: true, force: true })
    },
  }
}
