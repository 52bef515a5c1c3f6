import type { ColumnType } from '../core/column.ts'
import { type Entity, trackedColumns } from '../core/entity.ts'
import { literal, name, names } from '../engine/sql.ts'
import { eventOrder } from '../tables/views.ts'

const history = (entity: Entity): string => name(`${entity.name}_history`)

/** The column by which people call a row of the entity, where that is not its key already. */
export const labelOf = (entity: Entity): string | undefined =>
  'name' in entity.columns && !entity.key.includes('name') ? 'name' : undefined

/** A value as text, in the words of DuckDB: instants without zeros behind the second, lists in brackets. */
function asText(type: ColumnType | undefined, value: string): string {
  if (type === 'list') return `'[' || array_join(${value}, ', ') || ']'`
  const text = `CAST(${value} AS varchar)`
  return type === 'timestamp' ? `regexp_replace(${text}, '\\.0+$', '')` : text
}

const listed = (items: readonly string[]): string => `ARRAY[\n      ${items.join(',\n      ')}]`

/** Each version of each row beside the one before: the tracked columns as texts, and whether each differs. */
function versions(entity: Entity, shown: string): string {
  const tracked = trackedColumns(entity)
  const before = (column: string): string => `lag(${name(column)}) OVER w`
  const texts = (value: (column: string) => string): string =>
    listed(tracked.map((column) => asText(entity.columns[column]?.type, value(column))))
  // Compared as values: lists of different texts can read the same.
  const differs = tracked.map((column) => `${before(column)} IS DISTINCT FROM ${name(column)}`)
  const compared =
    tracked.length === 0
      ? ''
      : `,
    unknown, lag(unknown) OVER w AS unknown_before,
    CASE WHEN cause = 'returned' THEN lag(gone_after) OVER w ELSE changed_after END AS seen_before,
    ${texts(before)} AS old_values,
    ${texts(name)} AS new_values,
    ${listed(differs)} AS differs`
  return `SELECT site, ${shown}, valid_from, valid_to, cause, changed_after, gone_after${compared}
    FROM ${history(entity)} WINDOW w AS (PARTITION BY site, ${names(entity.key)} ORDER BY valid_from)`
}

/** One row for each column that changed, while a row was gone, too. A column that either version does not know tells nothing. */
function changedColumns(entity: Entity, shown: string): string {
  const tracked = trackedColumns(entity)
  if (tracked.length === 0) return ''
  const places = tracked.map((column, place) => `(${place + 1}, ${literal(column)})`)
  return `
UNION ALL
SELECT site, ${shown}, valid_from, seen_before, 'changed', "column", old_values[place], new_values[place]
FROM versions CROSS JOIN (VALUES ${places.join(', ')}) AS tracked (place, "column")
WHERE cause IN ('changed', 'returned') AND differs[place]
  AND NOT coalesce(contains(unknown, "column"), false) AND NOT coalesce(contains(unknown_before, "column"), false)`
}

const NO_TEXT = 'CAST(NULL AS varchar)'

/** What changed and when, one row per changed column; new, returned and gone rows have one row without a column. */
export function changesSql(entity: Entity): string {
  const label = labelOf(entity)
  const shown = names(label === undefined ? entity.key : [...entity.key, label])
  return `WITH versions AS (
    ${versions(entity, shown)})
SELECT site, ${shown}, valid_from AS changed_on, changed_after, cause AS kind,
  ${NO_TEXT} AS "column", ${NO_TEXT} AS old_value, ${NO_TEXT} AS new_value
FROM versions WHERE cause IN ('new', 'returned')${changedColumns(entity, shown)}
UNION ALL
SELECT site, ${shown}, valid_to, gone_after, 'gone', ${NO_TEXT}, ${NO_TEXT}, ${NO_TEXT}
FROM versions WHERE gone_after IS NOT NULL`
}

/** Events by id, without the month: two readings may have put one under two months. */
export function eventSql(entity: Entity, months: string, columns: readonly string[]): string {
  return `SELECT ${names(columns)} FROM (
  SELECT ${names(columns)}, row_number() OVER (PARTITION BY site, ${names(entity.key)} ORDER BY ${eventOrder(entity)}) AS nth FROM ${name(months)})
WHERE nth = 1`
}

/** The rows as of a day, which is any expression of a date: every site as of its own last complete day up to then. */
export function asOfSql(entity: Entity, day: string): string {
  const columns = names(['site', ...entity.key, ...trackedColumns(entity)])
  return `SELECT ${columns}, valid_from, cause FROM ${history(entity)} CROSS JOIN (SELECT ${day} AS asked_on) AS asked
WHERE valid_from <= asked_on AND (valid_to IS NULL OR valid_to > asked_on)`
}
