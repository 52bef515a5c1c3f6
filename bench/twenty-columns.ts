import type { Row } from '../lib/core/column.ts'
import type { StoredColumn } from '../lib/core/receipt.ts'

/** Twenty columns of the kinds that a workbook has. */
export const TWENTY_COLUMNS: readonly StoredColumn[] = [
  { name: 'id', type: 'text' },
  { name: 'name', type: 'text' },
  { name: 'description', type: 'text' },
  { name: 'content_url', type: 'text' },
  { name: 'webpage_url', type: 'text' },
  { name: 'project_id', type: 'text' },
  { name: 'owner_id', type: 'text' },
  { name: 'type', type: 'text' },
  { name: 'note', type: 'text' },
  { name: 'size_mb', type: 'integer' },
  { name: 'sheet_count', type: 'integer' },
  { name: 'view_count', type: 'integer' },
  { name: 'favorites', type: 'integer' },
  { name: 'score', type: 'double' },
  { name: 'show_tabs', type: 'boolean' },
  { name: 'has_extracts', type: 'boolean' },
  { name: 'is_certified', type: 'boolean' },
  { name: 'created_at', type: 'timestamp' },
  { name: 'updated_at', type: 'timestamp' },
  { name: 'published_at', type: 'timestamp' },
]

const hex = (n: number): string => ((n * 2_654_435_761) >>> 0).toString(16).padStart(8, '0')

/** An id that compresses as badly as a LUID. */
export const luidLike = (kind: number, n: number): string =>
  `${hex(n + 1)}-${hex(n + 7).slice(0, 4)}-4${hex(n * 3).slice(0, 3)}-a${hex(kind).slice(0, 3)}-${hex(n * 5 + kind)}${hex(n * 11).slice(0, 4)}`

const NAMES = ['Sales & Returns', 'Umsätze “Süd”', 'カバレッジ', 'Quarterly <draft>', 'Übersicht', 'Ops 😀']
const YEAR_2020 = 1_577_836_800_000_000n

/** The n-th row. */
export function twentyCells(n: number): Row {
  const at = YEAR_2020 + BigInt(n) * 61_000_000n
  return {
    id: luidLike(0, n),
    name: `${NAMES[n % NAMES.length]} ${n}`,
    description: n % 3 === 0 ? null : `What ${n % 500} is about, in a sentence of the usual length.`,
    content_url: `Workbook${n}`,
    webpage_url: `https://tableau.example.com/#/site/demo/workbooks/${n}`,
    project_id: luidLike(1, n % 500),
    owner_id: luidLike(2, n % 3000),
    type: n % 2 === 0 ? 'sqlserver' : 'excel-direct',
    note: n % 50 === 0 ? 'certified by the data office' : null,
    size_mb: BigInt(n % 900),
    sheet_count: BigInt(n % 40),
    view_count: BigInt(n) * 13n,
    favorites: BigInt(n % 17),
    score: (n % 1000) / 8,
    show_tabs: n % 2 === 0,
    has_extracts: n % 3 === 0,
    is_certified: n % 50 === 0,
    created_at: at,
    updated_at: at + 3_600_000_000n,
    published_at: at + 7_200_000_000n,
  }
}
