import { jsonText } from './json.ts'
import type { Value } from './value.ts'

/** A field as RFC 4180 has it. Null is empty; the empty text is quoted, so that the two differ. */
function field(value: Value): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? jsonText(value) : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A record of CSV with its line end. A record of a single null is quoted, since an empty line is no record. */
export function csvRecord(values: readonly Value[]): string {
  const line = values.map(field).join(',')
  return `${line === '' ? '""' : line}\n`
}
