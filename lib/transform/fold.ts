import type { Day } from '../core/day.ts'
import { historyColumns } from '../core/published.ts'
import type { StoredColumn } from '../core/receipt.ts'
import type { Shape } from '../core/shape.ts'
import { literal, name, names, SQL_TYPE } from '../engine/sql.ts'
import type { FoldDay } from '../load/transforms.ts'
import { rowsOf } from './relation.ts'

/**
 * History is a fold over the committed days. Two tables carry it: `open` (one row a key that is there) and `closed`; what
 * was closed before stays in the published file, behind the view `closed_before`, since no day changes it.
 * These are the statements of the fold; `history.ts` beside it runs them.
 */

const dateOf = (day: Day | null): string => (day === null ? 'NULL::DATE' : `DATE ${literal(day)}`)

const sameKey = (shape: Shape, left: string, right: string): string =>
  shape.key.map((key) => `${left}.${name(key)} = ${right}.${name(key)}`).join(' AND ')

const emptyTable = (shape: Shape, table: 'open' | 'closed'): string => {
  const columns = historyColumns(shape).map((column) => `${name(column.name)} ${SQL_TYPE[column.type]}`)
  return `CREATE OR REPLACE TEMP TABLE ${table} (${columns.join(', ')})`
}

/** Empty tables, for a history that begins. */
export const emptyTables = (shape: Shape): readonly string[] => [
  emptyTable(shape, 'open'),
  emptyTable(shape, 'closed'),
  'CREATE OR REPLACE TEMP VIEW closed_before AS SELECT * FROM closed WHERE false',
]

/**
 * Takes a published history back to a day: rows opened later go, rows closed later are open again.
 */
export function cutBack(shape: Shape, historyFile: string, day: Day): readonly string[] {
  const columns = historyColumns(shape).map((column) => column.name)
  const kept = `FROM ${rowsOf(historyFile)} WHERE valid_from <= ${dateOf(day)}`
  const reopened = `* REPLACE (NULL::DATE AS valid_to, NULL::DATE AS gone_after)`
  const isClosed = `valid_to IS NOT NULL AND valid_to <= ${dateOf(day)}`
  return [
    emptyTable(shape, 'closed'),
    `CREATE OR REPLACE TEMP VIEW closed_before AS SELECT ${names(columns)} ${kept} AND ${isClosed}`,
    `CREATE OR REPLACE TEMP TABLE open AS SELECT ${reopened} FROM (SELECT ${names(columns)} ${kept} AND NOT (${isClosed}))`,
  ]
}

/** A day as the statements of the fold take it: with the columns that some open row does not know. */
export type KnownDay = Pick<FoldDay, 'dt' | 'before' | 'missing'> & {
  readonly unknownInOpen: readonly string[]
}

/** Whether an open row `o` does not know a column. */
const unknownIn = (column: string): string => `coalesce(list_contains(o.unknown, ${literal(column)}), false)`

/**
 * Whether a row of today differs from the open one, and whether it knows more. Below a parent that was not read today nothing
 * does: its rows are those of an older day, which knew other columns, and history has them since then.
 */
function changeTests(shape: Shape, day: KnownDay): { changed: string; appeared: string } {
  const available = shape.tracked.filter(({ name: column }) => !day.missing.includes(column))
  const differs = available.map(({ name: column }) => {
    const different = `o.${name(column)} IS DISTINCT FROM t.${name(column)}`
    return day.unknownInOpen.includes(column) ? `(NOT ${unknownIn(column)} AND ${different})` : different
  })
  const learned = available.filter(({ name: column }) => day.unknownInOpen.includes(column))
  const isRead = shape.parent === undefined ? '' : `t.observed_on = ${dateOf(day.dt)} AND `
  const or = (tests: readonly string[]): string =>
    tests.length === 0 ? 'false' : `${isRead}(${tests.join(' OR ')})`
  return { changed: or(differs), appeared: or(learned.map(({ name: column }) => unknownIn(column))) }
}

/**
 * The reading before this one, for a row of `side`: the day before; below a parent that the day before listed, when that
 * parent was last read, and nothing when it never was: nobody knows since when its rows are there.
 */
function readingBefore(shape: Shape, day: KnownDay, side: string): string {
  if (shape.parent === undefined) return dateOf(day.before)
  const ofParent = `FROM read_before WHERE parent_id = ${side}.${name(shape.parent)}`
  return `CASE WHEN EXISTS (SELECT 1 ${ofParent}) THEN (SELECT max(observed_on) ${ofParent}) ELSE ${dateOf(day.before)} END`
}

/** A column of the version that opens: today's value, or the last known one where today does not know it. */
const openingValue = (day: KnownDay, column: StoredColumn): string =>
  day.missing.includes(column.name)
    ? `o.${name(column.name)} AS ${name(column.name)}`
    : `t.${name(column.name)} AS ${name(column.name)}`

/** What the opening version does not know: of today's missing columns, those that the row before did not know either. */
function openingUnknown(day: KnownDay): string {
  if (day.missing.length === 0) return 'NULL::VARCHAR[] AS unknown'
  const missing = `[${[...day.missing].sort().map(literal).join(', ')}]`
  const kept = `list_filter(${missing}, lambda c: list_contains(o.unknown, c))`
  return `CASE WHEN o.valid_from IS NULL THEN ${missing} WHEN o.unknown IS NULL OR len(${kept}) = 0 THEN NULL ELSE ${kept} END AS unknown`
}

/** What applies a day: the table of what it changes, then what ends rows, where any ends, and what begins some. */
export interface DayStatements {
  readonly delta: string
  readonly ending: readonly string[]
  readonly beginning: string
}

/**
 * Applies one day. `today` holds its rows (key and tracked columns); for per-parent entities with the day on which each was
 * read, and `read_before` says when each parent was last read before it, and null of one that never was. A column that is missing today hides no change: rows are compared
 * with the last known value, column by column.
 */
export function applyDay(shape: Shape, day: KnownDay): DayStatements {
  const { changed, appeared } = changeTests(shape, day)
  const firstKey = name(shape.key[0] ?? '')
  const here = `t.${firstKey} IS NOT NULL`
  const there = `o.${firstKey} IS NOT NULL`
  const keyColumns = shape.key.map((key) => `coalesce(t.${name(key)}, o.${name(key)}) AS ${name(key)}`)
  const tracked = shape.tracked.map((column) => openingValue(day, column))
  const delta = `CREATE OR REPLACE TEMP TABLE delta AS
     SELECT ${[...keyColumns, ...tracked].join(', ')}, ${openingUnknown(day)}, ${here} AS is_here, ${there} AS was_there,
       ${there} AND ${here} AND (${changed}) AS is_changed
     FROM open o FULL JOIN today t ON ${sameKey(shape, 'o', 't')}
     WHERE NOT (${there}) OR NOT (${here}) OR (${changed}) OR (${appeared})`
  const ending = [
    `INSERT INTO closed BY NAME
     SELECT o.* REPLACE (${dateOf(day.dt)} AS valid_to,
       CASE WHEN d.is_here THEN NULL ELSE ${readingBefore(shape, day, 'o')} END AS gone_after)
     FROM open o JOIN delta d ON ${sameKey(shape, 'o', 'd')} WHERE d.was_there`,
    `DELETE FROM open o USING delta d WHERE ${sameKey(shape, 'o', 'd')}`,
  ]
  const beginning = `INSERT INTO open BY NAME
     SELECT d.* EXCLUDE (is_here, was_there, is_changed), ${dateOf(day.dt)} AS valid_from,
       CASE WHEN d.is_changed THEN 'changed' WHEN d.was_there THEN 'schema'
         WHEN EXISTS (SELECT 1 FROM closed c WHERE ${sameKey(shape, 'c', 'd')})
           OR EXISTS (SELECT 1 FROM closed_before c WHERE ${sameKey(shape, 'c', 'd')}) THEN 'returned' ELSE 'new' END AS cause,
       ${readingBefore(shape, day, 'd')} AS changed_after
     FROM delta d WHERE d.is_here`
  return { delta, ending, beginning }
}

/** What the delta of a day comes to, in keys, and in rows that end and begin. */
export const COUNT_DELTA = `SELECT count(*) FILTER (WHERE was_there) AS ending, count(*) FILTER (WHERE is_here) AS beginning,
  count(*) FILTER (WHERE NOT was_there) AS new, count(*) FILTER (WHERE is_changed) AS changed,
  count(*) FILTER (WHERE NOT is_here) AS gone FROM delta`

/** The columns that some open row does not know. */
export const UNKNOWN_IN_OPEN =
  'SELECT DISTINCT unnest(unknown) AS "column" FROM open WHERE unknown IS NOT NULL'

/** The whole history, in its canonical order. */
export const historyQuery = (shape: Shape): string => {
  const columns = names(historyColumns(shape).map((column) => column.name))
  const all =
    'SELECT * FROM closed_before UNION ALL BY NAME SELECT * FROM closed UNION ALL BY NAME SELECT * FROM open'
  return `SELECT ${columns} FROM (${all}) ORDER BY ${names(shape.key)}, valid_from`
}
