import type { ObjectInfo, ObjectStore } from '../core/ports.ts'
import { type Answer, openReader, type Reader } from '../engine/reader.ts'
import { asksForNames, definition, type Relation, relationsIn } from '../tables/relation.ts'

/** Where the files of a warehouse are for the engine. */
export interface Shelf {
  readonly store: ObjectStore
  /** The folders the engine may read below. */
  readonly folders: readonly string[]
  /** The path of an object whose bytes have been verified. Throws `corrupt-object`. */
  file(info: ObjectInfo): Promise<string>
}

async function filesOf(shelf: Shelf, relation: Relation): Promise<string[]> {
  if (relation.objects === undefined) return []
  const { prefix, suffix } = relation.objects
  const infos = (await shelf.store.list(prefix)).filter(({ key }) => key.endsWith(suffix))
  return Promise.all(infos.map((info) => shelf.file(info)))
}

/** Defines what a statement needs. A relation whose rows it cannot mean, but whose name it may ask for, needs no objects. */
async function defineFor(
  reader: Reader,
  shelf: Shelf,
  relations: readonly Relation[],
  sql: string,
): Promise<void> {
  const named = relationsIn(sql, relations)
  for (const relation of asksForNames(sql, named) ? relations : named) {
    const files = named.includes(relation) ? await filesOf(shelf, relation) : []
    await reader.define(definition(relation, files))
  }
}

/**
 * Answers one SELECT over the published tables, or over the engine’s catalog, which then has all of them. Only the
 * objects that the statement may read are looked at, each verified first. The caller closes the reader when it has taken
 * the rows.
 */
export async function query(
  shelf: Shelf,
  relations: readonly Relation[],
  sql: string,
): Promise<{ answer: Answer; reader: Reader }> {
  const reader = await openReader(shelf.folders)
  try {
    await defineFor(reader, shelf, relations, sql)
    return { answer: await reader.select(sql), reader }
  } catch (error) {
    reader.close()
    throw error
  }
}
