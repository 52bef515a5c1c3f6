import type { StoredColumn } from '../core/receipt.ts'
import { PARENT_VERDICT, type Shape } from '../core/shape.ts'
import { literal, name, SQL_TYPE } from '../engine/sql.ts'
import type { StagedFile } from '../load/transforms.ts'

/** A staged file as a relation. The engine is not to take folders above it, such as `dt=…`, for columns in place of its own. */
export const rowsOf = (file: StagedFile): string =>
  `read_parquet(${literal(file)}, hive_partitioning = false)`

/** A relation of no rows with these columns. */
export const emptyRelation = (columns: readonly StoredColumn[]): string =>
  `(SELECT ${columns.map((column) => `NULL::${SQL_TYPE[column.type]} AS ${name(column.name)}`).join(', ')} WHERE false)`

/** Several files of a landing as one relation; without files, an empty one of the same columns. */
export const partsRelation = (files: readonly StagedFile[], columns: readonly StoredColumn[]): string =>
  files.length > 0
    ? `read_parquet([${files.map(literal).join(', ')}], hive_partitioning = false, union_by_name = true)`
    : emptyRelation(columns)

/** Of a relation, the rows that are facts: those of a per-parent entity that are no parents. */
export const factsOf = (shape: Shape, relation: string): string =>
  shape.parent === undefined ? relation : `(SELECT * FROM ${relation} WHERE ${PARENT_VERDICT} IS NULL)`
