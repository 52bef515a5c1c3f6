import zlib from 'node:zlib'
import type { SchemaElement } from 'hyparquet'
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import type { Cell, ColumnType, Row } from '../core/column.ts'

/** A column of a landing part. Every column may hold nulls; what is required is checked before rows get here. */
export interface PartColumn {
  readonly name: string
  readonly type: ColumnType
}

/** Takes rows and gives the bytes of one Parquet file. */
export interface PartWriter {
  readonly rows: () => number
  add(rows: readonly Row[]): void
  /** The whole file. The writer takes no rows after that. */
  finish(): Uint8Array
}

const ROW_GROUP = 10_000

const LEAF: Readonly<Record<Exclude<ColumnType, 'list'>, Omit<SchemaElement, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  // Without a zone: with one, a cast to a date was seen to change with the reader's laptop.
  timestamp: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' } },
  date: { type: 'INT32', converted_type: 'DATE' },
}

function schemaOf({ name, type }: PartColumn): SchemaElement[] {
  if (type !== 'list') return [{ name, repetition_type: 'OPTIONAL', ...LEAF[type] }]
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'OPTIONAL', ...LEAF.text },
  ]
}

// Landing lives for days and is read once, whole: the fastest setting, since size hardly matters.
const gzip = (bytes: Uint8Array): Uint8Array => zlib.gzipSync(bytes, { level: 1 })

/** ZSTD where this Node has it (22.15 on), else GZIP; the readers take both. */
const CODEC =
  'zstdCompressSync' in zlib && typeof zlib.zstdCompressSync === 'function'
    ? ({
        codec: 'ZSTD',
        compressors: { ZSTD: zlib.zstdCompressSync as (bytes: Uint8Array) => Uint8Array },
      } as const)
    : ({ codec: 'GZIP', compressors: { GZIP: gzip } } as const)

/** A writer of one Parquet part with these columns, in this order. */
export function partWriter(columns: readonly PartColumn[]): PartWriter {
  const writer = new ByteWriter()
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(schemaOf),
  ]
  // Nobody prunes by the statistics of a landing: it is read once, whole. They would cost a tenth of the extraction's CPU.
  const parquet = new ParquetWriter({ writer, schema, ...CODEC, statistics: false, createdBy: 'almanac' })
  // Cells by column and not the rows themselves: rows that wait for their group would survive the young generation.
  let cells: Cell[][] = columns.map(() => [])
  let pending = 0
  let written = 0
  const flush = (): void => {
    const columnData: ColumnSource[] = columns.map(({ name }, i) => ({
      name,
      data: cells[i] ?? [],
      offsetIndex: false,
    }))
    // Over a buffer the writer is synchronous; it returns a promise only for writers that flush.
    void parquet.write({ columnData, rowGroupSize: pending })
    written += pending
    pending = 0
    cells = columns.map(() => [])
  }
  return {
    rows: () => written + pending,
    add: (rows) => {
      columns.forEach(({ name }, i) => {
        const column = cells[i]
        for (const row of rows) column?.push(row[name] ?? null)
      })
      pending += rows.length
      if (pending >= ROW_GROUP) flush()
    },
    finish: () => {
      if (pending > 0) flush()
      void parquet.finish()
      return writer.getBytes()
    },
  }
}
