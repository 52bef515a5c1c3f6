import type { ColumnType } from '../core/column.ts'

/** The engine's type of each column type. */
export const SQL_TYPE: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
  list: 'VARCHAR[]',
}

/** A name as an SQL identifier. Names come from declarations alone; quoting keeps reserved words usable. */
export const name = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/** Names as a comma-separated list of identifiers, each with an optional table before it. */
export const names = (identifiers: readonly string[], table?: string): string =>
  identifiers
    .map((identifier) => (table === undefined ? name(identifier) : `${table}.${name(identifier)}`))
    .join(', ')

/** A text as an SQL literal: for file paths of our own and days, never for data. */
export const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** Parquet as the loader writes it: ZSTD, and metadata under keys of our own. */
export function parquetOptions(metadata: Readonly<Record<string, string>> = {}): string {
  const entries = Object.entries(metadata).map(([key, value]) => `${name(key)}: ${literal(value)}`)
  const kv = entries.length === 0 ? '' : `, KV_METADATA {${entries.join(', ')}}`
  return `(FORMAT parquet, COMPRESSION zstd${kv})`
}
