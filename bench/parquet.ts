import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Row } from '../lib/core/column.ts'
import type { StoredColumn } from '../lib/core/receipt.ts'
import { literal } from '../lib/engine/sql.ts'
import { partWriter } from '../lib/extract/parquet.ts'
import { type Engine, openEngine } from '../lib/transform/engine.ts'
import { type Meter, measured, meter, progress } from './measure.ts'
import { type LooseRow, looseRow, parquetJsWriter } from './parquetjs.ts'
import { type BenchTable, benchmark, rounded } from './result.ts'
import { TWENTY_COLUMNS, twentyCells } from './twenty-columns.ts'

const ROWS = 200_000
const BATCH = 10_000

/** A way to write rows to Parquet. Whatever its library needs otherwise is prepared before the meter runs. */
interface Writer {
  readonly name: string
  write(rows: number, cost: Meter): Promise<Uint8Array>
  /** One small file of one column, for what must not go wrong. */
  one(column: StoredColumn, values: readonly unknown[]): Promise<Uint8Array>
}

function* batches(rows: number): Generator<Row[]> {
  for (let from = 0; from < rows; from += BATCH)
    yield Array.from({ length: Math.min(BATCH, rows - from) }, (_, i) => twentyCells(from + i))
}

const ours: Writer = {
  name: 'hyparquet-writer, as we use it',
  write: async (rows, cost) => {
    const writer = partWriter(TWENTY_COLUMNS)
    for (const batch of batches(rows)) await cost.run(() => writer.add(batch))
    return cost.run(() => writer.finish())
  },
  one: async (column, values) => {
    const writer = partWriter([column])
    // Deliberately what the types forbid: the writer itself must notice.
    writer.add(values.map((value) => ({ [column.name]: value })) as Row[])
    return writer.finish()
  },
}

function parquetJs(mode: 'default' | 'gzip', folder: string): Writer {
  const file = (): string => join(folder, `${mode}-${Math.random().toString(36).slice(2)}.parquet`)
  return {
    name: mode === 'gzip' ? 'parquetjs-lite, GZIP' : 'parquetjs-lite, its defaults',
    write: async (rows, cost) => {
      const path = file()
      const writer = await parquetJsWriter(TWENTY_COLUMNS, path, mode)
      for (const batch of batches(rows)) {
        const loose = batch.map((row) => looseRow(TWENTY_COLUMNS, row))
        await cost.run(async () => {
          for (const row of loose) await writer.appendRow(row)
        })
      }
      await cost.run(() => writer.close())
      return readFile(path)
    },
    one: async (column, values) => {
      const path = file()
      const writer = await parquetJsWriter([column], path, mode)
      for (const value of values) await writer.appendRow({ [column.name]: value } satisfies LooseRow)
      await writer.close()
      return readFile(path)
    },
  }
}

async function ask(engine: Engine, bytes: Uint8Array, select: (file: string) => string): Promise<unknown> {
  const session = await engine.session()
  try {
    const [row] = await session.rows(select(`read_parquet(${literal(await session.stage(bytes))})`))
    return row?.['answer']
  } finally {
    await session.close()
  }
}

const READ_ALL = (file: string): string =>
  `SELECT count(*)::VARCHAR || ' ' || sum(view_count)::VARCHAR || ' ' || sum(length(name))::VARCHAR || ' ' || sum(length(owner_id))::VARCHAR || ' ' ||
     count(description)::VARCHAR || ' ' || sum(score)::VARCHAR || ' ' || max(published_at)::VARCHAR || ' ' || count(DISTINCT id)::VARCHAR AS answer FROM ${file}`

async function speedOf(engine: Engine, writer: Writer, expected: unknown) {
  await writer.write(BATCH, meter())
  const cost = meter()
  const bytes = await writer.write(ROWS, cost)
  const { wall, cpu } = cost.cost()
  await ask(engine, bytes, READ_ALL)
  const read = await measured(() => ask(engine, bytes, READ_ALL))
  progress(`${writer.name}: done`)
  const isSame = expected === undefined || expected === read.value
  return {
    answer: read.value,
    row: [
      writer.name,
      Math.round(ROWS / cpu),
      rounded(cpu, 2),
      rounded(wall, 2),
      rounded(bytes.byteLength / 1e6),
      rounded(read.wall * 1000),
      isSame ? 'yes' : 'no',
    ],
  }
}

async function speeds(engine: Engine, writers: readonly Writer[]): Promise<BenchTable> {
  const rows: (string | number)[][] = []
  let expected: unknown
  for (const writer of writers) {
    const { answer, row } = await speedOf(engine, writer, expected)
    expected ??= answer
    rows.push(row)
  }
  return {
    title: `${ROWS.toLocaleString('en-US')} row objects of 20 columns to Parquet`,
    head: ['writer', 'rows per CPU s', 'CPU s', 'wall s', 'MB', 'DuckDB reads it in ms', 'same values'],
    rows,
  }
}

/** An input that has gone wrong before, and the question that shows it. `right` is the answer that would be. */
interface Trap {
  readonly name: string
  readonly column: StoredColumn
  readonly values: readonly unknown[]
  readonly asks: (file: string) => string
  readonly right: string
}

const TRAPS: readonly Trap[] = [
  {
    name: 'emoji among full-width names, found by WHERE',
    column: { name: 'c', type: 'text' },
    values: ['（全角） report', '😀 emoji report', 'ｶﾅ report'],
    asks: (file) => `SELECT count(*)::VARCHAR AS answer FROM ${file} WHERE c = '😀 emoji report'`,
    right: '1',
  },
  {
    name: 'the integer 9007199254740993',
    column: { name: 'c', type: 'integer' },
    values: [9007199254740993n],
    asks: (file) => `SELECT c::VARCHAR AS answer FROM ${file}`,
    right: '9007199254740993',
  },
  {
    name: 'an ISO text into a timestamp',
    column: { name: 'c', type: 'timestamp' },
    values: ['2026-11-01T03:00:00Z'],
    asks: (file) => `SELECT c::VARCHAR AS answer FROM ${file}`,
    right: '2026-11-01 03:00:00',
  },
  {
    name: 'the text false into a boolean',
    column: { name: 'c', type: 'boolean' },
    values: ['false'],
    asks: (file) => `SELECT c::VARCHAR AS answer FROM ${file}`,
    right: 'false',
  },
]

async function outcome(
  engine: Engine,
  writer: Writer,
  { column, values, asks, right }: Trap,
): Promise<string> {
  let bytes: Uint8Array
  try {
    bytes = await writer.one(column, values)
  } catch {
    return 'refused'
  }
  const answer = String(await ask(engine, bytes, asks))
  return answer === right ? `right: ${answer}` : `WRONG: ${answer}`
}

async function traps(engine: Engine, writers: readonly Writer[]): Promise<BenchTable> {
  const rows = await Promise.all(
    TRAPS.map(async (trap) => {
      const outcomes: string[] = []
      for (const writer of writers) outcomes.push(await outcome(engine, writer, trap))
      return [trap.name, ...outcomes]
    }),
  )
  return { title: 'Values that must not go wrong', head: ['value', ...writers.map(({ name }) => name)], rows }
}

async function measure(): Promise<readonly BenchTable[]> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-bench-'))
  const engine = await openEngine()
  try {
    const writers = [ours, parquetJs('default', folder), parquetJs('gzip', folder)]
    return [await speeds(engine, writers), await traps(engine, writers)]
  } finally {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  }
}

await benchmark('parquet', measure)
