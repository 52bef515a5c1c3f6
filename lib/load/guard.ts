import { PARENT_VERDICT, type Shape } from '../core/shape.ts'
import type { Session } from '../engine/engine.ts'
import { literal, name } from '../engine/sql.ts'

/** How one reading compares with another, in rows; columns by name. */
export interface Comparison {
  readonly before: number
  readonly after: number
  /** Keys of before that are not in after. */
  readonly deletions: number
  /** Columns with values in at least 50 rows before, and in none after. */
  readonly lostColumns: readonly string[]
}

const LEAST_DELETIONS = 10
const DELETED_SHARE = 0.2
const LEAST_VALUES = 50

/**
 * Why a reading is held although it is complete, or null when it passes: nothing where there was something,
 * more deletions than max(10, 20 %), a column that emptied. Thresholds: the fail-safes of DataHub (20 %) and of
 * Google's directory sync, measured here for false alarms.
 */
export function holdReason({ before, after, deletions, lostColumns }: Comparison): string | null {
  if (before > 0 && after === 0) return `0 rows where there were ${before}`
  const limit = Math.max(LEAST_DELETIONS, Math.floor(before * DELETED_SHARE))
  if (deletions > limit) return `${deletions} of ${before} rows are gone, and ${limit} may go in one night`
  if (lostColumns.length > 0) return `${lostColumns.join(', ')} had values and has none now`
  return null
}

/** Rows of a candidate that are facts: those of a per-parent one that are no parents. */
export const factsOf = (shape: Shape, file: string): string =>
  shape.parent === undefined
    ? `read_parquet(${literal(file)})`
    : `(SELECT * FROM read_parquet(${literal(file)}) WHERE ${PARENT_VERDICT} IS NULL)`

/**
 * Of a relation, the rows that the candidate in `file` decides on: all but those of a parent that it lists and has not
 * read. Rows of a parent that left its list count, since they would end: an emptied list of parents ends them all.
 */
export function decidedBy(shape: Shape, relation: string, file: string): string {
  if (shape.parent === undefined) return relation
  const parent = name(shape.parent)
  const stands = `SELECT ${parent} FROM read_parquet(${literal(file)}) WHERE ${PARENT_VERDICT} IN ('not_read', 'forbidden')`
  return `(SELECT * FROM ${relation} WHERE ${parent} NOT IN (${stands}))`
}

/** Compares two relations of the same entity; `columns` are those both know. */
export async function compareReadings(
  session: Session,
  shape: Shape,
  before: string,
  after: string,
  columns: readonly string[],
): Promise<Comparison> {
  const key = shape.key.map((each) => `b.${name(each)} = a.${name(each)}`).join(' AND ')
  const counts = (relation: string, side: number): string =>
    `SELECT ${side} AS side, count(*) AS rows${columns.map((column) => `, count(${name(column)}) AS ${name(column)}`).join('')} FROM ${relation}`
  const [had, has] = await session.rows(`${counts(before, 0)} UNION ALL ${counts(after, 1)} ORDER BY side`)
  const [gone] = await session.rows(
    `SELECT count(*) AS rows FROM ${before} b WHERE NOT EXISTS (SELECT 1 FROM ${after} a WHERE ${key})`,
  )
  return {
    before: Number(had?.['rows']),
    after: Number(has?.['rows']),
    deletions: Number(gone?.['rows']),
    lostColumns: columns.filter(
      (column) => Number(had?.[column]) >= LEAST_VALUES && Number(has?.[column]) === 0,
    ),
  }
}
