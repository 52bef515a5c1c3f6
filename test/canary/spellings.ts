/** A secret that must show nowhere, and what findings call it. */
export interface Canary {
  readonly name: string
  /** At least as long as `LEAST`. */
  readonly value: string
}

/** A piece of a secret in one spelling. */
export interface Needle {
  readonly secret: string
  readonly spelling: string
  readonly bytes: Buffer
}

/** The shortest part of a secret that counts as a leak, in characters. */
export const LEAST = 8
/** As many characters of Base64 are whole in the middle of `LEAST` bytes, however these lie. */
const LEAST_BASE64 = 10

type Spell = (character: string) => string | Buffer

const hex = (character: string): string => Buffer.from(character).toString('hex')
const units = (character: string): readonly string[] =>
  Array.from({ length: character.length }, (_, i) => character.charCodeAt(i).toString(16).padStart(4, '0'))
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
const percents = (character: string): string => hex(character).replaceAll(/../g, '%$&')
const codeOf = (character: string): number => character.codePointAt(0) ?? 0
const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}
const named: Spell = (character) => NAMED[character] ?? character

/** Spellings that go character by character. */
const BY_CHARACTER: Readonly<Record<string, Spell>> = {
  plain: (character) => character,
  'lower case': (character) => character.toLowerCase(),
  'upper case': (character) => character.toUpperCase(),
  hex,
  'hex in capitals': (character) => hex(character).toUpperCase(),
  'percent where a path must': encodeURI,
  percent: encodeURIComponent,
  'percent in small letters': (character) =>
    encodeURIComponent(character).replaceAll(/%../g, (code) => code.toLowerCase()),
  'percent of a form': (character) => new URLSearchParams({ a: character }).toString().slice(2),
  'percent everywhere': (character) => percents(character).toUpperCase(),
  'percent everywhere in small letters': percents,
  JSON: inJson,
  'JSON within JSON': (character) => inJson(inJson(character)),
  'JSON, escaped beyond ASCII': (character) =>
    codeOf(character) < 128
      ? inJson(character)
      : units(character)
          .map((unit) => `\\u${unit}`)
          .join(''),
  'JSON, all escaped': (character) =>
    units(character)
      .map((unit) => `\\u${unit}`)
      .join(''),
  'JSON, all escaped in capitals': (character) =>
    units(character)
      .map((unit) => `\\u${unit.toUpperCase()}`)
      .join(''),
  'XML by names': named,
  'XML by numbers beyond ASCII': (character) =>
    codeOf(character) < 128 ? named(character) : `&#${codeOf(character)};`,
  'XML by numbers': (character) => `&#${codeOf(character)};`,
  'XML by hexadecimal numbers': (character) => `&#x${codeOf(character).toString(16)};`,
  'XML by hexadecimal numbers in capitals': (character) =>
    `&#x${codeOf(character).toString(16).toUpperCase()};`,
  'UTF-16LE': (character) => Buffer.from(character, 'utf16le'),
  'UTF-16BE': (character) => Buffer.from(character, 'utf16le').swap16(),
  'Latin-1': (character) => Buffer.from(character, 'latin1'),
}

/** All runs of `length` neighbours. */
const runs = <T>(list: readonly T[], length: number): T[][] =>
  Array.from({ length: Math.max(0, list.length - length + 1) }, (_, i) => list.slice(i, i + length))

const joined = (parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))

const spelt = (characters: readonly string[], spell: Spell): Buffer[] =>
  runs(characters.map(spell), LEAST).map(joined)

/** Base64 of the parts of a text that begins one, two or three bytes into a group: only whole characters of it. */
function inBase64(value: string, alphabet: 'base64' | 'base64url'): Buffer[] {
  const bytes = Buffer.from(value)
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString(alphabet)
      .replace(/=+$/, '')
    const last = (before + bytes.length) % 3 === 0 ? text.length : text.length - 1
    const whole = text.slice(Math.ceil((before * 8) / 6), last)
    return runs([...whole], LEAST_BASE64).map(joined)
  })
}

/** The names of all spellings. */
export const SPELLINGS: readonly string[] = [...Object.keys(BY_CHARACTER), 'backwards', 'Base64', 'Base64url']

/**
 * Every part of `LEAST` characters of a secret in every spelling; of parts that two spellings share, the first one has
 * it. Throws RangeError for a secret that is shorter than a part.
 */
export function needlesOf({ name: secret, value }: Canary): readonly Needle[] {
  const characters = [...value]
  if (characters.length < LEAST) throw new RangeError(`${secret} is too short to be looked for`)
  const each: readonly (readonly [string, Buffer[]])[] = [
    ...Object.entries(BY_CHARACTER).map(([spelling, spell]) => [spelling, spelt(characters, spell)] as const),
    ['backwards', spelt(characters.toReversed(), (character) => character)],
    ['Base64', inBase64(value, 'base64')],
    ['Base64url', inBase64(value, 'base64url')],
  ]
  const found = new Map<string, Needle>()
  for (const [spelling, parts] of each)
    for (const bytes of parts) {
      const key = bytes.toString('latin1')
      if (!found.has(key)) found.set(key, { secret, spelling, bytes })
    }
  return [...found.values()]
}

/** A whole text in one of the spellings that go character by character. Throws RangeError for any other. */
export function spell(spelling: string, text: string): Buffer {
  const by = BY_CHARACTER[spelling]
  if (by === undefined) throw new RangeError(`"${spelling}" does not go character by character`)
  return joined([...text].map(by))
}
