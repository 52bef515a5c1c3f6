import type { Entity } from '../core/entity.ts'
import { literal, name, names } from '../engine/sql.ts'

/** Columns by which people call a thing, where an entity has them. */
const LABELS = ['name', 'full_name'] as const

const labelsOf = (entity: Entity): readonly string[] => LABELS.filter((label) => label in entity.columns)

const equals = (column: string, text: string): string => `lower(${name(column)}) = lower(${literal(text)})`

/**
 * The rows that a LUID or a name (in any case, of any day) means: site, key, the latest name, its first day, the day it
 * was gone, null while it is there, and the last day it was read, null when it is gone: all of it whatever it was called
 * in between. A LUID comes before a name that reads the same.
 */
export function rowsCalled(entity: Entity, text: string): string {
  const key = names(entity.key)
  const [label] = labelsOf(entity)
  const shown = label === undefined ? 'NULL::VARCHAR' : `arg_max(${name(label)}, valid_from)`
  const isKey = entity.key.map((column) => equals(column, text)).join(' OR ')
  const isCalled = labelsOf(entity).map((column) => equals(column, text))
  // A row of a parent that was not read on the last complete day is as old as its parent's reading.
  const read = entity.read.shape === 'children' ? 'observed_on' : 'as_of'
  return `SELECT site, ${key}, ${shown} AS name, min(valid_from) AS first_day,
      CASE WHEN count(*) FILTER (WHERE valid_to IS NULL) > 0 THEN NULL ELSE max(valid_to) END AS gone_on,
      max(read_on) AS there_on
    FROM ${name(`${entity.name}_history`)}
    LEFT JOIN (SELECT site, ${key}, ${read} AS read_on FROM ${name(entity.name)}) USING (site, ${key})
    GROUP BY site, ${key} HAVING bool_or(${[isKey, ...isCalled].join(' OR ')})
    QUALIFY bool_or(${isKey}) OVER () = (${isKey}) ORDER BY site, name, first_day, ${key}`
}

/** What happened to some rows of an entity, in order: `rows` are their sites and keys as texts. */
export function changesOf(entity: Entity, rows: readonly (readonly string[])[]): string {
  const key = names(entity.key)
  const values = rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ')
  return `SELECT site, ${key}, changed_on, changed_after, kind, "column", old_value, new_value
    FROM ${name(`${entity.name}_changes`)} WHERE (site, ${key}) IN (${values})
    ORDER BY site, ${key}, changed_on, "column" NULLS FIRST, kind`
}
