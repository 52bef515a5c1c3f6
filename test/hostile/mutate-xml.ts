import { PAGE_TYPES, type PageType } from './pages.ts'
import type { Random } from './random.ts'

/** What XML readers have stumbled over, and what means something in Tableau's answers. */
const TOKENS: readonly (string | Buffer)[] = [
  ...[
    '<',
    '>',
    '/',
    '&',
    '"',
    "'",
    '=',
    ' ',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\0',
    '\u0001',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\ufffe',
    '😀',
  ],
  ...['&amp;', '&lt;', '&#0;', '&#10;', '&#x1F600;', '&#xD800;', '&#x110000;', '&nbsp;', '&a;', '&#', '&'],
  ...[
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '--',
    '<?',
    '?>',
    '<?xml version="1.1"?>',
    '<!DOCTYPE a [<!ENTITY a "b">]>',
    '<!',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'xmlns',
    'xmlns:a="b"',
    'a:id="x"',
    'xsi:id="x"',
    ' id="x"',
    'id',
    'x:',
  ],
  ...[
    '<tsResponse>',
    '</tsResponse>',
    '<users>',
    '</users>',
    '<user id="x"/>',
    '<user id="x">',
    '</user>',
    '<a>',
    '</a>',
    '<a/>',
  ],
  ...[
    '<pagination pageNumber="1" pageSize="1" totalAvailable="1"/>',
    '<error code="404018"/>',
    '<warnings/>',
    '<html>',
  ],
  ...['1e999', '-1', '99999999999999999999', 'NaN', 'true', 'encoding="latin1"', 'standalone="no"'],
  ...[[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff], [0x80], [0xf4, 0x90, 0x80, 0x80], [0xef, 0xbb, 0xbf]].map(
    (bytes) => Buffer.from(bytes),
  ),
]

type Mutation = (bytes: Buffer, random: Random) => Buffer

/** Two places in a buffer, the first not after the second; ranges are short as a rule. */
function range({ length }: Buffer, random: Random): [number, number] {
  const from = random.below(length + 1)
  const most = random.chance(80) ? 40 : length
  return [from, Math.min(length, from + random.below(most + 1))]
}

const put = (bytes: Buffer, at: number, until: number, piece: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(until)])

const BYTES: readonly Mutation[] = [
  (bytes, random) => {
    const changed = Buffer.from(bytes)
    const at = random.below(bytes.length)
    changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8))
    return changed
  },
  (bytes, random) => {
    const changed = Buffer.from(bytes)
    changed[random.below(bytes.length)] = random.below(256)
    return changed
  },
  (bytes, random) => put(bytes, ...range(bytes, random), Buffer.alloc(0)),
  (bytes, random) => {
    const [from, until] = range(bytes, random)
    return put(bytes, from, from, bytes.subarray(from, until))
  },
  (bytes, random) => {
    const [from, until] = range(bytes, random)
    return put(bytes, random.below(bytes.length + 1), from, bytes.subarray(from, until))
  },
  (bytes, random) => {
    const other = random.pick(PAGE_TYPES).bytes
    return put(bytes, ...range(bytes, random), other.subarray(...range(other, random)))
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1)
    return put(bytes, at, at, Buffer.from(random.pick(TOKENS)))
  },
  (bytes, random) => put(bytes, ...range(bytes, random), Buffer.from(random.pick(TOKENS))),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const [from, until] = range(bytes, random)
    const piece = bytes.subarray(from, Math.min(until, from + 40))
    return put(bytes, from, from, Buffer.concat(Array.from({ length: random.below(300) }, () => piece)))
  },
]

/** A document as its tags and what stands between them. */
const pieces = (bytes: Buffer): string[] => bytes.toString().match(/<[^>]*>|[^<]+/g) ?? ['']
const joined = (parts: readonly string[]): Buffer => Buffer.from(parts.join(''))
const tagsIn = (parts: readonly string[]): number[] =>
  parts.flatMap((part, at) => (part.startsWith('<') ? [at] : []))

/** Changes one tag of a document. */
const onTag =
  (change: (tag: string, random: Random) => string): Mutation =>
  (bytes, random) => {
    const parts = pieces(bytes)
    const tags = tagsIn(parts)
    if (tags.length === 0) return bytes
    const at = random.pick(tags)
    parts[at] = change(parts[at] ?? '', random)
    return joined(parts)
  }

/** An attribute of a tag that is changed as told; a tag without any gets one. */
const onAttribute = (change: (name: string, value: string, random: Random) => string): Mutation =>
  onTag((tag, random) => {
    const found = [...tag.matchAll(/ ([\w:]+)="([^"]*)"/g)]
    if (found.length === 0) return tag.replace(/(\/?>)$/, ' a="b"$1')
    const [whole = '', name = '', value = ''] = random.pick(found)
    return tag.replace(whole, change(name, value, random))
  })

const NAMES = [
  'user',
  'users',
  'site',
  'tsResponse',
  'pagination',
  'error',
  'owner',
  'tags',
  '__proto__',
  'x:user',
  'a',
]

const MARKUP: readonly Mutation[] = [
  onTag(() => ''),
  onTag((tag) => tag + tag),
  onTag((tag, random) =>
    tag.replace(/^<(\/?)[\w:]+/, (_, slash: string) => `<${slash}${random.pick(NAMES)}`),
  ),
  onTag((tag) => tag.replace(/\/>$/, '>')),
  onTag((tag) => tag.replace(/([^/])>$/, '$1/>')),
  onTag((tag, random) => `<${random.pick(NAMES)}>${tag}`),
  onTag((tag, random) => `${tag}<${random.pick(NAMES)} id="i${random.below(9)}"/>`),
  onTag((tag, random) => `${tag}<!--${random.pick(['', ' a ', '<b>', '-'])}-->`),
  onTag((tag, random) => `${tag}<![CDATA[${random.pick(['', ' ', 'x', '<b>', ']]'])}]]>`),
  onTag((tag, random) => tag + random.pick(['x', ' ', '&#32;', '&#65;', '&amp;', '\n'])),
  onTag((tag) => tag.replace(/="([^"']*)"/g, "='$1'")),
  onTag((tag) => tag.replace(/^<(\/?)(?=\w)/, '<$1t:')),
  onAttribute(() => ''),
  onAttribute((name, value) => ` ${name}="${value}" ${name}="${value}"`),
  onAttribute((name, value) => ` ${name}="${value}" x:${name}="other"`),
  onAttribute((name, _, random) => ` ${name}="${String(random.pick(TOKENS))}"`),
  onAttribute(
    (_, value, random) => ` ${random.pick(['id', 'a', '__proto__', 'xmlns', 'xml:id', 'x:y'])}="${value}"`,
  ),
  onAttribute((name, value, random) => ` ${name}="${value.repeat(random.below(60))}"`),
  (bytes, random) => {
    const parts = pieces(bytes)
    const [from, to] = [random.below(parts.length), random.below(parts.length)]
    ;[parts[from], parts[to]] = [parts[to] ?? '', parts[from] ?? '']
    return joined(parts)
  },
  (bytes, random) => {
    const parts = pieces(bytes)
    const from = random.below(parts.length)
    const moved = parts.splice(from, random.below(6))
    parts.splice(random.below(parts.length + 1), 0, ...moved)
    return joined(parts)
  },
  (bytes) => Buffer.from(bytes.toString().replace('UTF-8', 'us-ascii')),
  (bytes, random) => Buffer.from(bytes.toString(), random.pick(['latin1', 'utf16le'] as const)),
]

/** A page that was changed one to six times. */
export function mutatedPage(random: Random): PageType {
  const { name, bytes, shape } = random.pick(PAGE_TYPES)
  let changed: Buffer = bytes
  for (let times = 1 + random.below(random.chance(50) ? 2 : 6); times > 0; times--)
    changed = random.pick(random.chance(60) ? MARKUP : BYTES)(changed, random)
  return { name, bytes: changed, shape }
}
