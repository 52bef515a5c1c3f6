import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { AlmanacError } from '../core/errors.ts'

/** The most that one answer may bring, in bytes: as sent, and after decompression. A page of 1,000 items is about 1 MB. */
export interface Caps {
  readonly raw: number
  readonly decompressed: number
}

/** 20 MiB as sent, 64 MiB decompressed. */
export const CAPS: Caps = { raw: 20 * 1024 * 1024, decompressed: 64 * 1024 * 1024 }

/** A response body, and how it is to be read. */
export interface Body {
  readonly chunks: AsyncIterable<Uint8Array>
  readonly gzipped: boolean
  readonly place: string
}

type Sink = (chunk: Uint8Array) => void

const capped =
  (cap: number, what: string, place: string, count: { bytes: number }) => (chunk: Uint8Array) => {
    count.bytes += chunk.length
    if (count.bytes > cap)
      throw new AlmanacError('response-too-large', `${place}: the answer is larger than ${cap} bytes ${what}`)
  }

/**
 * Feeds a body to `sink`, piece by piece, and returns how many bytes came over the wire.
 * Decompression is our own because HTTP libraries accept a gzip stream that was cut.
 * Throws `response-too-large` above a cap; `malformed-response` when the gzip stream is not one whole stream and nothing else.
 */
export async function readBody(
  { chunks, gzipped, place }: Body,
  sink: Sink,
  caps: Caps = CAPS,
): Promise<number> {
  const raw = { bytes: 0 }
  const countRaw = capped(caps.raw, 'as sent', place, raw)
  if (!gzipped) {
    for await (const chunk of chunks) {
      countRaw(chunk)
      sink(chunk)
    }
    return raw.bytes
  }
  await gunzip(
    chunks,
    countRaw,
    sink,
    capped(caps.decompressed, 'decompressed', place, { bytes: 0 }),
    (consumed) => {
      if (consumed !== raw.bytes)
        throw new AlmanacError(
          'malformed-response',
          `${place}: ${raw.bytes - consumed} bytes follow the compressed answer`,
        )
    },
  )
  return raw.bytes
}

async function gunzip(
  chunks: AsyncIterable<Uint8Array>,
  countRaw: Sink,
  sink: Sink,
  countOut: Sink,
  check: (consumed: number) => void,
) {
  const stream = createGunzip({ chunkSize: 65_536 })
  const counted = async function* () {
    for await (const chunk of chunks) {
      countRaw(chunk)
      yield chunk
    }
  }
  await pipeline(counted, stream, async (source: AsyncIterable<Uint8Array>) => {
    for await (const chunk of source) {
      countOut(chunk)
      sink(chunk)
    }
  })
  check(stream.bytesWritten)
}
