import type { Cell, ColumnType } from '../core/column.ts'

/** A value of an answer as it is written: exact, and free of any engine's own types. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Value[]
  | { readonly [name: string]: Value }

/** How instants read: `iso` 2026-11-01T02:03:04.000005Z, `sql` 2026-11-01 02:03:04.000005 (UTC, as the engine writes them). */
export type InstantStyle = 'iso' | 'sql'

/** A column of an answer. */
export interface AnswerColumn {
  readonly name: string
  readonly isNumeric: boolean
}

/** Rows to be written, chunk by chunk. */
export interface Answer {
  readonly columns: readonly AnswerColumn[]
  readonly chunks: AsyncIterable<readonly (readonly Value[])[]> | Iterable<readonly (readonly Value[])[]>
}

const DAY_MS = 86_400_000

/** A calendar day, from whole days since 1970. */
export const dayText = (days: number): string => {
  const text = new Date(days * DAY_MS).toISOString()
  return text.slice(0, text.indexOf('T'))
}

/** An instant with microseconds where it has any, from microseconds since 1970 UTC. */
export function instantText(micros: bigint, style: InstantStyle): string {
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n)
  const fraction = micros - seconds * 1_000_000n
  const whole = new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, '')
  const exact = fraction === 0n ? whole : `${whole}.${String(fraction).padStart(6, '0')}`
  return style === 'iso' ? `${exact}Z` : exact.replace('T', ' ')
}

/** A cell of an entity's row as it is written. */
export function cellValue(type: ColumnType, cell: Cell, style: InstantStyle): Value {
  if (type === 'timestamp' && typeof cell === 'bigint') return instantText(cell, style)
  if (type === 'date' && typeof cell === 'number') return dayText(cell)
  return cell
}

/** Whether values of a column type stand to the right in a table. */
export const isNumericType = (type: ColumnType): boolean => type === 'integer' || type === 'double'

/** A list of rows as an answer of one chunk. */
export const answerOf = (columns: readonly AnswerColumn[], rows: readonly (readonly Value[])[]): Answer => ({
  columns,
  chunks: [rows],
})

const NUMERIC_MARK = /^#/

/** Columns by name; a `#` before a name marks numbers. */
export const columnsOf = (...names: readonly string[]): readonly AnswerColumn[] =>
  names.map((name) => ({ name: name.replace(NUMERIC_MARK, ''), isNumeric: NUMERIC_MARK.test(name) }))
