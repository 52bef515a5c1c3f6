import { jsonText } from './json.ts'
import type { Paint } from './paint.ts'
import type { AnswerColumn, Value } from './value.ts'
import { fitted, shown, widthOf } from './width.ts'

/** Columns with the cells of a terminal that each takes. */
export interface Layout {
  readonly columns: readonly AnswerColumn[]
  readonly widths: readonly number[]
  /** What stands between two columns. */
  readonly gap: string
}

/** No column is cut below this on a narrow terminal. */
const LEAST = 8

/** A cell as a table shows it: null is blank. */
export function tableCell(value: Value): string {
  if (value === null) return ''
  return shown(typeof value === 'object' ? jsonText(value) : String(value))
}

const total = (widths: readonly number[], gap: string): number =>
  widths.reduce((sum, width) => sum + width, gap.length * Math.max(0, widths.length - 1))

/** Takes cells from the widest texts until the table fits, or nothing more can be taken. A number is never cut. */
function narrowed({ columns, widths, gap }: Layout, available: number): Layout {
  const narrow = [...widths]
  while (total(narrow, gap) > available) {
    const texts = narrow.filter((_, i) => columns[i]?.isNumeric === false)
    const widest = Math.max(0, ...texts)
    if (widest <= LEAST) break
    narrow[narrow.findIndex((width, i) => width === widest && columns[i]?.isNumeric === false)] = widest - 1
  }
  return { columns, widths: narrow, gap }
}

/** The layout for these rows; `available` is the terminal's width, undefined for as wide as it gets. */
export function layoutOf(
  columns: readonly AnswerColumn[],
  rows: readonly (readonly string[])[],
  available: number | undefined,
): Layout {
  const widths = columns.map((column, i) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[i] ?? '')), widthOf(shown(column.name))),
  )
  const wide: Layout = { columns, widths, gap: '  ' }
  if (available === undefined || total(widths, wide.gap) <= available) return wide
  return narrowed({ ...wide, gap: ' ' }, available)
}

const aligned = (text: string, width: number, isNumeric: boolean): string => {
  const room = ' '.repeat(Math.max(0, width - widthOf(text)))
  return isNumeric ? room + text : text + room
}

/** A row of the table, without the line's end. `isCut` cuts cells that do not fit. */
export function tableLine(
  { columns, widths, gap }: Layout,
  cells: readonly string[],
  isCut: boolean,
): string {
  const drawn = columns.map(({ isNumeric }, i) => {
    const [cell, width] = [cells[i] ?? '', widths[i] ?? 0]
    return aligned(isCut ? fitted(cell, width) : cell, width, isNumeric)
  })
  return drawn.join(gap).trimEnd()
}

/** The lines above the rows: names, and a rule. */
export function tableHead(layout: Layout, colour: Paint, isCut: boolean): string {
  const names = layout.columns.map(({ name }) => shown(name))
  const rule = layout.widths.map((width) => '─'.repeat(width)).join(layout.gap)
  return `${colour.strong(tableLine(layout, names, isCut))}\n${colour.dim(rule)}\n`
}
