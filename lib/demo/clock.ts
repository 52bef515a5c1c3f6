import { type Day, dayNumber } from '../core/day.ts'
import type { Clock } from '../core/ports.ts'

const DAY_MS = 86_400_000
/** When a night begins, after midnight UTC: the simulated server stands at the same time. */
const NIGHT_MS = 22 * 3_600_000

/** A clock whose day is set and whose time goes on by another's: what is recorded of a night bears the night's day. */
export interface DayClock extends Clock {
  setDay(day: Day): void
}

/** A clock at 22:00 UTC of a day; waits are those of `real`. */
export function dayClock(day: Day, real: Clock): DayClock {
  let [base, since] = [0, 0]
  const setDay = (next: Day): void => {
    base = dayNumber(next) * DAY_MS + NIGHT_MS
    since = real.elapsed()
  }
  setDay(day)
  return {
    now: () => base + Math.round(real.elapsed() - since),
    elapsed: () => real.elapsed(),
    sleep: (milliseconds, signal) => real.sleep(milliseconds, signal),
    setDay,
  }
}
