import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../lib/core/errors.ts'
import { fails, REQUEST, transportTo } from './exchanges.ts'
import { complaint, serve, usersPage } from './servers.ts'

const page = usersPage(1, 3)
const html = '<!DOCTYPE html><html><head><title>Sign in</title></head></html>'

type Answering = (response: ServerResponse) => void
const send =
  (status: number, headers: Record<string, string>, body: string | Buffer = ''): Answering =>
  (response) => {
    response.writeHead(status, headers).end(body)
  }
const XML = { 'content-type': 'application/xml' }
const ANSWERS: readonly (readonly [what: string, answer: Answering, code: ErrorCode, message: RegExp])[] = [
  [
    'a login page',
    send(200, { 'content-type': 'text/html' }, html),
    'not-tableau',
    /answered HTML \(HTTP 200\): <!DOCTYPE html>/,
  ],
  ['a login page as XML', send(200, XML, '<html/>'), 'not-tableau', /HTML/],
  ['a page without a type', send(200, {}, html), 'not-tableau', /HTML/],
  [
    'JSON',
    send(200, { 'content-type': 'application/json' }, '{"users":{}}'),
    'not-tableau',
    /JSON \(HTTP 200\): {"users":{}}/,
  ],
  ['plain text', send(200, { 'content-type': 'text/plain' }, page), 'not-tableau', /text\/plain/],
  ['nothing', send(200, {}), 'malformed-response', /empty/],
  ['nothing as XML', send(200, XML), 'malformed-response', /empty/],
  ['no content', send(200, { ...XML, 'content-encoding': 'gzip' }), 'malformed-response', /compressed/],
  ['a firewall', send(403, { 'content-type': 'text/html' }, html), 'not-tableau', /HTTP 403/],
  ['a page that is gone', send(404, { 'content-type': 'text/html' }, html), 'not-tableau', /HTTP 404/],
  ['maintenance', send(503, { 'content-type': 'text/html' }, html), 'server-error', /HTTP 503 with HTML/],
  ['a failed server without a body', send(502, {}), 'server-error', /HTTP 502/],
  ['a failed server with broken XML', send(500, XML, '<ts'), 'server-error', /HTTP 500/],
  ['a failed server with an error', send(500, XML, complaint('500000')), 'server-error', /500000/],
  ['a timeout of the gateway', send(408, {}), 'server-error', /HTTP 408/],
  ['too many requests', send(429, {}), 'rate-limited', /HTTP 429/],
  ['too many requests, said by Tableau', send(429, XML, complaint('429000')), 'rate-limited', /429000/],
  ['an error', send(404, XML, complaint('404012')), 'tableau-error', /404012/],
  ['an error with 200', send(200, XML, complaint('404012')), 'tableau-error', /404012/],
  ['a list with 404', send(404, XML, page), 'tableau-error', /HTTP 404/],
  ['a cut error', send(404, XML, complaint('404012').slice(0, -5)), 'malformed-response', /unclosed tag/],
  ['a cut page', send(200, XML, page.slice(0, -20)), 'malformed-response', /unclosed tag: .*: <\?xml/],
  [
    'another charset',
    send(200, { 'content-type': 'text/xml;charset="ISO-8859-1"' }, page),
    'malformed-response',
    /charset is iso-8859-1/,
  ],
  ['Brotli', send(200, { ...XML, 'content-encoding': 'br' }, page), 'malformed-response', /encoded as br/],
  [
    'deflate',
    send(200, { ...XML, 'content-encoding': 'deflate' }, page),
    'malformed-response',
    /encoded as deflate/,
  ],
  [
    'two encodings',
    send(200, { ...XML, 'content-encoding': 'gzip, gzip' }, page),
    'malformed-response',
    /encoded as gzip, gzip/,
  ],
  [
    'gzip that is none',
    send(200, { ...XML, 'content-encoding': 'gzip' }, page),
    'malformed-response',
    /compressed/,
  ],
  [
    'cut gzip',
    send(200, { ...XML, 'content-encoding': 'gzip' }, gzipSync(page).subarray(0, -9)),
    'malformed-response',
    /compressed/,
  ],
  [
    'a body that is too large',
    send(200, XML, Buffer.alloc(20 * 1024 * 1024 + 1, '<a/>')),
    'malformed-response',
    /root is <a>/,
  ],
  [
    'a page that is too large',
    send(200, XML, `<tsResponse>${'<!-- -->'.repeat(3_000_000)}`),
    'response-too-large',
    /larger|longer/,
  ],
]

describe('an answer', () => {
  it.each(ANSWERS)('that is %s', async (_, answer, code, message) => {
    const url = await serve((__, response) => answer(response))
    const error = await fails(url)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(error.message).toContain(`${url}/api/3.29/sites/x/users?pageSize=10`)
  })

  it('says how long to wait', async () => {
    const url = await serve((_, response) =>
      send(429, { 'retry-after': 'Sun, 01 Nov 2026 02:00:30 GMT', date: 'Sun, 01 Nov 2026 02:00:00 GMT' })(
        response,
      ),
    )
    expect((await fails(url)).details).toEqual({ status: 429, retryAfterMs: 30_000 })
  })

  it('may use two spellings of the charset', async () => {
    for (const type of ['text/xml; charset=UTF-8', 'application/xml;charset="utf-8"; q=1']) {
      const url = await serve((_, response) => send(200, { 'content-type': type }, page)(response))
      expect((await transportTo(url).exchange(REQUEST)).answer.items).toHaveLength(3)
    }
  })
})
