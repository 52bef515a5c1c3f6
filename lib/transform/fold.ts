import type { Day } from '../core/day.ts'
import { historyColumns } from '../core/published.ts'
import type { StoredColumn } from '../core/receipt.ts'
import type { Shape } from '../core/shape.ts'
import { literal, name, names, SQL_TYPE } from '../engine/sql.ts'
import type { FoldDay, StandingDay } from '../load/transforms.ts'
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
export type KnownDay = Pick<FoldDay, 'dt' | 'earlier' | 'missing'> & {
  readonly unknownInOpen: readonly string[]
}

const dayBefore = ({ earlier }: KnownDay): Day | null => earlier.at(-1)?.dt ?? null

/** Whether an open row `o` does not know a column. */
const unknownIn = (column: string): string => `coalesce(list_contains(o.unknown, ${literal(column)}), false)`

/** Whether a row of today differs from the open one in a column that today knows. */
function differsIn(day: KnownDay, column: string): string {
  const different = `o.${name(column)} IS DISTINCT FROM t.${name(column)}`
  return day.unknownInOpen.includes(column) ? `(NOT ${unknownIn(column)} AND ${different})` : different
}

/**
 * Whether a row of today differs from the open one, and whether it knows more. Below a parent that was not read today nothing
 * does: its rows are those of an older day, which knew other columns, and history has them since then.
 */
function changeTests(shape: Shape, day: KnownDay): { changed: string; appeared: string } {
  const available = shape.tracked.filter(({ name: column }) => !day.missing.includes(column))
  const differs = available.map(({ name: column }) => differsIn(day, column))
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
  if (shape.parent === undefined) return dateOf(dayBefore(day))
  const ofParent = `FROM read_before WHERE parent_id = ${side}.${name(shape.parent)}`
  return `CASE WHEN EXISTS (SELECT 1 ${ofParent}) THEN (SELECT max(observed_on) ${ofParent}) ELSE ${dateOf(dayBefore(day))} END`
}

/** The columns that today knows and the reading before may not have known: those that some day does not know since when. */
function columnsInDoubt(shape: Shape, { earlier, missing }: KnownDay): readonly string[] {
  const since = shape.parent === undefined ? earlier.slice(-1) : earlier
  return shape.tracked
    .map(({ name: column }) => column)
    .filter((column) => !missing.includes(column) && since.some((day) => day.missing.includes(column)))
}

/** The last reading before this one that knew a column, of the row of a delta `d` that has changed in it. */
function lastKnown(shape: Shape, { earlier }: KnownDay, column: string): string {
  const knows = (day: StandingDay): boolean => !day.missing.includes(column)
  if (shape.parent === undefined) return dateOf(earlier.findLast(knows)?.dt ?? null)
  const lacking = earlier.filter((day) => !knows(day)).map(({ dt }) => dateOf(dt))
  return `(SELECT max(observed_on) FROM read_earlier WHERE parent_id = d.${name(shape.parent)} AND observed_on NOT IN (${lacking.join(', ')}))`
}

/**
 * The day after which the version of a delta `d` began: the reading before. What changed in a column that that reading did
 * not know may have changed since the last one that did; of several such columns the earliest counts.
 */
function changedAfter(shape: Shape, day: KnownDay): string {
  const before = readingBefore(shape, day, 'd')
  const doubtful = columnsInDoubt(shape, day).map(
    (column) =>
      `CASE WHEN list_contains(d.in_doubt, ${literal(column)}) THEN ${lastKnown(shape, day, column)} END`,
  )
  // least() passes over what is null.
  return doubtful.length === 0 ? before : `least(${[before, ...doubtful].join(', ')})`
}

/** The columns in doubt in which a row that was there differs. */
function differingInDoubt(shape: Shape, day: KnownDay): string {
  const differing = columnsInDoubt(shape, day).map(
    (column) =>
      `CASE WHEN o.valid_from IS NOT NULL AND ${differsIn(day, column)} THEN ${literal(column)} END`,
  )
  return `[${differing.join(', ')}]::VARCHAR[] AS in_doubt`
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
 * read; `read_before` says when each parent was last read before it, null of one that never was, and `read_earlier` also
 * tells earlier readings. A column that is missing today hides no change: rows are compared with the last known value,
 * column by column.
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
       ${there} AND ${here} AND (${changed}) AS is_changed, ${differingInDoubt(shape, day)}
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
     SELECT d.* EXCLUDE (is_here, was_there, is_changed, in_doubt), ${dateOf(day.dt)} AS valid_from,
       CASE WHEN d.is_changed THEN 'changed' WHEN d.was_there THEN 'schema'
         WHEN EXISTS (SELECT 1 FROM closed c WHERE ${sameKey(shape, 'c', 'd')})
           OR EXISTS (SELECT 1 FROM closed_before c WHERE ${sameKey(shape, 'c', 'd')}) THEN 'returned' ELSE 'new' END AS cause,
       ${changedAfter(shape, day)} AS changed_after
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
