import { slugFor } from './slug.ts'
import type { Path } from './words.ts'

/** An object of the file, whose shape may still be wrong: what is not as it should be is passed over. */
export type Draft = Readonly<Record<string, unknown>>

/** A place of the file and what is wrong there; the message goes on after the path. */
export type Said = readonly [path: Path, message: string]

const NOTHING: Draft = {}

/** Whether a value of the file is an object. */
export const isObject = (value: unknown): value is Draft =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value if it is an object, else an empty one. */
export const object = (value: unknown): Draft => (isObject(value) ? value : NOTHING)

/** The value if it is a list, else an empty one. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The value if it is a text, else undefined. */
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** The slug a site will have, given or made of its content URL; undefined when it has none. */
export const slugIn = (site: Draft): string | undefined =>
  text(site['slug']) ?? ('slug' in site ? undefined : slugFor(text(site['site']) ?? ''))
