import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { sha256 } from '../../lib/core/sha256.ts'

/** A cell as the simulation compares it: days and instants as ISO texts, whole numbers as numbers. */
export type PlainCell = string | number | boolean | null | readonly string[]

/** A row of plain cells. */
export type PlainRow = Readonly<Record<string, PlainCell | undefined>>

const ROWS = 'plain-rows'
const decoded = new Map<string, readonly PlainRow[]>()

/**
 * Rows as the bytes of a Parquet file that holds them in its footer: a real footer, which is all that the protocol reads,
 * and no pages, which only an engine would.
 */
export function plainBytes(
  rows: readonly PlainRow[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const kvMetadata = Object.entries({ ...metadata, [ROWS]: JSON.stringify(rows) }).map(([key, value]) => ({
    key,
    value,
  }))
  const columnData = [{ name: 'rows', data: [rows.length], type: 'INT32' as const }]
  return new Uint8Array(parquetWriteBuffer({ columnData, kvMetadata }))
}

function plainCell(value: unknown): PlainCell {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return value.toISOString().slice(0, value.getTime() % 86_400_000 === 0 ? 10 : 23)
  if (Array.isArray(value)) return value.map(String)
  return value === undefined ? null : (value as PlainCell)
}

/** The rows of a Parquet file, of the plain engine's, an extractor's or DuckDB's. Throws when it is none. */
export async function plainRows(bytes: Uint8Array): Promise<readonly PlainRow[]> {
  const hash = sha256(bytes)
  const known = decoded.get(hash)
  if (known !== undefined) return known
  const file = bytes.slice().buffer
  const own = parquetMetadata(file).key_value_metadata?.find(({ key }) => key === ROWS)?.value
  const rows: readonly PlainRow[] =
    own === undefined
      ? (await parquetReadObjects({ file, compressors })).map((row) =>
          Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, plainCell(cell)])),
        )
      : JSON.parse(own)
  // Seeds share most of their files; what is kept must not grow with the number of seeds.
  if (decoded.size > 20_000) decoded.clear()
  decoded.set(hash, rows)
  return rows
}

/** A row as one text that is the same for the same cells: names sorted, nulls left out. */
export const rowText = (row: PlainRow): string =>
  JSON.stringify(
    Object.entries(row)
      .filter(([, cell]) => cell != null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
