import { parseDay } from '../core/day.ts'
import { isError } from '../core/errors.ts'
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

/** Names of buckets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^s3:\/\/(?!(\d+\.){3}\d+(\/|$))(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/|$)/
const PREFIX = /^s3:\/\/[^/]+(\/[A-Za-z0-9!_.*'()-]+)*\/?$/

/** Whether a text is `s3://bucket` or `s3://bucket/prefix`, of characters that need no encoding. */
export const isS3 = (text: string): boolean =>
  BUCKET.test(text) && PREFIX.test(text) && !/\/\.{1,2}(\/|$)/.test(text)

/** Whether a text is a path on this machine: on one line, no URL, and without the shell's ~, which nothing replaces here. */
export const isPath = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  /^(?!~)\S(.*\S)?$/.test(text) && !/[\u0000-\u001f]/.test(text) && !/^[a-z][a-z0-9+.-]+:\/\//i.test(text)

/** Whether a text is a proxy's address: http or https, a host, and nothing after the port. */
export function isProxyAddress(text: string): boolean {
  if (!/^https?:\/\/[^\s/?#@]+\/?$/i.test(text)) return false
  return URL.canParse(text)
}

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
      return 'is not encrypted; plain http is taken for loopback addresses alone'
    if (isError(thrown, 'forbidden-address'))
      return 'is a link-local or metadata address, which is never a Tableau server'
    return undefined
  }
}

/** Whether a server is Tableau Cloud: `online.tableau.com` or a host below it. */
export const isTableauCloud = (server: string): boolean =>
  /(^|\.)online\.tableau\.com\.?$/.test(new URL(server).hostname)

/** Why Tableau Cloud is not entered with a password. */
export const NO_PASSWORD =
  'Tableau Cloud takes no user name and password from programs; use a personal access token, a connected app or a unified access token'
