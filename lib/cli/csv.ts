import { guarded } from './formula.ts'
import { jsonText } from './json.ts'
import type { Value } from './value.ts'

/** What becomes of a text before it is written. Numbers are written as they are. */
export type Told = (text: string) => string

/** A field as RFC 4180 has it. Null is empty; the empty text is quoted, so that the two differ. */
function field(value: Value, told: Told): string {
  if (value === null) return ''
  const isText = typeof value === 'string' || typeof value === 'object'
  const plain = typeof value === 'object' ? jsonText(value) : String(value)
  const text = isText ? told(plain) : plain
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A record of CSV with its line end. A record of a single null is quoted, since an empty line is no record. */
export function csvRecord(values: readonly Value[], told: Told = guarded): string {
  const line = values.map((value) => field(value, told)).join(',')
  return `${line === '' ? '""' : line}\n`
}
