import { AlmanacError } from './errors.ts'

const DAY_MS = 86_400_000
/** An hour in milliseconds. */
export const HOUR_MS = 3_600_000

/** A logical day, `YYYY-MM-DD`. */
export type Day = string

/** The text as a day; throws `bad-date` when it is none (2026-02-30 is none). */
export function parseDay(text: string): Day {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) {
    throw new AlmanacError('bad-date', `"${text}" is no day of the calendar`)
  }
  return text
}

/** Whole days since 1970-01-01. */
export const dayNumber = (day: Day): number => Date.parse(`${day}T00:00:00Z`) / DAY_MS

/** The day so many days later (or earlier, when negative). */
export const addDays = (day: Day, days: number): Day =>
  new Date((dayNumber(day) + days) * DAY_MS).toISOString().slice(0, 10)

/** The last instant of a day in UTC, in milliseconds since 1970: `dayIn('UTC', …)` of it is still that day. */
export const lastInstantOf = (day: Day): number => (dayNumber(day) + 1) * DAY_MS - 1

/** How long after it began a run may still read, in hours: what is read later is of another day, whatever the run calls it. */
export const RUN_HOURS = 24

/** Whole hours from one instant to another, both in milliseconds. */
export const hoursBetween = (from: number, to: number): number => Math.round((to - from) / HOUR_MS)

/** The calendar day of an instant (milliseconds since 1970) in a time zone (IANA name). */
export function dayIn(timeZone: string, ms: number): Day {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(ms)
}
