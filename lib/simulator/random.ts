/** A stream of random numbers that depends on its seed alone. */
export type Random = {
  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number
  /** A number from 0 up to, not including, 1. */
  unit(): number
  /** True with this probability (0..1). */
  chance(probability: number): boolean
  /** One of a list that must not be empty. */
  pick<T>(list: readonly T[]): T
}

/** What a stream can be named by. */
export type Part = string | number

const mix = (state: number, value: number): number => {
  let x = Math.imul(state ^ value ^ 0x9e3779b9, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

const mixText = (state: number, text: string): number => {
  let x = mix(state, text.length)
  for (let i = 0; i < text.length; i++) x = mix(x, text.charCodeAt(i))
  return x
}

/** A 32-bit hash of a path such as `(seed, 'churn', day)`. One-to-one in a last numeric part. */
export const hash = (...parts: readonly Part[]): number => {
  let x = 0x2545f491
  for (const part of parts) x = typeof part === 'number' ? mix(x, part) : mixText(x, part)
  return x
}

/** The element at an index that the caller knows to exist; throws RangeError when it does not. */
export const at = <T>(list: ArrayLike<T>, index: number): T => {
  const found = list[index]
  if (found === undefined) throw new RangeError(`simulator: no element ${index} in a list of ${list.length}`)
  return found
}

/** The random stream of a path; the same path always gives the same stream (the public generator sfc32). */
export const randomOf = (...path: readonly Part[]): Random => {
  let a = hash(...path, 1)
  let b = hash(...path, 2)
  let c = hash(...path, 3)
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  const unit = (): number => next() / 4294967296
  const below = (bound: number): number => Math.floor(unit() * bound)
  return {
    below,
    unit,
    chance: (probability) => unit() < probability,
    pick: (list) => at(list, below(list.length)),
  }
}

/** A fraction of a count as a whole number, rounded up or down by chance so that it is right on average. */
export const share = (random: Random, count: number, rate: number): number =>
  Math.floor(count * rate + random.unit())

const hex = (word: number): string => word.toString(16).padStart(8, '0')

/** Makes the LUIDs of one kind of object: one per serial number, never twice (each word is one-to-one). */
export const luids = (seed: Part, kind: string): ((serial: number) => string) => {
  const bases = [1, 2, 3, 4].map((word) => hash(seed, kind, word))
  return (serial) => {
    const text = bases.map((base) => hex(mix(base, serial))).join('')
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`
  }
}
