const DAY_MS = 86_400_000
const DAY_S = 86_400

/** Seconds after midnight UTC at which a day's changes are over and the site is read: 22:00:00. */
export const READ_AT_S = 79_200

/** A day `YYYY-MM-DD` as days since 1970-01-01; throws RangeError when it is not a day of the calendar. */
export const dayNumber = (day: string): number => {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day) {
    throw new RangeError(`simulator: '${day}' is not a day; write YYYY-MM-DD`)
  }
  return ms / DAY_MS
}

/** The day `YYYY-MM-DD` of a day number. */
export const dayName = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10)

const two = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'))
const names = new Map<number, string>()

const nameOnce = (number: number): string => {
  const name = names.get(number) ?? dayName(number)
  names.set(number, name)
  return name
}

/** An instant as Tableau writes it, `YYYY-MM-DDTHH:MM:SSZ`, from a day number and whole seconds after its midnight. */
export const instant = (day: number, seconds: number): string => {
  const rest = seconds % DAY_S
  const clock = `${two[Math.floor(rest / 3600)]}:${two[Math.floor(rest / 60) % 60]}:${two[rest % 60]}`
  return `${nameOnce(day + Math.floor(seconds / DAY_S))}T${clock}Z`
}

/** Milliseconds since 1970 at which a day is read first. */
export const readingTime = (day: number): number => day * DAY_MS + READ_AT_S * 1000
