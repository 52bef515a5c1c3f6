import { parseDay } from '../core/day.ts'
import { isError } from '../core/errors.ts'
import { s3Objection } from '../core/s3-place.ts'
import { parseAddress } from '../network/address.ts'

/** Whether a text names a zone that the clock knows; offsets such as +02:00 are no names. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

/** The names of all zones there are. */
export const timeZones = (): readonly string[] => ['UTC', ...Intl.supportedValuesOf('timeZone')]

/** Whether a text is a day of the calendar. */
export function isDay(text: string): boolean {
  try {
    return parseDay(text) === text
  } catch {
    return false
  }
}

/** Whether a text is `s3://bucket` or `s3://bucket/prefix`, such as a warehouse can be opened at. */
export const isS3 = (text: string): boolean => s3Objection(text) === undefined

/** What the regions of AWS are called. */
export const REGION = /^[a-z]{2,}(-[a-z]+)+-\d+$/

/** What a region of AWS is called in messages. */
export const REGION_NOUN = 'a region of AWS, such as eu-central-1'

/** Whether a text is a path on this machine: on one line, no URL, and without the shell's ~, which nothing replaces here. */
export const isPath = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  /^(?!~)\S(.*\S)?$/.test(text) && !/[\u0000-\u001f]/.test(text) && !/^[a-z][a-z0-9+.-]+:\//i.test(text)

/** Whether a text is a proxy's address: http or https, a host, and nothing after the port. */
export function isProxyAddress(text: string): boolean {
  if (!/^https?:\/\/[^\s/?#@]+\/?$/i.test(text)) return false
  return URL.canParse(text)
}

/** What of a site stands in its address after /site/: names for people may have spaces. Empty is the default site. */
export const CONTENT_URL = /^[^\s/?#]*$/

/** What a content URL is called in messages. */
export const CONTENT_URL_NOUN = 'a site: the part of its address after /site/, not its display name'

/** A server's address as the client writes it; undefined when `parseAddress` refuses it. */
export function serverOf(text: string): string | undefined {
  try {
    return parseAddress(text).url
  } catch {
    return undefined
  }
}

/** What is wrong with a server's address besides its form; undefined when nothing is. */
export function serverObjection(text: string): string | undefined {
  try {
    parseAddress(text)
    return undefined
  } catch (thrown) {
    if (isError(thrown, 'insecure-address'))
      return /^\s*http:/i.test(text)
        ? 'is not encrypted; plain http is taken for loopback addresses alone'
        : 'is no address of https, which alone is taken (and http for loopback addresses)'
    if (isError(thrown, 'forbidden-address'))
      return 'is a link-local or metadata address, which is never a Tableau server'
    return undefined
  }
}

/** Why Tableau Cloud is not entered with a password. */
export const NO_PASSWORD =
  'Tableau Cloud takes no user name and password from programs; use a personal access token, a connected app or a unified access token'
