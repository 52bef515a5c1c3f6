/** A seeded source of numbers: the same seed gives the same numbers, on any machine. */
export interface Random {
  /** A whole number from 0 up to, and without, `end`. */
  below(end: number): number
  /** One of these; throws when there are none. */
  pick<T>(from: readonly T[]): T
  /** True so many times out of a hundred. */
  chance(percent: number): boolean
}

/** Mulberry32, a generator of 32 bits by Tommy Ettinger (public domain). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (end: number): number => Math.floor(next() * end)
  return {
    below,
    pick: (from) => {
      const found = from[below(from.length)]
      if (found === undefined) throw new Error('nothing to pick from')
      return found
    },
    chance: (percent) => below(100) < percent,
  }
}
