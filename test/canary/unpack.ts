import { gunzipSync, inflateSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { compressors, decompressZstd } from 'hyparquet-compressors'

/** Bytes, and where in an object they were. */
export interface Layer {
  readonly name: string
  readonly bytes: Uint8Array
}

/** What an object holds: its own bytes, and those of everything that is packed in it. */
export interface Unpacked {
  readonly layers: readonly Layer[]
  /** What looks like a package and could not be opened: nobody knows what it hides. */
  readonly unread: readonly string[]
}

const PARQUET = Buffer.from('PAR1')
const GZIP = Buffer.from([0x1f, 0x8b, 8])
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
/** zlib's header with its usual settings. */
const DEFLATE = [0x01, 0x5e, 0x9c, 0xda].map((level) => Buffer.from([0x78, level]))
/** A package in a package in a package. */
const DEEPEST = 3

const startsWith = (bytes: Buffer, magic: Buffer): boolean => bytes.subarray(0, magic.length).equals(magic)

/** Every text below a value, and bytes as they are. */
function textsIn(value: unknown): (string | Uint8Array)[] {
  if (typeof value === 'string' || value instanceof Uint8Array) return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsIn(inner)])
}

const together = (value: unknown): Buffer =>
  Buffer.concat(textsIn(value).flatMap((part) => [Buffer.from(part as Uint8Array), Buffer.from('\n')]))

/** All cells of a Parquet file, and all texts of its footer. */
async function parquetLayers(name: string, bytes: Buffer): Promise<readonly Layer[]> {
  const file = new Uint8Array(bytes).buffer
  const rows = await parquetReadObjects({ file, compressors })
  return [
    { name: `${name} (footer)`, bytes: together(parquetMetadata(file)) },
    { name: `${name} (cells)`, bytes: together(rows) },
  ]
}

/** JSON within JSON: every backslash of the inner one is two in the outer one. */
const ESCAPED = Buffer.from('\\\\')
const unescaped = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replaceAll('\\\\', '\\'), 'latin1')

/** The package that bytes are, by their first bytes; undefined when they are none. */
function openerOf(bytes: Buffer): ((name: string) => Promise<readonly Layer[]>) | undefined {
  const one = (what: string, open: () => Uint8Array) => async (name: string) => [
    { name: `${name} (${what})`, bytes: open() },
  ]
  if (startsWith(bytes, PARQUET)) return (name) => parquetLayers(name, bytes)
  if (startsWith(bytes, GZIP)) return one('gzip', () => gunzipSync(bytes))
  if (startsWith(bytes, ZSTD)) return one('zstd', () => decompressZstd(bytes))
  if (DEFLATE.some((magic) => startsWith(bytes, magic))) return one('deflate', () => inflateSync(bytes))
  if (bytes.includes(ESCAPED)) return one('as JSON within JSON', () => unescaped(bytes))
  return undefined
}

/** Opens bytes as far as they can be opened: gzip, zstd, deflate, Parquet and JSON in JSON, also one within the other. */
export async function unpacked({ name, bytes }: Layer, depth = 0): Promise<Unpacked> {
  const itself = { name, bytes }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const open = depth === DEEPEST ? undefined : openerOf(buffer)
  if (open === undefined) return { layers: [itself], unread: [] }
  try {
    const inner = await Promise.all((await open(name)).map((layer) => unpacked(layer, depth + 1)))
    return {
      layers: [itself, ...inner.flatMap(({ layers }) => layers)],
      unread: inner.flatMap(({ unread }) => unread),
    }
  } catch {
    return { layers: [itself], unread: [name] }
  }
}
