import { AlmanacError, saidBy } from '../core/errors.ts'
import { type Answer, openReader, type Reader } from '../engine/reader.ts'
import { literal, name } from '../engine/sql.ts'
import { definition, type Relation } from '../tables/relation.ts'

/** What a database file is made of. */
export interface Export {
  /** The warehouse's folder, absolute. */
  readonly root: string
  /** The folders below it that the tables read, absolute. */
  readonly folders: readonly string[]
  readonly relations: readonly Relation[]
  /** The database file, absolute; made when it is not there. */
  readonly file: string
  /** Whether any object that a relation reads is there. */
  hasObjects(objects: { readonly prefix: string; readonly suffix: string }): Promise<boolean>
}

/** A path with nothing in it that a pattern of the engine would take for more than itself. */
const plainPath = (path: string): string => path.replace(/[*?[]/g, '[$&]')

/** The pattern of a relation's objects, absolute, so that the database serves from any folder. */
function patternOf(root: string, { prefix, suffix }: { prefix: string; suffix: string }): string {
  const last = suffix.startsWith('/') ? suffix : `/*${suffix}`
  return `${plainPath(root)}/${prefix}**${last}`
}

/**
 * A view of the columns that it has already, over files that are not there yet. It is empty while none is, and once there
 * is one, asking fails: what has rows by now must not read as if it had none. Each column fails too, since the engine may
 * look at a condition on a column first.
 */
function untilThere(relation: Relation, columns: Answer['columns'], pattern: string): string {
  const advice = ' was not there when this database was made: make it again with "almanac query --duckdb"'
  const refusal = `error(file || ${literal(advice)})`
  const cells = columns.map((column) => `${refusal}::${column.type} AS ${name(column.name)}`)
  return `CREATE OR REPLACE VIEW ${name(relation.name)} AS SELECT ${cells.join(', ')}
    FROM glob(${literal(pattern)}) WHERE ${refusal}::BOOLEAN`
}

/** Defines a relation over the files that match now, and match later. A pattern that nothing matches is an error in the engine. */
async function define(reader: Reader, { root, hasObjects }: Export, relation: Relation): Promise<void> {
  const { objects } = relation
  const pattern = objects === undefined ? undefined : patternOf(root, objects)
  const isThere = objects !== undefined && (await hasObjects(objects))
  await reader.define(definition(relation, pattern !== undefined && isThere ? [pattern] : []))
  if (pattern !== undefined && !isThere) {
    const { columns } = await reader.select(`SELECT * FROM ${name(relation.name)} LIMIT 0`)
    await reader.define(untilThere(relation, columns, pattern))
  }
  await reader.define(comment(relation))
}

const comment = (relation: Relation): string =>
  `COMMENT ON ${relation.kind === 'macro' ? 'MACRO TABLE' : 'VIEW'} ${name(relation.name)} IS ${literal(relation.doc)}`

/**
 * Leaves a DuckDB database file with the names that queries know, as views and macros over the warehouse's files: it
 * holds no data, so that it shows every later night too. A table of which no file is there yet is empty, and refuses to
 * answer once there is one. What else the file holds stays. Throws `store-failed` when it cannot be opened or written,
 * `usage` when it has a table of one of the names, `corrupt-object` when a published object is no Parquet.
 */
export async function exportDatabase(what: Export): Promise<void> {
  const { file, folders, relations } = what
  // The engine holds patterns, too, against the folders it may read, letter by letter.
  const readable = [...folders, ...folders.map(plainPath)]
  const reader = await openReader(readable, file).catch((cause: unknown) => {
    throw cause instanceof AlmanacError ? cause : unopened(file, cause)
  })
  try {
    for (const relation of relations) {
      try {
        await define(reader, what, relation)
      } catch (cause) {
        if (/Could not write file/.test(saidBy(cause))) throw cause
        if (/Existing object .* is of type/.test(saidBy(cause))) throw taken(file, relation, cause)
        throw new AlmanacError('corrupt-object', `${relation.name} cannot be defined: ${firstLine(cause)}`, {
          cause,
        })
      }
    }
    // What the engine writes when it closes the file may fail, and nobody would hear of it.
    await reader.define('CHECKPOINT')
  } catch (cause) {
    throw cause instanceof AlmanacError ? cause : unwritten(file, cause)
  } finally {
    reader.close()
  }
}

const unopened = (file: string, cause: unknown): AlmanacError =>
  new AlmanacError('store-failed', `the database ${file} cannot be opened: ${firstLine(cause)}`, {
    cause,
    next: 'Close the programs that have it open, or name a file of its own in a folder that can be written.',
  })

const taken = (file: string, { name: table }: Relation, cause: unknown): AlmanacError =>
  new AlmanacError('usage', `the database ${file} has something else that is called "${table}"`, {
    cause,
    next: 'Name a file of its own, or rename what is there: it stays as it is.',
  })

const unwritten = (file: string, cause: unknown): AlmanacError =>
  new AlmanacError('store-failed', `the database ${file} cannot be written: ${firstLine(cause)}`, {
    cause,
    next: 'See that there is free space, and export again: what is defined twice stays as it is.',
  })

const firstLine = (thrown: unknown): string => saidBy(thrown).split('\n')[0] ?? ''
