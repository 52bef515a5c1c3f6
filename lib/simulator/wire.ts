import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, deflateRawSync, gzip } from 'node:zlib'
import { activeFault, type Misbehaviour } from './faults.ts'

const gzipped = promisify(gzip)
const brotlied = promisify(brotliCompress)

/** Compressed or plain bytes, and how they are encoded. */
export type Encoded = { bytes: Buffer; encoding: 'gzip' | 'br' | undefined }

const MEGABYTE = 1 << 20

/** A valid start of a gzip member whose blocks unpack to so many megabytes of spaces; its checksum never comes. */
const bomb = (megabytes: number): Buffer => {
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
  const block = deflateRawSync(Buffer.alloc(MEGABYTE, 0x20), { finishFlush: constants.Z_FULL_FLUSH })
  return Buffer.concat([header, ...Array.from({ length: megabytes }, () => block)])
}

/** Encodes a body: gzip where the client takes it, and nothing else unless a fault says so. */
export const encode = async (
  bytes: Buffer,
  accepts: boolean,
  active: readonly Misbehaviour[],
): Promise<Encoded> => {
  const explosion = activeFault(active, 'gzipBomb')
  if (explosion !== undefined) return { bytes: bomb(explosion.megabytes ?? 256), encoding: 'gzip' }
  if (activeFault(active, 'brotli') !== undefined) return { bytes: await brotlied(bytes), encoding: 'br' }
  const cut = activeFault(active, 'truncateGzip')
  if (cut !== undefined) {
    const packed = await gzipped(bytes)
    return { bytes: packed.subarray(0, Math.floor(packed.length * (cut.at ?? 0.5))), encoding: 'gzip' }
  }
  if (!accepts || bytes.length === 0) return { bytes, encoding: undefined }
  return { bytes: await gzipped(bytes, { level: 1 }), encoding: 'gzip' }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** Waits some milliseconds; at once when there is nothing to wait for. */
export const wait = async (ms: number): Promise<void> => {
  if (ms > 0) await pause(ms)
}

const sendSlowly = async (
  response: ServerResponse,
  bytes: Buffer,
  delayMs: number,
  pieces: number,
): Promise<void> => {
  const step = Math.max(1, Math.ceil(bytes.length / pieces))
  for (let start = 0; start < bytes.length && !response.destroyed; start += step) {
    response.write(bytes.subarray(start, start + step))
    await pause(delayMs)
  }
  response.end()
}

const half = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length / 2))

/**
 * Sends an answer, or as much of it as the active faults allow. A stalled answer stays open until the client
 * or the simulator goes.
 */
export const send = async (
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  { bytes, encoding }: Encoded,
  active: readonly Misbehaviour[],
): Promise<void> => {
  const stall = activeFault(active, 'stall')
  const reset = activeFault(active, 'reset')
  const slow = activeFault(active, 'slow')
  if (slow !== undefined) await pause(slow.delayMs)
  if (stall?.where === 'headers') return
  if (reset?.where === 'headers') {
    response.socket?.resetAndDestroy()
    return
  }
  const coding = encoding === undefined ? {} : { 'content-encoding': encoding }
  const length = status === 204 ? {} : { 'content-length': String(bytes.length) }
  response.writeHead(status, { ...headers, ...coding, ...length })
  if (stall !== undefined) response.write(half(bytes))
  else if (reset !== undefined) response.write(half(bytes), () => response.socket?.resetAndDestroy())
  else if (slow !== undefined) await sendSlowly(response, bytes, slow.delayMs, slow.pieces ?? 1)
  else response.end(bytes)
}
