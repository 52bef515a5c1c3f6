import type { StoredColumn } from '../core/receipt.ts'
import { PARENT_VERDICT, type Shape } from '../core/shape.ts'
import type { Session } from '../engine/database.ts'
import { name, names } from '../engine/sql.ts'
import { type Comparison, LEAST_VALUES, type ParentComparison } from '../load/guard.ts'
import type { Neighbours, StagedFile } from '../load/transforms.ts'
import { factsOf, rowsOf } from './relation.ts'

/**
 * Of a relation, the rows that the candidate in `file` decides on: all but those of a parent that it lists and has not
 * read. Rows of a parent that left its list count, since they would end: an emptied list of parents ends them all.
 */
function decidedBy(shape: Shape, relation: string, file: StagedFile): string {
  if (shape.parent === undefined) return relation
  const parent = name(shape.parent)
  const stands = `SELECT ${parent} FROM ${rowsOf(file)} WHERE ${PARENT_VERDICT} IN ('not_read', 'forbidden')`
  return `(SELECT * FROM ${relation} WHERE ${parent} NOT IN (${stands}))`
}

/** Compares a candidate with a committed neighbour, in the direction of time or against it. */
export async function compare(
  session: Session,
  shape: Shape,
  { candidate, neighbour, direction, columns, coverage }: Neighbours,
): Promise<Comparison> {
  const mine = factsOf(shape, rowsOf(candidate))
  const theirs = decidedBy(shape, rowsOf(neighbour), candidate)
  const [before, after] = direction === 'from' ? [theirs, mine] : [mine, theirs]
  const rows = await compareReadings(session, shape, before, after, columns)
  if (coverage === null || shape.parent === undefined) return rows
  const listed = `(SELECT ${name(shape.parent)} AS parent_id, ${PARENT_VERDICT} AS verdict FROM ${rowsOf(candidate)} WHERE ${PARENT_VERDICT} <> 'vanished')`
  const known = `(SELECT parent_id, verdict FROM ${rowsOf(coverage)})`
  const [was, is] = direction === 'from' ? [known, listed] : [listed, known]
  return { ...rows, parents: await compareParents(session, was, is) }
}

async function compareParents(session: Session, before: string, after: string): Promise<ParentComparison> {
  const [row] = await session.rows(
    `SELECT count(*) AS before, count(*) FILTER (WHERE parent_id NOT IN (SELECT parent_id FROM ${after})) AS gone,
       count(*) FILTER (WHERE verdict = 'read' AND parent_id IN (SELECT parent_id FROM ${after} WHERE verdict = 'forbidden')) AS refused
     FROM ${before}`,
  )
  return { before: Number(row?.['before']), gone: Number(row?.['gone']), refused: Number(row?.['refused']) }
}

/** The values of a column, counted: Tableau sends what is not set as an empty text, and untagged things with no tags. */
function valuesIn({ columns }: Shape, column: string): string {
  const type = columns.find((each) => each.name === column)?.type
  if (type === 'list') return `count(*) FILTER (WHERE len(${name(column)}) > 0)`
  return type === 'text' ? `count(nullif(${name(column)}, ''))` : `count(${name(column)})`
}

async function compareReadings(
  session: Session,
  shape: Shape,
  before: string,
  after: string,
  columns: readonly string[],
): Promise<Comparison> {
  const key = shape.key.map((each) => `b.${name(each)} = a.${name(each)}`).join(' AND ')
  const counts = (relation: string, side: number): string =>
    `SELECT ${side} AS side, count(*) AS rows${columns.map((column) => `, ${valuesIn(shape, column)} AS ${name(column)}`).join('')} FROM ${relation}`
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

/** How many rows are in one of two files and not in the other, as bags of rows over these columns. */
export async function differences(
  session: Session,
  a: StagedFile,
  b: StagedFile,
  columns: readonly StoredColumn[],
): Promise<number> {
  const list = names(columns.map((column) => column.name))
  const only = (one: StagedFile, other: StagedFile): string =>
    `(SELECT count(*) FROM (SELECT ${list} FROM ${rowsOf(one)} EXCEPT ALL SELECT ${list} FROM ${rowsOf(other)}))`
  const [row] = await session.rows(`SELECT ${only(a, b)} + ${only(b, a)} AS rows`)
  return Number(row?.['rows'])
}
