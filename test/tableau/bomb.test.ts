import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fails } from './exchanges.ts'
import { serve } from './servers.ts'

/** 200 MiB of one text over and over, compressed without ever being held whole. */
async function bombOf(start: string, piece: string): Promise<Buffer> {
  const block = Buffer.alloc(1024 * 1024, piece)
  const source = Readable.from([Buffer.from(start), ...Array.from({ length: 200 }, () => block)])
  return buffer(source.pipe(createGzip()))
}

describe('a gzip bomb', () => {
  it.each([
    ['of one value', '<tsResponse><users><user a="', 'a'],
    ['of white space', '<tsResponse>', ' '],
    ['of items', '<tsResponse><users>', '<user id="1"/>      '],
  ])('%s is refused with little memory', async (_, start, piece) => {
    const bomb = await bombOf(start, piece)
    const url = await serve((__, response) =>
      response.writeHead(200, { 'content-type': 'text/xml', 'content-encoding': 'gzip' }).end(bomb),
    )
    const before = process.resourceUsage().maxRSS
    expect(await fails(url)).toMatchObject({ code: 'response-too-large' })
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024)
  })
})
