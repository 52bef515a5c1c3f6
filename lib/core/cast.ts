import type { Cell, ColumnType } from './column.ts'

/** A value that is not of the column's type. `NotOf` carries no position; whoever knows the row adds it. */
export interface NotOf {
  readonly notOf: ColumnType
}

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

function toInteger(raw: string): Cell | NotOf {
  if (!/^[+-]?\d{1,19}$/.test(raw)) return { notOf: 'integer' }
  const value = BigInt(raw)
  return value >= INT64_MIN && value <= INT64_MAX ? value : { notOf: 'integer' }
}

function toDouble(raw: string): Cell | NotOf {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(raw) ? Number(raw) : Number.NaN
  return Number.isFinite(value) ? value : { notOf: 'double' }
}

function toBoolean(raw: string): Cell | NotOf {
  const word = raw.toLowerCase()
  if (word === 'true') return true
  return word === 'false' ? false : { notOf: 'boolean' }
}

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-](?:0\d|1[0-8]):?[0-5]\d)?$/

/** Whether day and month exist: `Date` would turn 31 June into 1 July without a word. */
function isCalendarDay(year: number, month: number, day: number): boolean {
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
  )
}

function offsetMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const digits = zone.replace(':', '')
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5))
  return digits.startsWith('-') ? -minutes : minutes
}

const PLAIN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/**
 * The form Tableau sends (`2026-11-01T22:15:00Z`), which costs a tenth of the general one. `Date` says by itself
 * whether hour, minute and second exist, and by its day whether the calendar has it.
 */
function plainTimestamp(raw: string): bigint | undefined {
  // The pattern first: nothing is left to what else `Date` may take.
  if (!PLAIN.test(raw) || raw.startsWith('0000')) return undefined
  const ms = Date.parse(raw)
  if (Number.isNaN(ms) || new Date(ms).getUTCDate() !== Number(raw.slice(8, 10))) return undefined
  return BigInt(ms) * 1000n
}

/** Microseconds since 1970 UTC. Without a zone the time is UTC, as Tableau sends it; digits past microseconds are cut. */
function toTimestamp(raw: string): Cell | NotOf {
  if (raw === '') return null
  const plain = plainTimestamp(raw)
  if (plain !== undefined) return plain
  const match = DATE_TIME.exec(raw)
  if (match === null) return { notOf: 'timestamp' }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  if (year < 1 || !isCalendarDay(year, month, day) || hour > 23 || minute > 59 || second > 60)
    return { notOf: 'timestamp' }
  const instant = new Date(0)
  instant.setUTCFullYear(year, month - 1, day)
  instant.setUTCHours(hour, minute - offsetMinutes(match[8]), second)
  const micros = BigInt((match[7] ?? '').padEnd(6, '0').slice(0, 6))
  return BigInt(instant.getTime()) * 1000n + micros
}

function toDate(raw: string): Cell | NotOf {
  if (raw === '') return null
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(raw)
  if (match === null) return { notOf: 'date' }
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number)
  if (year < 1 || !isCalendarDay(year, month, day)) return { notOf: 'date' }
  return new Date(0).setUTCFullYear(year, month - 1, day) / 86_400_000
}

const CASTS: Readonly<Record<Exclude<ColumnType, 'list'>, (raw: string) => Cell | NotOf>> = {
  // A lone surrogate cannot be written as UTF-8; it becomes U+FFFD here, once, instead of differently in each writer.
  text: (raw) => raw.toWellFormed(),
  integer: toInteger,
  double: toDouble,
  boolean: toBoolean,
  timestamp: toTimestamp,
  date: toDate,
}

/** One attribute's text as a cell of the column type, or `NotOf` when it is none. Lists are cast value by value, as text. */
export const cast = (type: Exclude<ColumnType, 'list'>, raw: string): Cell | NotOf => CASTS[type](raw)

/** Whether a cast failed. */
export const isNotOf = (result: Cell | NotOf): result is NotOf =>
  typeof result === 'object' && result !== null && !Array.isArray(result) && 'notOf' in result
