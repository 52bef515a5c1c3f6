import { writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '../../lib/core/column.ts'
import { type PartColumn, partWriter } from '../../lib/extract/parquet.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'

const COLUMNS: readonly PartColumn[] = [
  { name: 'text', type: 'text' },
  { name: 'integer', type: 'integer' },
  { name: 'double', type: 'double' },
  { name: 'boolean', type: 'boolean' },
  { name: 'timestamp', type: 'timestamp' },
  { name: 'date', type: 'date' },
  { name: 'list', type: 'list' },
]

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '',
    '1',
    'false',
    '2026-11-01T00:00:00Z',
    "'); DROP TABLE x; --",
    'e\u0301',
    '\u00e9',
    '\u{1f469}\u200d\u{1f680}',
    '\0',
    '\n',
  ),
)
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 3 })
const row: fc.Arbitrary<Row> = fc.record({
  text: orNull(text),
  integer: orNull(fc.bigInt(INT64)),
  double: orNull(fc.double({ noNaN: true, noDefaultInfinity: true })),
  boolean: orNull(fc.boolean()),
  // Years 1 to 9999, in microseconds.
  timestamp: orNull(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })),
  date: orNull(fc.integer({ min: -719_162, max: 2_932_896 })),
  list: orNull(fc.array(text, { maxLength: 4 })),
})

let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())

function written(rows: readonly Row[], chunk: number): Uint8Array {
  const writer = partWriter(COLUMNS)
  for (let i = 0; i < rows.length; i += chunk) writer.add(rows.slice(i, i + chunk))
  expect(writer.rows()).toBe(rows.length)
  return writer.finish()
}

/** Read by the engine, exactly: times as their microseconds, days as their number. */
async function byEngine(bytes: Uint8Array): Promise<readonly unknown[]> {
  const session = await engine.session()
  try {
    const file = session.scratch()
    await writeFile(file, bytes)
    const rows = await session.rows(
      `SELECT text, integer, double, boolean, epoch_us(timestamp) AS timestamp, date - DATE '1970-01-01' AS date, list FROM read_parquet('${file}')`,
    )
    return rows.map((each) => ({ ...each, date: each['date'] === null ? null : Number(each['date']) }))
  } finally {
    await session.close()
  }
}

test('any cells come back exactly as they were, read by the engine', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      async (rows, chunk) => {
        expect(await byEngine(written(rows, chunk))).toEqual(rows)
      },
    ),
    { numRuns: 60 },
  )
})

test('any cells come back as they were, read by an independent reader', async () => {
  const isoDay = (days: number): Date => new Date(days * 86_400_000)
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
      const bytes = written(rows, 7)
      const read = await parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors })
      expect(read.map((each) => ({ ...each, list: each['list'] ?? null }))).toEqual(
        rows.map((each) => {
          const { timestamp, date } = each
          return {
            ...each,
            // The reader's dates have milliseconds.
            timestamp: typeof timestamp === 'bigint' ? new Date(Number(timestamp / 1000n)) : null,
            date: typeof date === 'number' ? isoDay(date) : null,
          }
        }),
      )
    }),
    { numRuns: 30 },
  )
})

test('rows beyond one row group are all there, in order', async () => {
  const rows: Row[] = Array.from({ length: 25_001 }, (_, i) => ({
    text: `row ${i}`,
    integer: BigInt(i),
    double: i / 2,
    boolean: i % 2 === 0,
    timestamp: BigInt(i) * 1_000_001n,
    date: i,
    list: [String(i)],
  }))
  expect(await byEngine(written(rows, 1000))).toEqual(rows)
})

test('a text of a megabyte and a list of ten thousand come back as they were', async () => {
  const nothing = { integer: null, double: null, boolean: null, timestamp: null, date: null }
  const rows: Row[] = [
    { ...nothing, text: 'é王\n"'.repeat(200_000).slice(0, 1_000_000), list: null },
    { ...nothing, text: 'beside it', list: Array.from({ length: 10_000 }, (_, i) => `tag ${i}`) },
  ]
  const bytes = written(rows, 1)
  expect(await byEngine(bytes)).toEqual(rows)
  const read = await parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors })
  expect(read.map(({ text: cell, list }) => [cell, list ?? null])).toEqual(
    rows.map(({ text: cell, list }) => [cell, list]),
  )
})

test('a file says of its times that they have no zone', async () => {
  const session = await engine.session()
  const file = session.scratch()
  await writeFile(
    file,
    written([{ text: 'a', integer: 1n, double: 1, boolean: true, timestamp: 0n, date: 0, list: [] }], 1),
  )
  const types = await session.rows(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('${file}'))`,
  )
  await session.close()
  expect(Object.fromEntries(types.map((each) => [each['column_name'], each['column_type']]))).toEqual({
    text: 'VARCHAR',
    integer: 'BIGINT',
    double: 'DOUBLE',
    boolean: 'BOOLEAN',
    timestamp: 'TIMESTAMP',
    date: 'DATE',
    list: 'VARCHAR[]',
  })
})
