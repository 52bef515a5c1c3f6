import { execFile } from 'node:child_process'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import type { Reading } from './memory-reader.ts'
import { hostileSite, otherHost } from './server.ts'
import { body, type Spoil, wire } from './spoil.ts'
import { endpointNamed } from './world.ts'

const MB = 1024 * 1024
const LIMIT_MB = 100
const OPEN = '<tsResponse><pagination pageNumber="1" pageSize="1" totalAvailable="1"/><users>'

/** So many MB of one text over and over, compressed without ever being held whole. */
const zipped = (start: string, piece: string, megabytes: number) => async (): Promise<Spoil> => {
  const block = Buffer.from(piece.repeat(Math.ceil(MB / piece.length)))
  const source = Readable.from([Buffer.from(start), ...Array.from({ length: megabytes }, () => block)])
  const bytes = await buffer(source.pipe(createGzip()))
  return () => ({ headers: { 'content-encoding': 'gzip' }, body: bytes })
}

/** Writes a piece again and again, as fast as it is taken, until the other side goes. */
const endless = (start: string, piece: string): Spoil =>
  wire((socket) => {
    const block = piece.repeat(Math.ceil(65_536 / piece.length))
    const more = (): void => {
      while (!socket.destroyed && socket.write(block));
    }
    socket.on('drain', more)
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n${start}`)
    more()
  })

const user = (attributes: number, value: string): string =>
  `<user ${Array.from({ length: attributes }, (_, at) => `b${at}="${value}"`).join(' ')}/>`

/** Every item brings a new path, so that each item after it has room for one more. */
const growing = (count: number): string =>
  `${OPEN}${Array.from({ length: count }, (_, at) => `<user id="${at}" a${at}="1"/>`).join('')}</users></tsResponse>`

const many = (count: number): string => Array.from({ length: count }, (_, at) => `a${at}=""`).join(' ')

/** The most paths that are let through, and then items that have room for all of them. */
const wide = (): string => `${OPEN}${user(450, 'x')}${'<user id="1"/>'.repeat(200_000)}</users></tsResponse>`

/** What is sent is made when its turn comes. */
type Case = readonly [name: string, make: () => Spoil | Promise<Spoil>, code: RegExp]
const LARGE = /^response-too-large$/
const ANY = /^(response-too-large|malformed-response)$/

/** The heaviest first: the suite tries those alone. */
const CASES: readonly Case[] = [
  ['200 MB of items with long values', zipped(OPEN, user(4, 'v'.repeat(500)), 200), LARGE],
  ['200 MB of items with 40 attributes each', zipped(OPEN, user(40, 'xy'), 200), LARGE],
  ['200,000 items, each with room for 450 attributes', () => body(wide()), LARGE],
  ['a new attribute in each of 100,000 items', () => body(growing(100_000)), LARGE],
  ['an endless list', () => endless(OPEN, '<user id="1" name="n"/>'), LARGE],
  ['a value of 10 MB', () => body(`${OPEN}<user a="${'x'.repeat(10 * MB)}"/>`), LARGE],
  ['20,000 levels', () => body(`${OPEN}<user>${'<a>'.repeat(20_000)}`), ANY],
  ['200 MB of items', zipped(OPEN, '<user id="1"/>', 200), LARGE],
  ['200 MB of one value', zipped(`${OPEN}<user a="`, 'a', 200), LARGE],
  ['200 MB of white space', zipped(OPEN, ' ', 200), LARGE],
  ['200 MB of comments', zipped(OPEN, '<!-- x -->', 200), LARGE],
  ['200 MB of elements that nobody knows', zipped('<tsResponse>', '<a b="c"/>', 200), LARGE],
  ['a text of 10 MB', () => body(`${OPEN}<user>${'x'.repeat(10 * MB)}</user>`), LARGE],
  ['an endless body', () => endless('<tsResponse>', ' '), LARGE],
  ['an endless value', () => endless(`${OPEN}<user a="`, 'x'), LARGE],
  [
    'a million attributes in a tag',
    () => body(`${OPEN}<user ${many(1_000_000)}/></users></tsResponse>`),
    LARGE,
  ],
  ['a million names of attributes', () => body(`<tsResponse>${`<x ${many(900)}/>`.repeat(900)}`), ANY],
]
const TRIED = CASES.slice(0, cases('hostile-memory', { suite: 4, full: CASES.length }))

const READER = fileURLToPath(new URL('memory-reader.ts', import.meta.url))
/** On a busy machine V8 lets its young generation grow for as long as it may, and the peak would be of that. */
const PLAIN = ['--max-semi-space-size=4', '--import', 'tsx']

/** Reads these servers one after the other in a process of its own. */
async function readApart(...urls: readonly string[]): Promise<readonly Reading[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [...PLAIN, READER, ...urls])
  return stdout
    .trim()
    .split('\n')
    .map((line): Reading => JSON.parse(line))
}

const grown: number[] = []

afterAll(() =>
  figure('hostile-memory', {
    'answers that are too large': grown.length,
    'MB of memory at most for one of them': Math.max(...grown),
  }),
)

it.each(TRIED)(
  '%s is refused with little memory',
  async (_, make, code) => {
    const other = await otherHost()
    const users = endpointNamed('users')
    const good = await hostileSite(users, ({ xml }) => ({ body: xml }), other.url)
    const site = await hostileSite(users, await make(), other.url)
    try {
      const [before, after] = await readApart(good.url, site.url)
      expect([before?.code, after?.code]).toEqual(['read 2', expect.stringMatching(code)])
      const growth = Math.round((after?.peak ?? 0) - (before?.peak ?? 0))
      expect(growth).toBeLessThan(LIMIT_MB)
      grown.push(growth)
    } finally {
      await Promise.all([other, good, site].map((each) => each.close()))
    }
  },
  limitFor(4, 4),
)
