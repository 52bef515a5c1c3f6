import type { Entity } from '../core/entity.ts'
import { trackedColumns } from '../core/entity.ts'
import { literal, name, names, SQL_TYPE } from '../engine/sql.ts'
import type { Table, TableColumn } from './table.ts'

/** A relation of the table's columns and no rows: what a table is while nothing was published for it. */
export function emptyTable(table: Table): string {
  const columns = [...table.partitions, ...table.columns].map(
    ({ name: column, type }) => `NULL::${SQL_TYPE[type]} AS ${name(column)}`,
  )
  return `SELECT ${columns.join(', ')} WHERE false`
}

/**
 * A column of the path: the last folder of its name, since a warehouse may lie below others of such names. The engine
 * reads them too, from the whole path, puts them before columns of the file, and takes a site named `null` for none.
 */
const fromPath = ({ name: column, type }: TableColumn): string =>
  `CAST(regexp_extract(filename, ${literal(`(?s).*[/\\\\]${column}=([^/\\\\]+)[/\\\\]`)}, 1) AS ${SQL_TYPE[type]}) AS ${name(column)}`

/** The table over these files (paths or patterns). Columns are listed and read by name, so that old files without a new one serve. */
export function selectFrom(table: Table, files: readonly string[]): string {
  if (files.length === 0) return emptyTable(table)
  const columns = names([...table.partitions, ...table.columns].map((column) => column.name))
  const read = `read_parquet([${files.map(literal).join(', ')}], hive_partitioning = false, filename = true, union_by_name = true)`
  const shown = ['*', ...table.partitions.map(fromPath)].join(', ')
  return `SELECT ${columns} FROM (${emptyTable(table)} UNION ALL BY NAME SELECT ${shown} FROM ${read})`
}

/**
 * What changed and when, one row per changed column; new, returned and gone rows have one row without a column. What differs
 * in a row that returned has changed, too: since it was last seen, while nobody saw it.
 */
export function changesView(entity: Entity): string {
  const key = names(entity.key)
  const label = 'name' in entity.columns && !entity.key.includes('name') ? 'name' : undefined
  const shown = label === undefined ? key : `${key}, ${name(label)}`
  const pairs = trackedColumns(entity).map(
    (column) =>
      `{'column': ${literal(column)}, 'old': CAST(lag(${name(column)}) OVER w AS VARCHAR), 'new': CAST(${name(column)} AS VARCHAR),
        'isKnown': NOT coalesce(list_contains(lag(unknown) OVER w, ${literal(column)}), false) AND NOT coalesce(list_contains(unknown, ${literal(column)}), false)}`,
  )
  return `WITH versions AS (
      SELECT site, ${shown}, valid_from, valid_to, cause, changed_after, gone_after,
        CASE WHEN cause = 'returned' THEN lag(gone_after) OVER w ELSE changed_after END AS seen_before, [${pairs.join(', ')}] AS pairs
      FROM ${name(`${entity.name}_history`)} WINDOW w AS (PARTITION BY site, ${key} ORDER BY valid_from))
    SELECT site, ${shown}, valid_from AS changed_on, changed_after, cause AS kind, NULL::VARCHAR AS "column", NULL::VARCHAR AS old_value, NULL::VARCHAR AS new_value
    FROM versions WHERE cause IN ('new', 'returned')
    UNION ALL
    SELECT site, ${shown}, valid_from, seen_before, 'changed', pair.column, pair.old, pair.new
    FROM (SELECT * EXCLUDE (pairs), unnest(pairs) AS pair FROM versions WHERE cause IN ('changed', 'returned'))
    WHERE pair.isKnown AND pair.old IS DISTINCT FROM pair.new
    UNION ALL
    SELECT site, ${shown}, valid_to, gone_after, 'gone', NULL, NULL, NULL FROM versions WHERE gone_after IS NOT NULL`
}

/**
 * The rows as of a day: every site as of its own last complete day up to then. What is given for the day stands alone,
 * before the history and out of its sight: beside it, a column of the caller's would be taken for one of its own.
 */
export function atMacro(entity: Entity): string {
  const columns = names(['site', ...entity.key, ...trackedColumns(entity)])
  const history = name(`${entity.name}_history`)
  return `SELECT ${columns}, valid_from, cause FROM (SELECT CAST(day AS DATE) AS asked_on) AS asked CROSS JOIN ${history}
    WHERE valid_from <= asked_on AND (valid_to IS NULL OR valid_to > asked_on)`
}

/**
 * The order of the rows of one event that stands under several months, the one that counts first, as the fold of a month
 * has it: an event that ended before one that was given up as lost, before one that goes on; then the newest. SQL of DuckDB
 * and of Trino.
 */
export function eventOrder({ event }: Entity): string {
  const ended = event === undefined ? 'false' : `${name(event.endedColumn)} IS NOT NULL`
  const lost = Object.entries(event?.lost ?? {}).map(
    ([column, value]) => `${name(column)} = ${literal(String(value))}`,
  )
  const isLost = lost.length === 0 ? 'false' : lost.join(' AND ')
  return `CASE WHEN ${ended} THEN 2 WHEN ${isLost} THEN 1 ELSE 0 END DESC, observed_at DESC, month`
}

/** Events by id: two readings that differ on when one was created may have put it under two months. */
export const eventView = (entity: Entity, relation: string): string =>
  `SELECT * EXCLUDE (month) FROM (${relation}) QUALIFY row_number() OVER (PARTITION BY site, ${names(entity.key)} ORDER BY ${eventOrder(entity)}) = 1`
