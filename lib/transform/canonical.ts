import type { StoredColumn } from '../core/receipt.ts'
import { candidateColumns, PARENT_VERDICT, type Shape } from '../core/shape.ts'
import type { Session } from '../engine/database.ts'
import { name, names } from '../engine/sql.ts'
import type { StagedFile, Tally } from '../load/transforms.ts'
import { factsOf, partsRelation } from './relation.ts'
import { written } from './writing.ts'

/** Counts the facts of some files, their different keys, and those without one. */
export async function tally(session: Session, shape: Shape, files: readonly StagedFile[]): Promise<Tally> {
  const facts = factsOf(shape, partsRelation(files, candidateColumns(shape)))
  const [found] = await session.rows(
    `SELECT count(*) AS rows, count(DISTINCT (${names(shape.key)})) AS keys,
       count(*) FILTER (WHERE ${shape.key.map((each) => `${name(each)} IS NULL`).join(' OR ')}) AS keyless FROM ${facts}`,
  )
  return {
    rows: Number(found?.['rows']),
    keys: Number(found?.['keys']),
    keyless: Number(found?.['keyless']),
  }
}

/** Columns of some files as one, in canonical order: by key, and for per-parent entities the parents last. */
export function sorted(
  session: Session,
  shape: Shape,
  files: readonly StagedFile[],
  columns: readonly StoredColumn[],
  metadata: Readonly<Record<string, string>>,
): Promise<StagedFile> {
  const order = [...shape.key.map(name), ...(shape.parent === undefined ? [] : [PARENT_VERDICT])].join(', ')
  const list = names(columns.map((column) => column.name))
  return written(session, `SELECT ${list} FROM ${partsRelation(files, columns)} ORDER BY ${order}`, metadata)
}
