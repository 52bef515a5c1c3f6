import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { crc32 } from 'node:zlib'

/** The bytes that a PutObject means, and the checksum that came with them. */
export interface Payload {
  readonly body: Uint8Array
  readonly checksum: { readonly algorithm: string; readonly value: string } | undefined
}

const crc32Of = (body: Uint8Array): string => {
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(crc32(body))
  return digest.toString('base64')
}

/** Checksums in base64. Those that no client of ours sends are not here. */
const CHECKSUMS: Readonly<Record<string, (body: Uint8Array) => string>> = {
  sha256: (body) => createHash('sha256').update(body).digest('base64'),
  crc32: crc32Of,
}

const HEADER = /^x-amz-checksum-([a-z0-9]+)$/

/** Takes an `aws-chunked` body apart: `size[;extension]\r\n bytes \r\n ... 0\r\n trailer: value\r\n \r\n`. */
function unchunked(raw: Buffer): { body: Buffer; trailer: Record<string, string> } {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const end = raw.indexOf('\r\n', at)
    const size = Number.parseInt(raw.toString('latin1', at, end), 16)
    at = end + 2
    if (size === 0 || Number.isNaN(size)) break
    chunks.push(raw.subarray(at, at + size))
    at += size + 2
  }
  const lines = raw.toString('latin1', at).split('\r\n')
  const trailer = lines.flatMap((line) => {
    const [name, value] = line.split(/:\s*/, 2)
    return name && value ? [[name.toLowerCase(), value] as const] : []
  })
  return { body: Buffer.concat(chunks), trailer: Object.fromEntries(trailer) }
}

function checksumIn(headers: Readonly<Record<string, unknown>>): Payload['checksum'] {
  for (const [name, value] of Object.entries(headers)) {
    const algorithm = HEADER.exec(name)?.[1]
    if (algorithm !== undefined && CHECKSUMS[algorithm] !== undefined)
      return { algorithm, value: String(value) }
  }
  return undefined
}

/**
 * The payload of a request, its checksums verified: the one in the header or trailer, and the SHA-256 that the
 * signature covers. A text is the code of the error to answer with.
 */
export function payloadOf(headers: IncomingHttpHeaders, raw: Buffer): Payload | string {
  const isChunked = String(headers['content-encoding'] ?? '').includes('aws-chunked')
  const { body, trailer } = isChunked ? unchunked(raw) : { body: raw, trailer: {} }
  const announced = headers['x-amz-decoded-content-length']
  if (announced !== undefined && Number(announced) !== body.length) return 'IncompleteBody'
  const signed = String(headers['x-amz-content-sha256'] ?? '')
  if (/^[0-9a-f]{64}$/.test(signed) && createHash('sha256').update(body).digest('hex') !== signed)
    return 'XAmzContentSHA256Mismatch'
  const checksum = checksumIn({ ...headers, ...trailer })
  if (checksum === undefined) return { body, checksum }
  return CHECKSUMS[checksum.algorithm]?.(body) === checksum.value ? { body, checksum } : 'BadDigest'
}
