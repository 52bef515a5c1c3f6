import { parseKey } from '../core/keys.ts'
import { oneLine, redacted } from '../core/redact.ts'

/** Marks that show nothing, or turn the direction of what follows: with them a name can look like another. */
const UNSEEN = /\u00ad|\u061c|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
/** Columns, entities and environment variables: letters and underscores are as harmless as letters alone. */
const NAME = /^\W*[A-Za-z]+(_[A-Za-z]+)*\W*$/
const ORIGIN = /^https?:\/\/[^/?#@]+(?=[/?#]|$)/i

/** An address keeps its host, and of its path what is not token-like, piece by piece. */
function cleanAddress(origin: string, rest: string): string {
  const pieces = rest.split(/([/?#&=]+)/)
  return origin + pieces.map((piece) => redacted(piece, piece.length)).join('')
}

function cleanWord(word: string): string {
  const origin = ORIGIN.exec(word)?.[0]
  if (origin !== undefined) return cleanAddress(origin, word.slice(origin.length))
  if (NAME.test(word)) return word
  // A key of the warehouse is long and opens nothing; it says which object is meant.
  return parseKey(word) === undefined ? redacted(word, word.length) : word
}

/**
 * A text fit to leave the house: one line of at most `length` characters, nothing token-like and nothing unseen in it.
 * Hosts and keys of the warehouse stay, since the reader needs them.
 */
export function cleaned(text: string, length: number): string {
  const words = text.replace(UNSEEN, '').split(/\s+/).map(cleanWord)
  return oneLine(words.join(' '), length).toWellFormed()
}

/** A text of our own making (a command, an owner) on one line; it is not cut, since half a command is worse than none. */
export const plain = (text: string): string =>
  oneLine(text.replace(UNSEEN, ''), Number.POSITIVE_INFINITY).toWellFormed()
