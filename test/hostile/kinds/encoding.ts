import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import {
  either,
  HARMLESS,
  headed,
  type Kind,
  kindsOn,
  type Line,
  MALFORMED,
  READ,
  refused,
  text,
} from '../spoil.ts'

const NOT_TABLEAU = refused('not-tableau')
const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16()
const BOM = '\uFEFF'
const utf16 = (xml: string): string => xml.replace('UTF-8', 'UTF-16')
const bytesInItem = (...bytes: readonly number[]) =>
  text((xml) => {
    const at = xml.indexOf('</tsResponse>')
    return Buffer.concat([
      Buffer.from(`${xml.slice(0, at)}<a b="`),
      Buffer.from(bytes),
      Buffer.from(`"/>${xml.slice(at)}`),
    ])
  })
const declared = (encoding: string) => text((xml) => xml.replace('UTF-8', encoding))
const bomb = (xml: string): string =>
  xml.replace('?>', '?><!DOCTYPE t [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>')

const CHARACTERS: readonly Line[] = [
  ['begins with a byte order mark', text((xml) => BOM + xml), HARMLESS],
  ['begins with two byte order marks', text((xml) => BOM + BOM + xml), either('malformed-response')],
  ['ends with a byte order mark', text((xml) => xml + BOM), MALFORMED],
  ['is UTF-16 with its mark', text((xml) => Buffer.from(BOM + utf16(xml), 'utf16le')), MALFORMED],
  ['is UTF-16 without a mark', text((xml) => Buffer.from(utf16(xml), 'utf16le')), MALFORMED],
  [
    'is UTF-16, the big end first',
    text((xml) => swapped(Buffer.from(BOM + utf16(xml), 'utf16le'))),
    MALFORMED,
  ],
  ['is UTF-16 with a DOCTYPE', text((xml) => Buffer.from(BOM + utf16(bomb(xml)), 'utf16le')), MALFORMED],
  [
    'is UTF-16 with a DOCTYPE, the big end first',
    text((xml) => swapped(Buffer.from(BOM + utf16(bomb(xml)), 'utf16le'))),
    MALFORMED,
  ],
  [
    'is UTF-16, said in the header',
    headed({ 'content-type': 'text/xml; charset=utf-16' }, (xml) => Buffer.from(BOM + utf16(xml), 'utf16le')),
    MALFORMED,
  ],
  [
    'is UTF-32',
    text((xml) =>
      Buffer.concat(
        [...xml].map((letter) =>
          Buffer.from([...Buffer.from(letter.charCodeAt(0).toString(16).padStart(8, '0'), 'hex')]),
        ),
      ),
    ),
    MALFORMED,
  ],
  ['is Latin 1 undeclared', bytesInItem(0xe9), MALFORMED],
  ['is declared ISO-8859-1', declared('ISO-8859-1'), MALFORMED],
  ['is declared windows-1252', declared('windows-1252'), MALFORMED],
  ['is declared UTF-16 and is not', declared('UTF-16'), MALFORMED],
  ['is declared UTF-7', declared('UTF-7'), MALFORMED],
  ['is declared in an encoding of no name', declared(''), MALFORMED],
  ['is declared utf8', declared('utf8'), HARMLESS],
  ['is declared US-ASCII', declared('US-ASCII'), HARMLESS],
  ['has an overlong slash', bytesInItem(0xc0, 0xaf), MALFORMED],
  ['has an overlong zero', bytesInItem(0xc0, 0x80), MALFORMED],
  ['has a surrogate in UTF-8', bytesInItem(0xed, 0xa0, 0x80), MALFORMED],
  ['has a byte that goes on with nothing', bytesInItem(0x80), MALFORMED],
  ['has half a character', bytesInItem(0xf0, 0x9f, 0x98), MALFORMED],
  ['has a byte that is never UTF-8', bytesInItem(0xff), MALFORMED],
  ['has a character beyond Unicode', bytesInItem(0xf4, 0x90, 0x80, 0x80), MALFORMED],
  ['has a zero byte in a value', bytesInItem(0x00), MALFORMED],
  ['has a control character in a value', bytesInItem(0x01), MALFORMED],
  ['has a non-character in a value', bytesInItem(0xef, 0xbf, 0xbe), MALFORMED],
  ['has an escape in a value', bytesInItem(0x1b, 0x5b, 0x32, 0x4a), MALFORMED],
  [
    'has every kind of character',
    text((xml) => xml.replace('</tsResponse>', '<a b="é王👩‍👩‍👧\u202e\u0085\u2028\ud7ff"/></tsResponse>')),
    HARMLESS,
  ],
]

const type = (contentType: string | readonly string[] | null) => headed({ 'content-type': contentType })

const TYPES: readonly Line[] = [
  ['has no content type', type(null), NOT_TABLEAU],
  ['has an empty content type', type(''), NOT_TABLEAU],
  ['calls itself HTML', type('text/html'), NOT_TABLEAU],
  ['calls itself JSON', type('application/json'), NOT_TABLEAU],
  ['calls itself plain text', type('text/plain'), NOT_TABLEAU],
  ['calls itself bytes', type('application/octet-stream'), NOT_TABLEAU],
  ['calls itself a kind of XML', type('application/atom+xml'), NOT_TABLEAU],
  ['calls itself XHTML', type('application/xhtml+xml'), NOT_TABLEAU],
  ['calls itself parts', type('multipart/mixed; boundary=x'), NOT_TABLEAU],
  ['calls itself nonsense', type(';;;='), NOT_TABLEAU],
  ['calls itself two things', type(['text/xml', 'text/html']), either('not-tableau', 'malformed-response')],
  ['calls itself XML in capitals', type('TEXT/XML;CHARSET=UTF-8'), HARMLESS],
  ['calls itself XML of the other name', type('text/xml'), HARMLESS],
  ['quotes its charset', type('application/xml; charset="utf-8"'), HARMLESS],
  ['names no charset', type('application/xml; charset='), HARMLESS],
  ['names more than its charset', type('application/xml; q=1; charset=utf-8; x="y"'), HARMLESS],
  ['names the charset ISO-8859-1', type('text/xml; charset=iso-8859-1'), MALFORMED],
  ['names the charset UTF-16', type('text/xml; charset=UTF-16LE'), MALFORMED],
  ['names a charset that nobody knows', type('text/xml; charset=klingon'), MALFORMED],
]

const GZIP = { 'content-encoding': 'gzip' }
const gzipped = (change: (zipped: Buffer, xml: string) => Buffer) =>
  headed(GZIP, (xml) => change(gzipSync(xml), xml))
/** One byte of the compressed answer turned over, counted from its end where negative. */
const flipped = (at: number) =>
  gzipped((zipped) => {
    const bytes = Buffer.from(zipped)
    const index = at < 0 ? bytes.length + at : at
    bytes[index] = (bytes[index] ?? 0) ^ 0xff
    return bytes
  })
/** The header of a gzip stream with a file's name and a comment in it. */
const named = (zipped: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 0x18, 0, 0, 0, 0, 0, 3]),
    Buffer.from('page.xml\0a comment\0'),
    zipped.subarray(10),
  ])

const COMPRESSED: readonly Line[] = [
  ['is compressed', gzipped((zipped) => zipped), HARMLESS],
  [
    'is compressed by gzip’s old name',
    headed({ 'content-encoding': 'x-gzip' }, (xml) => gzipSync(xml)),
    HARMLESS,
  ],
  [
    'is compressed, said in capitals',
    headed({ 'content-encoding': 'GZIP' }, (xml) => gzipSync(xml)),
    HARMLESS,
  ],
  ['is compressed with a file’s name in it', gzipped(named), HARMLESS],
  ['is compressed without compression', gzipped((_, xml) => gzipSync(xml, { level: 0 })), HARMLESS],
  [
    'is compressed in two streams',
    gzipped((_, xml) => Buffer.concat([gzipSync(xml.slice(0, 99)), gzipSync(xml.slice(99))])),
    either('malformed-response'),
  ],
  ['says that it is itself', headed({ 'content-encoding': 'identity' }), HARMLESS],
  ['says nothing of its encoding, by an empty header', headed({ 'content-encoding': '' }), HARMLESS],
  ['is cut gzip', gzipped((zipped) => zipped.subarray(0, zipped.length / 2)), MALFORMED],
  ['is gzip without its trailer', gzipped((zipped) => zipped.subarray(0, -8)), MALFORMED],
  ['is gzip without its last byte', gzipped((zipped) => zipped.subarray(0, -1)), MALFORMED],
  ['is gzip with a wrong checksum', flipped(-6), MALFORMED],
  ['is gzip with a wrong length', flipped(-2), MALFORMED],
  ['is gzip with a wrong beginning', flipped(0), MALFORMED],
  ['is gzip of another method', flipped(2), MALFORMED],
  ['is gzip with a damaged middle', flipped(60), MALFORMED],
  ['is the beginning of gzip alone', gzipped((zipped) => zipped.subarray(0, 10)), MALFORMED],
  ['is gzip of nothing', gzipped(() => gzipSync('')), MALFORMED],
  [
    'is gzip and something more',
    gzipped((zipped) => Buffer.concat([zipped, Buffer.from('more')])),
    MALFORMED,
  ],
  ['is gzip and zeros', gzipped((zipped) => Buffer.concat([zipped, Buffer.alloc(512)])), MALFORMED],
  ['is gzip in gzip', gzipped((zipped) => gzipSync(zipped)), MALFORMED],
  [
    'is gzip in gzip, said so',
    headed({ 'content-encoding': 'gzip, gzip' }, (xml) => gzipSync(gzipSync(xml))),
    MALFORMED,
  ],
  [
    'is gzip in gzip, said in two headers',
    headed({ 'content-encoding': ['gzip', 'gzip'] }, (xml) => gzipSync(gzipSync(xml))),
    MALFORMED,
  ],
  ['says gzip and is none', headed(GZIP), MALFORMED],
  ['is gzip and does not say so', headed({}, (xml) => gzipSync(xml)), MALFORMED],
  ['is Brotli', headed({ 'content-encoding': 'br' }, (xml) => brotliCompressSync(xml)), MALFORMED],
  ['is Brotli that calls itself gzip', headed(GZIP, (xml) => brotliCompressSync(xml)), MALFORMED],
  ['is deflate', headed({ 'content-encoding': 'deflate' }, (xml) => deflateSync(xml)), MALFORMED],
  ['is raw deflate that calls itself gzip', headed(GZIP, (xml) => deflateRawSync(xml)), MALFORMED],
  ['is Zstandard', headed({ 'content-encoding': 'zstd' }), MALFORMED],
  ['is of the encoding compress', headed({ 'content-encoding': 'compress' }), MALFORMED],
  ['is of an encoding that nobody knows', headed({ 'content-encoding': 'klingon' }), MALFORMED],
  ['is gzip and Brotli', headed({ 'content-encoding': 'gzip, br' }), MALFORMED],
]

/** More than an answer may hold once it is unpacked. It is packed when it is first asked for. */
function bombOf(start: string, piece: string) {
  let zipped: Buffer | undefined
  const packed = (): Buffer =>
    gzipSync(Buffer.concat([Buffer.from(start), Buffer.alloc(70 * 1024 * 1024, piece)]), {
      level: constants.Z_BEST_SPEED,
    })
  return headed(GZIP, () => {
    zipped ??= packed()
    return zipped
  })
}

const BOMBED = { only: ['users', 'site', 'signin'] }
const TOO_LARGE = refused('response-too-large')
const BOMBS: readonly Line[] = [
  ['is 70 MB of white space once it is unpacked', bombOf('<tsResponse>', ' '), TOO_LARGE, BOMBED],
  ['is 70 MB of one value once it is unpacked', bombOf('<tsResponse><user a="', 'a'), TOO_LARGE, BOMBED],
]

/** Characters, content types and compression. */
export const ENCODING_KINDS: readonly Kind[] = kindsOn(READ, [
  ...CHARACTERS,
  ...TYPES,
  ...COMPRESSED,
  ...BOMBS,
])
