const HIDDEN = '[hidden]'
/** Tableau's tokens hold `|`, personal access tokens `:` and `=`. */
const TOKEN_LIKE = /[A-Za-z0-9+/_=|:%-]{16,}/g
/** A LUID names a thing and opens nothing; letters alone are a word (German ones get long). */
const HARMLESS = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z:-]+)$/i
const EXCERPT_LENGTH = 80

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** A text on one line, without control characters, of at most `length` characters. */
export function oneLine(text: string, length: number): string {
  const plain = text.replace(CONTROL, ' ').replace(/ {2,}/g, ' ').trim()
  return plain.length > length ? `${plain.slice(0, length)}…` : plain
}

/**
 * A text that a server sent made fit for a message: one line, nothing token-like in it and no secret that is known, at
 * most `length` characters.
 */
export function redacted(text: string, length = EXCERPT_LENGTH): string {
  return oneLine(
    withoutSecrets(text).replace(TOKEN_LIKE, (run) => (HARMLESS.test(run) ? run : HIDDEN)),
    length,
  )
}

/** The shortest part of a secret that is hidden, in characters; a secret that is shorter would hide words. */
const PART = 8
/** As many characters of Base64 are whole in the middle of `PART` bytes, however these lie. */
const PART_BASE64 = 10
/** A process has a few; one that runs for long forgets the oldest. */
const MOST_KNOWN = 64

const hex = (character: string): string => new TextEncoder().encode(character).reduce(hexOf, '')
const hexOf = (text: string, byte: number): string => text + byte.toString(16).padStart(2, '0')
const inJson = (character: string): string => JSON.stringify(character).slice(1, -1)
const code = (character: string): number => character.codePointAt(0) ?? 0
const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** How a text spells a character that repeats a secret. Capitals do not count. */
const SPELLINGS: readonly ((character: string) => string)[] = [
  (character) => character,
  hex,
  encodeURI,
  encodeURIComponent,
  (character) => hex(character).replace(/../g, '%$&'),
  inJson,
  (character) => inJson(inJson(character)),
  (character) => `\\u${code(character).toString(16).padStart(4, '0')}`,
  (character) => NAMED[character] ?? character,
  (character) => `&#${code(character)};`,
  (character) => `&#x${code(character).toString(16)};`,
]

/** Capitals of ASCII alone: any other fold may change a text's length. */
const folded = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

const runs = (characters: readonly string[], length: number): string[] =>
  characters.slice(length - 1).map((_, start) => characters.slice(start, start + length).join(''))

/** Base64 of a text that begins one, two or three bytes into a group, without what its neighbours decide too. */
function inBase64(text: string): string[] {
  const bytes = new TextEncoder().encode(text)
  return [0, 1, 2].flatMap((before) => {
    const whole = btoa(String.fromCharCode(...new Uint8Array(before), ...bytes)).replace(/=+/, '')
    const end = (before + bytes.length) % 3 === 0 ? whole.length : -1
    const own = whole.slice(Math.ceil((before * 4) / 3), end)
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

/** A part that may as well be a word of ours: it is hidden with its neighbours, not by itself. No token is written so. */
const WORD = /^[ _:-]*(?:(?:[A-Z]?[a-z]+|[A-Z]+)(?:[ _:-]+|$))*$/

/**
 * What of a secret opens something: of a webhook's address what comes after the host and is no word, of a key in PEM its
 * Base64, of anything else the whole.
 */
function opening(secret: string): readonly string[] {
  if (secret.includes('-----')) return [...secret.matchAll(/[A-Za-z0-9+/=]{16,}/g)].map(([line]) => line)
  if (!/^https?:\/\//i.test(secret)) return [secret]
  // The scheme, nothing, and the host come first.
  const pieces = secret.split(/[/?&=#]/).slice(3)
  return pieces.filter((piece) => !WORD.test(piece))
}

/** The whole and every part of `PART` characters, in every spelling. */
function partsOf(text: string): string[] {
  const characters = [...text]
  const spelt = [...SPELLINGS.map((spell) => characters.map(spell)), characters.toReversed()]
  const parts = [
    ...spelt.flatMap((each) => runs(each, PART)),
    ...inBase64(text).flatMap((each) => runs([...each], PART_BASE64)),
  ]
  const wholes = spelt.map((each) => each.join(''))
  return [...wholes, ...parts.filter((part) => !WORD.test(part))]
}

/** Parts of secrets by their first characters, each with how many secrets have it. */
type Parts = Map<string, Map<string, number>>

/** The secrets of this process. They stand in no object that anything else can reach. */
const known = new Set<string>()
/** Those among them whose parts are not worked out yet: that is done when a text is looked at next. */
const unread = new Set<string>()
const knownParts: Parts = new Map()

/** Adds the parts of a secret, or takes them away again: all that are known at once would be many times the work. */
function count(secret: string, by: 1 | -1): void {
  for (const part of new Set(opening(secret).flatMap(partsOf).map(folded))) {
    const head = part.slice(0, PART)
    const same = knownParts.get(head) ?? new Map<string, number>()
    const left = (same.get(part) ?? 0) + by
    if (left > 0) knownParts.set(head, same.set(part, left))
    else same.delete(part)
    if (same.size === 0) knownParts.delete(head)
  }
}

function forget(secret: string): void {
  known.delete(secret)
  if (!unread.delete(secret)) count(secret, -1)
}

/**
 * Keeps a secret from showing: from now on `withoutSecrets`, and so every error and every event of a run, hides it. Whoever
 * reads, mints or is given a secret calls this; `secretOf` does.
 */
export function hideFromNowOn(secret: string): void {
  // Half a surrogate pair cannot be spelled in a URL, and is no text that anybody could repeat.
  const text = secret.toWellFormed()
  // The newest stands last, also when it was known.
  const isKnown = known.delete(text)
  known.add(text)
  if (isKnown) return
  unread.add(text)
  for (const oldest of known) if (known.size > MOST_KNOWN) forget(oldest)
}

/** How long the longest part of a secret is that begins there; 0 when none does. */
function partAt(text: string, start: number, parts: Parts): number {
  const found = parts.get(text.slice(start, start + PART))
  if (found === undefined) return 0
  return Math.max(...[...found.keys()].map((part) => (text.startsWith(part, start) ? part.length : 0)))
}

/** Where parts of secrets stand in a text, those that touch as one. */
function secretRuns(text: string, parts: Parts): readonly (readonly [start: number, end: number])[] {
  const found: [number, number][] = []
  for (let start = 0; start + PART <= text.length; start++) {
    const length = partAt(text, start, parts)
    const last = found.at(-1)
    if (length === 0) continue
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], start + length)
    else found.push([start, start + length])
  }
  return found
}

/**
 * A text in which no secret of this process stands, nor eight characters of one in a row, however they are spelled: what a
 * server, a proxy or a webhook repeats of what it was told reads `[hidden]`.
 */
export function withoutSecrets(text: string): string {
  for (const secret of unread) count(secret, 1)
  unread.clear()
  let [clean, done] = ['', 0]
  for (const [start, end] of secretRuns(folded(text), knownParts)) {
    clean += text.slice(done, start) + HIDDEN
    done = end
  }
  return clean + text.slice(done)
}

/** Data of our own (an event, the details of an error) with every text in it `withoutSecrets`. */
export function allWithoutSecrets<T>(value: T): T {
  if (typeof value === 'string') return withoutSecrets(value) as T // a text stays one
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(allWithoutSecrets) as T // and a list
  const entries = Object.entries(value).map(([name, inner]) => [
    withoutSecrets(name),
    allWithoutSecrets(inner),
  ])
  return Object.fromEntries(entries) as T // and a record of plain data
}
