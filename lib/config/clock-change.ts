const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/**
 * The year whose clocks are asked: one of the years to come, for which the tz database repeats the rules in force. Which
 * of them does not matter, and a fixed one gives the same answer today and tomorrow.
 */
const YEAR_BEGINS = Date.UTC(2030, 0, 1)
const DAYS = Array.from({ length: 365 }, (_, day) => YEAR_BEGINS + day * DAY)

/** How far a zone is ahead of UTC at an instant, in milliseconds. */
function offsetIn(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  return (instant) => {
    // `1/1/2030, GMT+01:00`; UTC itself is `GMT` alone.
    const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d+):(\d+)/.exec(format.format(instant)) ?? []
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE
  }
}

/**
 * Whether a time of day (`HH:MM`) is missing on some day of the year in a time zone, or comes twice, since clocks are
 * put forward or back over it; undefined when each day has it once.
 */
export function clockChangeAt(timeZone: string, at: string): 'missing' | 'twice' | undefined {
  const offsetAt = offsetIn(timeZone)
  const offsets = [...new Set(DAYS.map(offsetAt))]
  if (offsets.length === 1) return undefined
  const [hours, minutes] = at.split(':').map(Number)
  const intoDay = ((hours ?? 0) * 60 + (minutes ?? 0)) * MINUTE
  const counts = DAYS.map((day) => {
    const wall = day + intoDay
    return offsets.filter((offset) => offsetAt(wall - offset) === offset).length
  })
  if (counts.includes(0)) return 'missing'
  return counts.some((count) => count > 1) ? 'twice' : undefined
}
