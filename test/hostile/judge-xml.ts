import { isDeepStrictEqual } from 'node:util'
import { ParseOption, XmlDocument, XmlElement, XmlParseError } from 'libxml2-wasm'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { RawItem } from '../../lib/core/item.ts'
import { type Answer, openAnswer } from '../../lib/tableau/answer.ts'
import type { PageType } from './pages.ts'
import type { Random } from './random.ts'

type Read = { readonly answer: Answer } | { readonly code: string }

/** How the parser may refuse. */
const CODES: readonly string[] = ['malformed-response', 'response-too-large', 'not-tableau']

/** Reads an answer in pieces that end where `cuts` says. Throws what is no AlmanacError. */
function readIn(cuts: readonly number[], { bytes, shape }: PageType): Read {
  try {
    const reader = openAnswer(shape, 'here')
    let from = 0
    for (const cut of [...cuts, bytes.length]) {
      reader.write(bytes.subarray(from, cut))
      from = cut
    }
    return { answer: reader.end() }
  } catch (thrown) {
    if (thrown instanceof AlmanacError) return { code: thrown.code }
    throw thrown
  }
}

/** A document of Tableau's is UTF-8 whatever its declaration says: others that are declared are refused anyway. */
const OPTIONS = { option: ParseOption.XML_PARSE_IGNORE_ENC }
const FATAL = 3

/** What our parser lets pass, and no row can hide in: the name of an instruction that is none. */
const LAX = /^ParsePI: PI \S+ space expected|^Invalid PI name/

/** What another reader makes of a document; `unsure` where its namespaces are beyond what it can be told. */
type Elsewhere = XmlDocument | 'no XML' | 'unsure'

/**
 * A document by libxml2. Namespaces are a standard on top of XML, which Almanac does not follow: prefixes that nobody
 * declared are declared for it.
 */
function parsedElsewhere(bytes: Buffer, tries = 4): Elsewhere {
  try {
    return XmlDocument.fromBuffer(bytes, OPTIONS)
  } catch (thrown) {
    if (!(thrown instanceof XmlParseError)) throw thrown
    const fatal = thrown.details.filter(({ level }) => level === FATAL)
    if (fatal.length > 0) return fatal.every(({ message }) => LAX.test(message)) ? 'unsure' : 'no XML'
    const missing = new Set(
      [...thrown.message.matchAll(/Namespace prefix (\S+) .*is not defined/g)].map(([, name]) => name),
    )
    if (missing.size === 0 || tries === 0) return 'unsure'
    const declared = [...missing].map((name) => ` xmlns:${name}="urn:${name}"`).join('')
    return parsedElsewhere(
      Buffer.from(bytes.toString().replace(/<([\w:]*tsResponse)/, `<$1${declared}`)),
      tries - 1,
    )
  }
}

/** The ids of the items as an independent reader sees them. */
function idsElsewhere({ bytes, shape: { list, item } }: PageType): string[] | 'no XML' | 'unsure' {
  const document = parsedElsewhere(bytes)
  if (!(document instanceof XmlDocument)) return document
  try {
    const path = ['tsResponse', ...(list === null ? [] : [list]), item]
    return document
      .find(path.map((name) => `/*[local-name()="${name}"]`).join(''))
      .map((node) => (node instanceof XmlElement ? idsOn(node) : '?'))
  } finally {
    document.dispose()
  }
}

/** An attribute `id`, under any prefix. */
const idsOn = ({ attrs }: XmlElement): string =>
  attrs
    .filter(({ name }) => name === 'id' || name.endsWith(':id'))
    .map(({ content }) => plain(content))
    .join()

/** libxml2's binding takes a byte order mark away from where a long text begins, so none counts. */
const plain = (id: string): string => id.replaceAll('\uFEFF', '')
const idOf = (item: RawItem): string => plain([item['@id'] ?? []].flat().join())

/** The differences between a whole reading and one in pieces; none is allowed. */
const isSame = (one: Read, other: Read): boolean =>
  'answer' in one && 'answer' in other
    ? isDeepStrictEqual(one.answer, other.answer)
    : 'code' in one && 'code' in other

/**
 * What is wrong with how an input is read, in words, and undefined when nothing is: it must be refused by a typed error, or
 * taken with the items and ids that an independent reader finds in it, and the same however it is cut into pieces.
 */
export function faultOfPage(page: PageType, random: Random): string | undefined {
  let whole: Read
  try {
    whole = readIn([], page)
    const cuts = Array.from({ length: random.below(6) }, () => random.below(page.bytes.length + 1))
    const inPieces = readIn(
      cuts.sort((a, b) => a - b),
      page,
    )
    if (!isSame(whole, inPieces)) return `read otherwise when cut at ${cuts}`
  } catch (thrown) {
    return `an untyped error: ${thrown instanceof Error ? thrown.stack : String(thrown)}`
  }
  if ('code' in whole) return CODES.includes(whole.code) ? undefined : `refused by ${whole.code}`
  const ids = idsElsewhere(page)
  if (ids === 'unsure') return undefined
  if (ids === 'no XML') return 'taken, and libxml2 takes it for no XML'
  const own = whole.answer.items.map(idOf)
  return isDeepStrictEqual(own, ids) ? undefined : `has the ids ${own}, and libxml2 finds ${ids}`
}

/** Whether the parser took an input at all: a fuzzer that finds nothing taken compares nothing. */
export const isTaken = (page: PageType): boolean => 'answer' in readIn([], page)
