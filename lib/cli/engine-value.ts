import type { DuckDBValue } from '@duckdb/node-api'
import type { Answer as EngineAnswer } from '../engine/reader.ts'
import { type Answer, dayText, type InstantStyle, instantText, type Value } from './value.ts'

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|UHUGEINT|BIGNUM|FLOAT|DOUBLE|DECIMAL.*)$/

/** Digits that a double keeps exactly. */
const EXACT_DIGITS = 15

/** A decimal as a number where a double is exact, else as its text. */
function decimal(text: string): Value {
  const digits = text.replace(/\D/g, '').replace(/^0+/, '')
  return digits.length <= EXACT_DIGITS ? Number(text) : text
}

/** What the engine has, either side of 1970, in place of the days of an infinite date. */
const INFINITE_DAYS = 2 ** 31 - 1

const isFiniteMs = (ms: number): boolean => Math.abs(ms) <= 8.64e15

/**
 * A value of the engine as it is written. The engine's own classes are told apart by what they hold, so that nothing
 * here needs the engine to be loaded; what is of another kind (intervals, blobs, ...) is written as the engine writes it.
 */
export function engineValue(value: DuckDBValue, style: InstantStyle): Value {
  if (value === null || typeof value !== 'object') return value
  if ('items' in value) return value.items.map((item) => engineValue(item, style))
  if ('days' in value && !('months' in value)) {
    if (Math.abs(value.days) === INFINITE_DAYS) return value.days < 0 ? '-infinity' : 'infinity'
    if (isFiniteMs(value.days * 86_400_000)) return dayText(value.days)
  }
  if ('entries' in value) return entriesValue(value.entries, style)
  const kind = value.constructor.name
  if (kind.startsWith('DuckDBTimestamp')) return timestamp(value, kind, style)
  if ('scale' in value && style === 'iso') return decimal(value.toString())
  return value.toString()
}

function timestamp(value: object, kind: string, style: InstantStyle): string {
  if ('micros' in value && typeof value.micros === 'bigint' && isFiniteMs(Number(value.micros) / 1000)) {
    const zone = kind === 'DuckDBTimestampTZValue' && style === 'sql' ? '+00' : ''
    return instantText(value.micros, style) + zone
  }
  const text = String(value)
  return style === 'iso' && /^\d{4}-/.test(text) ? `${text.replace(' ', 'T')}Z` : text
}

type Entries = Readonly<Record<string, DuckDBValue>> | readonly { key: DuckDBValue; value: DuckDBValue }[]

function entriesValue(entries: Entries, style: InstantStyle): Value {
  const pairs: (readonly [string, DuckDBValue])[] = Array.isArray(entries)
    ? entries.map(({ key, value }) => [String(key), value] as const)
    : Object.entries(entries)
  return Object.fromEntries(pairs.map(([key, value]) => [key, engineValue(value, style)]))
}

/** An answer of the engine as one to be written. */
export function plainAnswer({ columns, chunks }: EngineAnswer, style: InstantStyle): Answer {
  return {
    columns: columns.map(({ name, type }) => ({ name, isNumeric: NUMERIC.test(type) })),
    chunks: (async function* () {
      for await (const rows of chunks) yield rows.map((row) => row.map((value) => engineValue(value, style)))
    })(),
  }
}
