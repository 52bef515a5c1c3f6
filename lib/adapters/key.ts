import { AlmanacError } from '../core/errors.ts'
import type { ObjectInfo } from '../core/ports.ts'

/** 140 leaves room, within the 255 bytes of a file name, for the what a marker adds. */
const SEGMENT = /^[A-Za-z0-9_=-][A-Za-z0-9_=.-]{0,139}$/
const START_OF_SEGMENT = /^(?:[A-Za-z0-9_=-][A-Za-z0-9_=.-]{0,139})?$/
const DEVICE_OF_WINDOWS = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i
/** S3 allows 1,024 bytes; the rest is for a prefix that a bucket may put before. */
const LONGEST_KEY = 900

/** Whether a text can be one segment of a key, and so a file's or folder's name on every system. */
export const isSegment = (text: string): boolean =>
  SEGMENT.test(text) && !text.endsWith('.') && !DEVICE_OF_WINDOWS.test(text)

function refuse(what: string, text: string): never {
  throw new AlmanacError(
    'internal',
    `${what} ${JSON.stringify(text.slice(0, LONGEST_KEY))} is none of a warehouse`,
  )
}

/** Whether a text can be the key of an object in a warehouse. */
export const isKey = (text: string): boolean => text.length <= LONGEST_KEY && text.split('/').every(isSegment)

/**
 * Lets a key pass that means the same object in every store: segments of letters, digits, `_`, `=`, `-` and `.`
 * (none at the start or end), separated by `/`. Throws `internal` for any other: keys are built by core/keys.ts alone.
 */
export function checkKey(key: string): void {
  if (!isKey(key)) refuse('key', key)
}

/** Lets the beginning of a key pass, which may end inside a segment or be empty. Throws `internal` for any other. */
export function checkPrefix(prefix: string): void {
  const segments = prefix.split('/')
  const last = segments.pop() ?? ''
  if (prefix.length > LONGEST_KEY || !segments.every(isSegment) || !START_OF_SEGMENT.test(last))
    refuse('prefix', prefix)
}

/** The order of listings: that of the keys' code units. */
export const byKey = (a: ObjectInfo, b: ObjectInfo): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
