import { createRequire } from 'node:module'
import type { ColumnType, Row } from '../lib/core/column.ts'
import type { StoredColumn } from '../lib/core/receipt.ts'

/** A row as parquetjs-lite takes it. */
export type LooseRow = Readonly<Record<string, unknown>>

/** A file in the course of being written by parquetjs-lite. */
export interface LooseWriter {
  appendRow(row: LooseRow): Promise<void>
  close(): Promise<void>
}

/** What we use of parquetjs-lite, which is CommonJS without types. */
interface ParquetJs {
  readonly ParquetSchema: new (fields: Readonly<Record<string, object>>) => object
  readonly ParquetWriter: {
    openFile(schema: object, path: string, options?: { readonly rowGroupSize?: number }): Promise<LooseWriter>
  }
}

function library(): ParquetJs {
  const loaded: unknown = createRequire(import.meta.url)('parquetjs-lite')
  if (typeof loaded !== 'object' || loaded === null || !('ParquetWriter' in loaded))
    throw new Error('parquetjs-lite has no ParquetWriter')
  return loaded as ParquetJs
}

const TYPE: Readonly<Record<Exclude<ColumnType, 'list' | 'date'>, string>> = {
  text: 'UTF8',
  integer: 'INT64',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP_MILLIS',
}

/** How parquetjs-lite writes: `default` is without compression and with its own row groups. */
export type LooseMode = 'default' | 'gzip'

/** Opens a file with these columns. */
export function parquetJsWriter(
  columns: readonly StoredColumn[],
  path: string,
  mode: LooseMode,
): Promise<LooseWriter> {
  const { ParquetSchema, ParquetWriter } = library()
  const compression = mode === 'gzip' ? { compression: 'GZIP' } : {}
  const fields = columns.map(({ name, type }) => {
    if (type === 'list' || type === 'date') throw new Error(`the benchmark has no ${type} columns`)
    return [name, { type: TYPE[type], optional: true, ...compression }] as const
  })
  const options = mode === 'gzip' ? { rowGroupSize: 10_000 } : {}
  return ParquetWriter.openFile(new ParquetSchema(Object.fromEntries(fields)), path, options)
}

/** A row of ours in what parquetjs-lite takes: dates for timestamps, numbers for integers. */
export const looseRow = (columns: readonly StoredColumn[], row: Row): LooseRow =>
  Object.fromEntries(
    columns.map(({ name, type }) => {
      const value = row[name] ?? null
      if (typeof value !== 'bigint') return [name, value]
      return [name, type === 'timestamp' ? new Date(Number(value / 1000n)) : Number(value)]
    }),
  )
