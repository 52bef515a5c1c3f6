import type { Day } from '../core/day.ts'
import { type Entity, trackedColumns } from '../core/entity.ts'
import { literal, name, names } from '../engine/sql.ts'

const keyText = (entity: Entity, table: string): string =>
  entity.key.length === 1
    ? `${table}.${name(entity.key[0] ?? '')}`
    : `concat_ws('/', ${names(entity.key, table)})`

const asOf = (entity: Entity, day: Day): string =>
  `(SELECT * FROM ${name(`${entity.name}_history`)} WHERE valid_from <= DATE ${literal(day)} AND (valid_to IS NULL OR valid_to > DATE ${literal(day)}))`

const isUnknown = (table: string, column: string): string =>
  `coalesce(list_contains(${table}.unknown, ${literal(column)}), false)`

/** Each tracked column as its value before and after; the values of a column that either side does not know are left out. */
function pairs(entity: Entity): string {
  const each = trackedColumns(entity).map(
    (column) =>
      `{'column': ${literal(column)}, 'old': CAST(a.${name(column)} AS VARCHAR), 'new': CAST(b.${name(column)} AS VARCHAR),
        'isKnown': NOT ${isUnknown('a', column)} AND NOT ${isUnknown('b', column)}}`,
  )
  return `[${each.join(', ')}]`
}

/**
 * What a row came by that was not there on the first day: created, unless its first reading had none before it, so that
 * nobody knows since when it is there. That is so of a site’s first day, and below a parent that was never read before.
 */
function cameBy(entity: Entity, from: Day): string {
  const same = ['site', ...entity.key].map((key) => `v.${name(key)} = b.${name(key)}`).join(' AND ')
  return `CASE WHEN (SELECT arg_min(v.changed_after IS NULL, v.valid_from) FROM ${name(`${entity.name}_history`)} v
      WHERE ${same} AND v.valid_from > DATE ${literal(from)}) THEN 'first_read' ELSE 'created' END`
}

function entityDiff(entity: Entity, number: number, from: Day, to: Day): string {
  const same = ['site', ...entity.key].map((key) => `a.${name(key)} = b.${name(key)}`).join(' AND ')
  const label = (table: string): string => ('name' in entity.columns ? `${table}.name` : 'NULL::VARCHAR')
  const [a, b] = [`${asOf(entity, from)} a`, `${asOf(entity, to)} b`]
  const facts = (table: string): string =>
    `${number} AS number, ${table}.site AS site, ${literal(entity.name)} AS entity, ${keyText(entity, table)} AS id, ${label(table)} AS name`
  return `SELECT ${facts('b')}, ${cameBy(entity, from)} AS change, NULL::VARCHAR AS "column", NULL::VARCHAR AS old_value, NULL::VARCHAR AS new_value
      FROM ${b} ANTI JOIN ${a} ON ${same}
    UNION ALL
    SELECT ${facts('a')}, 'gone', NULL, NULL, NULL FROM ${a} ANTI JOIN ${b} ON ${same}
    UNION ALL
    SELECT * EXCLUDE (pair), pair.column, pair.old, pair.new FROM (
      SELECT ${facts('b')}, 'changed', unnest(${pairs(entity)}) AS pair FROM ${a} JOIN ${b} ON ${same})
    WHERE pair.isKnown AND pair.old IS DISTINCT FROM pair.new`
}

/**
 * What differs between two days: rows created, read for the first time and gone, and each column that changed, old and new.
 * Each site as of its own last complete days; what came and went in between does not show. State entities only: events do not change.
 */
export const diffOf = (entities: readonly Entity[], from: Day, to: Day): string =>
  `SELECT site, entity, change, id, name, "column", old_value, new_value
    FROM (${entities.map((entity, number) => entityDiff(entity, number, from, to)).join(' UNION ALL ')})
    ORDER BY site, number, list_position(['created', 'first_read', 'changed', 'gone'], change), name, id, "column"`
