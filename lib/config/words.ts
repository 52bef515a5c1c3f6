import { oneLine } from '../core/redact.ts'
import { mayShow } from './plaintext.ts'

const HIDDEN = '[hidden]'
const LONGEST = 60
const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/

/** A value as a message shows it: short, on one line; what may be a secret is not repeated. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return mayShow(value) ? `"${oneLine(value, LONGEST)}"` : HIDDEN
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** A place in the file, from the root: names of properties and positions in lists. */
export type Path = readonly (string | number)[]

const segmentText = (segment: string | number): string => {
  if (typeof segment === 'number') return `[${segment}]`
  return PLAIN_NAME.test(segment) && mayShow(segment) ? `.${segment}` : `[${shown(segment)}]`
}

/** A place as people write it: `sites[0].timeZone`; '' is the whole file. */
export const pathText = (path: Path): string => path.map(segmentText).join('').replace(/^\./, '')

/** How many letters must be added, removed or replaced, or swapped with their neighbour, to make one text of the other. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : replaced
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row.at(-1) ?? 0
}

/** The name that was probably meant, whatever its case; undefined when none is near. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  if (text.length > LONGEST) return undefined
  const asked = text.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(text.length / 3)) + 1
  for (const name of names) {
    const far = distance(asked, name.toLowerCase())
    if (far >= least) continue
    least = far
    best = name
  }
  return best
}

/**
 * What is wrong with a value that is not `noun` (`an IANA time zone`, `one of a, b`); undefined means that it is missing.
 * `near` is the value that was probably meant, where that is known better than by the letters of the names.
 */
export function wrong(value: unknown, noun: string, names: readonly string[] = [], near?: string): string {
  if (value === undefined) return `is missing; it takes ${noun}`
  const is = noun.startsWith('one of ') ? `none of ${noun.slice(7)}` : noun.replace(/^an? /, 'no ')
  const meant = typeof value === 'string' && mayShow(value) ? (near ?? nearest(value, names)) : undefined
  return `${shown(value)} is ${is}${meant === undefined ? '' : `; the nearest is "${meant}"`}`
}

/** What is wrong with a property that nothing knows. */
export function unknown(name: string, names: readonly string[]): string {
  const meant = mayShow(name) ? nearest(name, names) : undefined
  return meant === undefined
    ? `is no property here; there are ${names.join(', ')}`
    : `is no property here; the nearest is "${meant}"`
}
