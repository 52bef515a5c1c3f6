import type { ColumnType } from './column.ts'

/** A table that is nothing but SQL over published ones. */
export interface DerivedView {
  readonly name: string
  readonly doc: string
  /** The tables that its SQL reads. */
  readonly over: readonly string[]
  /** Type and meaning of each column. */
  readonly columns: Readonly<Record<string, readonly [ColumnType, string]>>
  /** In words that DuckDB and Trino share: it is a view of both, and has to answer the same. */
  readonly sql: string
}
