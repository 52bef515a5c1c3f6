import { once } from 'node:events'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { AlmanacError, type ErrorCode } from '../../lib/core/errors.ts'
import { secretOf } from '../../lib/core/secret.ts'
import { isPassing } from '../../lib/network/failure.ts'
import { tunnelThrough } from '../../lib/network/tunnel.ts'
import type { ProxyServer } from '../../lib/network/way.ts'
import { serveRaw } from '../tableau/servers.ts'
import { type Authority, makeAuthority } from '../tls/certificates.ts'
import { gonePort, type ProxyBehaviour, startProxy } from './proxy-server.ts'

const PASSWORD = 'pä:ss w0rd/+=%'
const SENT = { user: 'svc', password: secretOf(PASSWORD) }

let corp: Authority
beforeAll(async () => {
  corp = await makeAuthority()
})

const through = async (
  proxy: ProxyServer,
  to: { host?: string; port?: number; timeoutMs?: number; authorities?: readonly string[] } = {},
) => {
  const { host = 'tableau.corp.example', port = 443, timeoutMs = 5_000, authorities = [] } = to
  const socket = await tunnelThrough(proxy, { host, port, timeoutMs, way: { proxy, authorities } })
  onTestFinished(() => void socket.destroy())
  return socket
}

async function fails(proxy: ProxyServer, to: Parameters<typeof through>[1] = {}): Promise<AlmanacError> {
  const thrown = await through(proxy, to).then(
    () => expect.unreachable('the proxy let us through'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof AlmanacError)) throw thrown
  const said = JSON.stringify([thrown, thrown.message, thrown.stack, thrown.next, thrown.details])
  for (const form of [
    PASSWORD,
    encodeURIComponent(PASSWORD),
    Buffer.from(`svc:${PASSWORD}`).toString('base64'),
  ])
    expect(said).not.toContain(form)
  return thrown
}

/** A server that says every byte back. */
const echo = async (): Promise<number> =>
  Number(new URL(await serveRaw((socket) => void socket.pipe(socket))).port)

const REFUSALS: readonly (readonly [
  what: string,
  behaviour: ProxyBehaviour,
  credentials: Partial<ProxyServer>,
  code: ErrorCode,
  says: string,
  passes: boolean,
])[] = [
  [
    'no credentials',
    { credentials: 'svc:x' },
    {},
    'proxy-refused',
    'asks for a user and a password (407)',
    false,
  ],
  [
    'wrong credentials',
    { credentials: 'svc:x' },
    SENT,
    'proxy-refused',
    'refuses the user and password (407)',
    false,
  ],
  [
    'NTLM alone',
    { credentials: 'svc:x', challenge: 'Negotiate, NTLM' },
    SENT,
    'proxy-refused',
    'takes Negotiate or NTLM alone (407), which Almanac does not speak',
    false,
  ],
  [
    'Basic among others',
    { credentials: 'svc:x', challenge: 'NTLM, basic realm="a, NTLM b"' },
    {},
    'proxy-refused',
    'asks for a user and a password (407)',
    false,
  ],
  [
    'a host that is not allowed',
    { status: 403 },
    {},
    'proxy-refused',
    'refuses to lead to tableau.corp.example:443 (403)',
    false,
  ],
  [
    'a proxy that knows no CONNECT',
    { status: 405 },
    {},
    'proxy-refused',
    'answered 405 to CONNECT tableau.corp.example:443',
    false,
  ],
  [
    'a redirect to a login page',
    { status: 302 },
    {},
    'proxy-refused',
    'answered 302 to CONNECT tableau.corp.example:443',
    false,
  ],
  ...[502, 503, 504].map(
    (status) =>
      [
        `a host that the proxy does not reach (${status})`,
        { status },
        {},
        'unreachable',
        `answered ${status} to CONNECT tableau.corp.example:443`,
        true,
      ] as const,
  ),
  ['a proxy that hangs up', { instead: 'cut' }, {}, 'unreachable', 'the connection was reset', true],
]

describe('tunnelThrough', () => {
  it('leads to the host, which the proxy looks up', async () => {
    const proxy = await startProxy({ names: { 'tableau.corp.example': '127.0.0.1' } })
    const port = await echo()
    const socket = await through({ url: proxy.url }, { port })
    socket.write('hello')
    const [heard] = await once(socket, 'data')
    expect([String(heard), proxy.asked, proxy.credentials]).toEqual([
      'hello',
      [`tableau.corp.example:${port}`],
      [undefined],
    ])
  })

  it('says who we are, in UTF-8', async () => {
    const proxy = await startProxy({ credentials: `svc:${PASSWORD}` })
    await through({ url: proxy.url, ...SENT }, { host: '127.0.0.1', port: await echo() })
    expect(proxy.credentials).toHaveLength(1)
  })

  it('writes an IPv6 address in brackets', async () => {
    const proxy = await startProxy({ status: 403 })
    await fails({ url: proxy.url }, { host: '2001:db8::1' })
    expect(proxy.asked).toEqual(['[2001:db8::1]:443'])
  })

  it.each(REFUSALS)('tells of %s', async (_, behaviour, credentials, code, says, passes) => {
    const proxy = await startProxy(behaviour)
    const error = await fails({ url: proxy.url, ...credentials })
    expect(error).toMatchObject({ code, retryable: passes })
    expect(error.message).toContain(`tableau.corp.example:443: the proxy ${proxy.url}`)
    expect(error.message).toContain(says)
    expect(isPassing(String(error.details['network']))).toBe(passes)
    await expect.poll(proxy.open).toBe(0)
  })

  it('tells of a proxy that is not there', async () => {
    const url = `http://127.0.0.1:${await gonePort()}`
    expect(await fails({ url, ...SENT })).toMatchObject({
      code: 'unreachable',
      message: `tableau.corp.example:443: the proxy ${url} cannot be reached: nothing listens there (ECONNREFUSED)`,
      next: expect.stringContaining('HTTPS_PROXY'),
    })
  })

  it('tells of a proxy whose name does not exist', async () => {
    expect(await fails({ url: 'http://proxy.invalid:3128' })).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('the proxy http://proxy.invalid:3128 cannot be reached'),
    })
  })

  it('waits for an answer only so long', async () => {
    const proxy = await startProxy({ instead: 'hang' })
    expect(await fails({ url: proxy.url }, { timeoutMs: 30 })).toMatchObject({
      code: 'unreachable',
      message: `tableau.corp.example:443: the proxy ${proxy.url} did not answer CONNECT within 0.03 seconds`,
    })
    await expect.poll(proxy.open).toBe(0)
  })

  it('tells that what answers is no proxy', async () => {
    const url = await serveRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
    expect(await fails({ url })).toMatchObject({
      code: 'proxy-refused',
      message: expect.stringContaining('it is no HTTP proxy'),
      next: expect.stringContaining('http:// or https://'),
    })
  })
})

describe('a proxy that speaks TLS', () => {
  it('hears the credentials encrypted', async () => {
    const proxy = await startProxy({ tls: corp.good, credentials: `svc:${PASSWORD}` })
    const to = { host: '127.0.0.1', port: await echo(), authorities: [corp.root.pem] }
    const socket = await through({ url: proxy.url, ...SENT }, to)
    socket.write('hello')
    expect(String((await once(socket, 'data'))[0])).toBe('hello')
  })

  it('is checked like any server, before it hears anything', async () => {
    const proxy = await startProxy({ tls: corp.bad.expired, credentials: `svc:${PASSWORD}` })
    const error = await fails({ url: proxy.url, ...SENT }, { authorities: [corp.root.pem] })
    expect(error.code).toBe('tls-failed')
    expect(error.message).toMatch(
      /^tableau\.corp\.example:443: the proxy https:\/\/127\.0\.0\.1:\d+: the certificate "tableau\.corp" expired on .* \(CERT_HAS_EXPIRED\)$/,
    )
    expect(proxy.asked).toEqual([])
    await expect.poll(proxy.open).toBe(0)
  })

  it('is told apart from one that does not', async () => {
    const proxy = await startProxy()
    const error = await fails({ url: proxy.url.replace('http:', 'https:') })
    expect(error).toMatchObject({ code: 'tls-failed', message: expect.stringContaining('speaks no TLS') })
  })
})
