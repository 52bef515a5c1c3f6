import type { Value } from './value.ts'

/** Integers beyond what a double holds exactly, and numbers that JSON lacks, become strings. */
function plain(value: Value): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

/**
 * Marks that JSON leaves as they are and that do something all the same: 8-bit controls to a terminal, line ends to whoever
 * cuts a log into lines, the direction of writing to the reader.
 */
const ACTIVE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Anything as JSON text in which nothing acts but JSON itself; the value is the same. `indent` is the spaces of a level. */
export const quietJson = (value: unknown, indent = 0): string =>
  JSON.stringify(value, null, indent).replace(
    ACTIVE,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** A value as JSON text. */
export const jsonText = (value: Value): string => quietJson(plain(value))

/** A row as a JSON object, in the order of its columns. */
export const jsonRow = (names: readonly string[], row: readonly Value[]): string =>
  `{${names.map((name, i) => `${quietJson(name)}:${jsonText(row[i] ?? null)}`).join(',')}}`
