import { randomOf } from '../../lib/simulator/random.ts'
import type { Canary } from './spellings.ts'

/** What every spelling treats in a way of its own. */
const SPECIAL = '"<&+/ =é'
/** The same as far as a header of HTTP takes it. */
const SPECIAL_IN_HEADERS = '"<&+/='
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Makes secrets that nobody can mistake, always the same for the same seed. */
export interface Mint {
  /** Letters and digits. */
  plain(name: string, length?: number): Canary
  /** With all the characters that spellings differ in between its letters. */
  special(name: string): Canary
  /** The same for a header of HTTP. */
  header(name: string): Canary
}

/** A mint of a seed; every name has its own secret. */
export function mintOf(seed: string): Mint {
  const lettersOf = (name: string, length: number): string => {
    const random = randomOf(seed, name)
    return Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join('')
  }
  const sprinkled = (name: string, characters: string): string =>
    lettersOf(name, 20 + 4 * characters.length).replace(
      /^(.{12})(.*)(.{8})$/,
      (_, start: string, middle: string, end: string) =>
        start + [...characters].map((each, i) => each + middle.slice(4 * i, 4 * i + 4)).join('') + end,
    )
  return {
    plain: (name, length = 32) => ({ name, value: lettersOf(name, length) }),
    special: (name) => ({ name, value: sprinkled(name, SPECIAL) }),
    header: (name) => ({ name, value: sprinkled(name, SPECIAL_IN_HEADERS) }),
  }
}

/** The parts of a private key in PEM that are its own: neither the armour nor what all keys of a kind begin with. */
export const keyCanary = (name: string, pem: string): Canary => ({
  name,
  value: pem.split('\n').slice(2, -2).join(''),
})

/** The parts of a token that opens: what it says of itself, and its signature; not the header that many share. */
export const jwtCanaries = (name: string, jwt: string): readonly Canary[] =>
  jwt
    .split('.')
    .slice(1)
    .map((value, part) => ({ name: `${name}, ${part === 0 ? 'claims' : 'signature'}`, value }))
