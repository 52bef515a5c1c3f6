/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** A whole number from 0 up to, and not including, a limit. */
  below(limit: number): number
  /** One of a list, which must not be empty. */
  of<T>(list: readonly T[]): T
}

/** A small generator (mulberry32), so that the number of a case is all that is needed to repeat it. */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    of: (list) => {
      const one = list[below(list.length)]
      if (one === undefined) throw new Error('an empty list has nothing to choose')
      return one
    },
  }
}
