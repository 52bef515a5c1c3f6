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

/** A value as JSON text. */
export const jsonText = (value: Value): string => JSON.stringify(plain(value))

/** A row as a JSON object, in the order of its columns. */
export const jsonRow = (names: readonly string[], row: readonly Value[]): string =>
  `{${names.map((name, i) => `${JSON.stringify(name)}:${jsonText(row[i] ?? null)}`).join(',')}}`
