import { isTimeZone, timeZones } from './value.ts'
import { shown, wrong } from './words.ts'

/** What a time zone's name is called in messages. */
const NOUN = 'an IANA time zone'

/** `UTC+1`, `GMT-03:30`, `+02:00`. */
const OFFSET = /^(?:UTC|GMT)? ?([+-])(\d{1,2})(?::?(\d{2}))?$/i

/** The zone of a city that stands there without its continent: `Berlin`, `new york`. */
function zoneOfCity(text: string): string | undefined {
  const city = `/${text.trim().toLowerCase().replace(/\s+/g, '_')}`
  return timeZones().find((name) => name.toLowerCase().endsWith(city))
}

/** The zone of whole hours from UTC; their names count the other way round (IANA tz database, file `etcetera`). */
function zoneOfOffset([, sign, hours, minutes = '00']: readonly (string | undefined)[]): string | undefined {
  const name = `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`
  return minutes === '00' && isTimeZone(name) ? name : undefined
}

function wrongOffset(text: string, offset: readonly (string | undefined)[]): string {
  const fixed = zoneOfOffset(offset)
  const or = fixed === undefined ? '' : `, or "${fixed}" for that offset the whole year`
  return `${shown(text)} is no IANA time zone; it takes a city, such as "Europe/Berlin"${or}`
}

/** What is wrong with a value that is no time zone, and the zone that was probably meant. */
export function wrongTimeZone(value: unknown): string {
  if (typeof value !== 'string') return wrong(value, NOUN)
  const offset = OFFSET.exec(value)
  if (offset !== null) return wrongOffset(value, offset)
  return wrong(value, NOUN, timeZones(), zoneOfCity(value))
}
