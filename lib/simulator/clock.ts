import { dayNumber, readingTime } from './calendar.ts'

const DAY_MS = 86_400_000
const STEP_MS = 20

/** The simulated server's clock. Its day is set; within the day it never goes back. */
export type Clock = {
  /** Milliseconds since 1970. */
  now(): number
  /** One request went by. */
  tick(): void
  /** Lets minutes pass. */
  pass(minutes: number): void
  /** Goes to the time at which this day is read first, 22:00 UTC. */
  setDay(day: string): void
}

/** A clock that goes as this machine's does, from the time at which a day is read first once one is set. */
export const realClock = (): Clock => {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    tick: () => undefined,
    pass: (minutes) => {
      ahead += minutes * 60_000
    },
    setDay: (next) => {
      ahead = readingTime(dayNumber(next)) - Date.now()
    },
  }
}

/** A clock that stands at 22:00 UTC of a day, moves on with each request, and stays within the day. */
export const clockOf = (day: string): Clock => {
  let now = readingTime(dayNumber(day))
  const forward = (ms: number): void => {
    const lastOfDay = Math.floor(now / DAY_MS) * DAY_MS + DAY_MS - 1000
    now = Math.min(now + ms, lastOfDay)
  }
  return {
    now: () => now,
    tick: () => forward(STEP_MS),
    pass: (minutes) => forward(minutes * 60_000),
    setDay: (next) => {
      now = readingTime(dayNumber(next))
    },
  }
}
