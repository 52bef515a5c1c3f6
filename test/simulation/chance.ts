/** Chance that a seed decides: the same seed gives the same numbers, always. */
export interface Chance {
  /** From 0 up to 1. */
  next(): number
  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number
  /** True with this probability. */
  flip(probability: number): boolean
  pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T
}

/** Chance from a seed (mulberry32: 32 bits of state, public domain). */
export function chanceOf(seed: number): Chance {
  let state = (seed * 0x9e3779b1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    flip: (probability) => next() < probability,
    pick: (choices) => {
      const chosen = choices[below(choices.length)]
      if (chosen === undefined) throw new Error('nothing to pick from')
      return chosen
    },
  }
}
