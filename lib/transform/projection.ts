import type { StoredColumn } from '../core/receipt.ts'
import { name, SQL_TYPE } from '../engine/sql.ts'

/**
 * Columns as a select list over a file that holds `there`: those it has not, or has with another type, are null.
 * What a file holds is taken from its manifest, never from the file.
 */
export function projection(columns: readonly StoredColumn[], there: readonly StoredColumn[]): string {
  const has = (column: StoredColumn): boolean =>
    there.some((each) => each.name === column.name && each.type === column.type)
  return columns
    .map((column) =>
      has(column) ? name(column.name) : `NULL::${SQL_TYPE[column.type]} AS ${name(column.name)}`,
    )
    .join(', ')
}
