import dns from 'node:dns'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ErrorCode } from '../../lib/core/errors.ts'
import { fails, REQUEST, transportTo } from './exchanges.ts'
import { answerXml, listening, serve, serveRaw, usersPage, wrap } from './servers.ts'

const page = usersPage(1, 3)
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n'
const WIRE: readonly (readonly [
  what: string,
  answer: string,
  end: 'reset' | 'fin' | 'stall',
  code: ErrorCode,
  network: RegExp,
])[] = [
  ['a reset before the headers', '', 'reset', 'unreachable', /ECONNRESET|UND_ERR_SOCKET/],
  ['an end before the headers', '', 'fin', 'unreachable', /ECONNRESET|UND_ERR_SOCKET/],
  [
    'a reset in the body',
    `${HEAD}Content-Length: 900\r\n\r\n<tsResponse>`,
    'reset',
    'unreachable',
    /ECONNRESET|UND_ERR_SOCKET/,
  ],
  [
    'an end before the announced length',
    `${HEAD}Content-Length: 900\r\n\r\n<tsResponse>`,
    'fin',
    'unreachable',
    /UND_ERR_SOCKET/,
  ],
  [
    'an end between chunks',
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n<tsR\r\n`,
    'fin',
    'unreachable',
    /UND_ERR_SOCKET/,
  ],
  [
    'a chunk of no size',
    `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n<tsR\r\n`,
    'fin',
    'malformed-response',
    /HPE_|HTTPParserError/,
  ],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'fin', 'malformed-response', /HPE_|HTTPParserError/],
  ['no headers in time', '', 'stall', 'unreachable', /UND_ERR_HEADERS_TIMEOUT/],
  [
    'no body in time',
    `${HEAD}Content-Length: 900\r\n\r\n<tsResponse>`,
    'stall',
    'unreachable',
    /UND_ERR_BODY_TIMEOUT/,
  ],
]

describe('on the wire', () => {
  it.each(WIRE)('%s', async (_, answer, end, code, network) => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.write(answer, () => {
          if (end === 'reset') socket.resetAndDestroy()
          if (end === 'fin') socket.end()
        })
      })
    })
    const error = await fails(url, { headers: 200, idle: 200 })
    expect(error).toMatchObject({ code, details: { network: expect.stringMatching(network) } })
  })

  it('a body without length that just ends is caught by its XML', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => socket.end(`${HEAD}\r\n${page.slice(0, -30)}`))
    })
    expect(await fails(url)).toMatchObject({
      code: 'malformed-response',
      message: expect.stringMatching(/unclosed/),
    })
  })

  it('a body that comes in drops ends at the deadline of the whole call', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.write(`${HEAD}\r\n<tsResponse>`)
        const timer = setInterval(() => socket.write(' '), 20)
        socket.on('close', () => clearInterval(timer))
      })
    })
    const error = await fails(url, { whole: 300 })
    expect(error).toMatchObject({
      code: 'unreachable',
      details: { network: 'DEADLINE' },
      message: expect.stringMatching(/0\.3 seconds/),
    })
  })

  it('a port where nobody listens', async () => {
    expect(await fails('http://127.0.0.1:1')).toMatchObject({
      code: 'unreachable',
      details: { network: 'ECONNREFUSED' },
    })
  })

  it('a name that resolves to a metadata address, which is never connected to', async () => {
    const { lookup } = dns
    onTestFinished(() => {
      dns.lookup = lookup
      syncBuiltinESMExports()
    })
    const metadata = [{ address: '169.254.169.254', family: 4 }]
    const resolve = (_: unknown, __: unknown, answer: (error: null, addresses: typeof metadata) => void) =>
      answer(null, metadata)
    dns.lookup = Object.assign(resolve, { __promisify__: lookup.__promisify__ }) as typeof lookup // answers as asked with `all`
    syncBuiltinESMExports()
    expect(await fails('https://tableau.example.com')).toMatchObject({ code: 'forbidden-address' })
  })

  it('a name that does not exist', async () => {
    const error = await fails('https://almanac.invalid')
    expect(error).toMatchObject({
      code: 'unreachable',
      details: { network: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) },
    })
  })

  it('a signal ends it with its reason, before and in the middle', async () => {
    const reason = new Error('Ctrl-C')
    await expect(transportTo('http://127.0.0.1:1').exchange(REQUEST, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    )
    const controller = new AbortController()
    const url = await serveRaw((socket) => {
      socket.once('data', () =>
        socket.write(`${HEAD}\r\n<tsResponse>`, () => setImmediate(() => controller.abort(reason))),
      )
    })
    await expect(transportTo(url).exchange(REQUEST, controller.signal)).rejects.toBe(reason)
  })
})

describe('TLS', () => {
  const fixture = (name: string) => readFileSync(new URL(`../fixtures/tableau/tls/${name}`, import.meta.url))

  it('refuses a certificate that nobody vouches for, and says so', async () => {
    let calls = 0
    const server = createTlsServer({ key: fixture('key.pem'), cert: fixture('self-signed.pem') }, () => {
      calls += 1
    })
    const error = await fails(`https://localhost:${await listening(server)}`)
    expect(error).toMatchObject({
      code: 'tls-failed',
      message: expect.stringMatching(/self-signed certificate/),
    })
    expect(error.next).toContain('caFile')
    expect(calls).toBe(0)
  })

  it('refuses a server that speaks no TLS', async () => {
    const url = await serve((_, response) => answerXml(response, wrap('<users/>')))
    expect(await fails(url.replace('http:', 'https:'))).toMatchObject({ code: 'tls-failed' })
  })

  it('refuses TLS 1.1', async () => {
    const server = createTlsServer({
      key: fixture('key.pem'),
      cert: fixture('self-signed.pem'),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
    })
    expect(await fails(`https://localhost:${await listening(server)}`)).toMatchObject({ code: 'tls-failed' })
  })
})
