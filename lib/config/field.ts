import * as z from 'zod'
import { unknown, wrong } from './words.ts'

/** What zod hands to whoever words a message. */
export interface Issue {
  readonly code?: string | undefined
  readonly input?: unknown
  readonly keys?: readonly string[] | undefined
}

type Words = { readonly error: (issue: Issue) => string }

/** The message of a field that takes `noun`, whatever was wrong with it. */
export const takes = (noun: string, names?: () => readonly string[]): Words => ({
  error: ({ input }) => wrong(input, noun, names?.()),
})

/** A text of that pattern. */
export const shaped = (noun: string, pattern: RegExp) => z.string(takes(noun)).regex(pattern, takes(noun))

/** A text on one line, without white space at its ends. */
export const line = (noun: string) => shaped(noun, /^\S(.*\S)?$/)

/** A text of which code decides whether it will do. */
export const worded = (noun: string, isSo: (text: string) => boolean, names?: () => readonly string[]) =>
  z.string(takes(noun, names)).min(1, takes(noun)).refine(isSo, takes(noun, names))

/** One of a few texts. */
export const oneOf = <const N extends readonly string[]>(names: N) =>
  z.enum(
    names,
    takes(`one of ${names.join(', ')}`, () => names),
  )

/** A list of such items, at least one; `noun` is what they are called together. */
export const several = <I extends z.ZodType>(noun: string, item: I) => {
  const words = takes(`a list of ${noun}, at least one`)
  return z.array(item, words).min(1, words)
}

/** A number of a range; a whole one unless said otherwise. */
export function number(from: number, to: number, isWhole = true) {
  const words = takes(`a ${isWhole ? 'whole ' : ''}number from ${from} to ${to}`)
  return (isWhole ? z.int(words) : z.number(words)).min(from, words).max(to, words)
}

/** An object of these properties and no others. The message on unknown ones has a line for each of them. */
export function closed<S extends z.core.$ZodLooseShape>(noun: string, shape: S) {
  const names = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue: Issue) =>
      issue.code === 'unrecognized_keys'
        ? (issue.keys ?? []).map((key) => unknown(key, names)).join('\n')
        : wrong(issue.input, noun),
  })
}
