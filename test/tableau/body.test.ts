import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type Caps, readBody } from '../../lib/tableau/body.ts'

const text = Buffer.from(
  Array.from({ length: 5_000 }, (_, i) => `line ${i} ${(i * 7919) % 10007}\n`).join(''),
)
const zipped = gzipSync(text)

async function* pieces(bytes: Buffer, size = 997): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

async function read(bytes: Buffer, gzipped: boolean, caps?: Caps): Promise<{ raw: number; out: Buffer }> {
  const out: Uint8Array[] = []
  const raw = await readBody(
    { chunks: pieces(bytes), gzipped, place: 'GET here' },
    (chunk) => out.push(chunk),
    caps,
  )
  return { raw, out: Buffer.concat(out) }
}

const DAMAGED: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['no gzip at all', Buffer.from('<tsResponse/>')],
  ['garbage after the end', Buffer.concat([zipped, Buffer.from('garbage')])],
  ['zeros after the end', Buffer.concat([zipped, Buffer.alloc(8)])],
  ['a wrong checksum', Buffer.concat([zipped.subarray(0, -8), Buffer.alloc(8)])],
  ['a flipped bit', Buffer.from(zipped.map((byte, i) => (i === zipped.length >> 1 ? byte ^ 16 : byte)))],
]

describe('readBody', () => {
  it('hands over a plain body and counts its bytes', async () => {
    expect(await read(text, false)).toEqual({ raw: text.length, out: text })
  })

  it('decompresses a gzip body and counts its bytes on the wire', async () => {
    expect(await read(zipped, true)).toEqual({ raw: zipped.length, out: text })
  })

  it.each(DAMAGED)('refuses %s', async (_, bytes) => {
    await expect(read(bytes, true)).rejects.toThrow()
  })

  it('refuses a gzip body wherever it is cut', async () => {
    const small = gzipSync('<tsResponse><users/></tsResponse>')
    for (let length = 0; length < small.length; length++) {
      await expect(read(small.subarray(0, length), true), `cut to ${length} bytes`).rejects.toThrow()
    }
  })

  it('stops above the cap on bytes as sent', async () => {
    const caps = { raw: text.length - 1, decompressed: Number.POSITIVE_INFINITY }
    await expect(read(text, false, caps)).rejects.toMatchObject({ code: 'response-too-large' })
    expect((await read(text, false, { ...caps, raw: text.length })).raw).toBe(text.length)
  })

  it('stops a gzip bomb at the cap, having handed over no more than that', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
    let out = 0
    const reading = readBody({ chunks: pieces(bomb), gzipped: true, place: 'GET here' }, (chunk) => {
      out += chunk.length
    })
    await expect(reading).rejects.toMatchObject({ code: 'response-too-large' })
    expect(out).toBeLessThanOrEqual(64 * 1024 * 1024)
  })
})
