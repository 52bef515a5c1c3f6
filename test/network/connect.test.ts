import { inspect } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { AlmanacError, type ErrorCode } from '../../lib/core/errors.ts'
import { secretOf } from '../../lib/core/secret.ts'
import { openWay } from '../../lib/network/open-way.ts'
import { DIRECT, type ProxyServer, type Way } from '../../lib/network/way.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { type Client, connect } from '../../lib/tableau/client.ts'
import { patIdentity } from '../../lib/tableau/identity.ts'
import { optionsFor, USERS } from '../tableau/servers.ts'
import { type Authority, makeAuthority, type ServerTls } from '../tls/certificates.ts'
import { gonePort, type ProxyBehaviour, startProxy } from './proxy-server.ts'

const PAT_SECRET = 'canary-of-the-pat=='
const PASSWORD = 'canary-of-the-proxy'
/** The counters of a simulator that was asked nothing. */
const UNASKED = { maxConcurrent: 0 }

let corp: Authority
beforeAll(async () => {
  corp = await makeAuthority()
})

/** A simulated site over TLS; over plain http without a certificate. */
async function site(tls?: ServerTls): Promise<Simulator> {
  const simulator = await startSimulator({ patSecret: PAT_SECRET, ...(tls === undefined ? {} : { tls }) })
  onTestFinished(() => simulator.close())
  return simulator
}

const trusting = (proxy?: ProxyServer): Way => ({ proxy, authorities: [corp.root.pem] })

async function signedIn({ patName, url }: Pick<Simulator, 'url' | 'patName'>, way: Way): Promise<Client> {
  const signIn = { serverUrl: url, contentUrl: 'demo', identity: patIdentity(patName, PAT_SECRET) }
  const client = await connect(optionsFor(url, { signIn, way, timeouts: { connect: 5_000 } }))
  onTestFinished(() => client.close())
  return client
}

/** The error of a sign-in, in which no secret stands however it is looked at. */
async function refused(at: Pick<Simulator, 'url' | 'patName'>, way: Way): Promise<AlmanacError> {
  const thrown = await signedIn(at, way).then(
    () => expect.unreachable('it signed in'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof AlmanacError)) throw thrown
  const shown = [thrown.message, thrown.next, thrown.stack, JSON.stringify(thrown), inspect(thrown)].join()
  const encoded = Buffer.from(`svc:${PASSWORD}`).toString('base64')
  for (const secret of [PAT_SECRET, PASSWORD, encoded]) expect(shown).not.toContain(secret)
  return thrown
}

const usersOf = async (client: Client): Promise<number | undefined> =>
  (await client.page(USERS, 1)).pagination?.totalAvailable

describe('a site with a certificate of a private authority', () => {
  it('is read when the authority is trusted', async () => {
    const simulator = await site(corp.good)
    const client = await signedIn(simulator, trusting())
    expect(await usersOf(client)).toBe(simulator.world().users.length)
  })

  it('is not signed in to otherwise, and the error names the certificate', async () => {
    const simulator = await site(corp.good)
    expect(await refused(simulator, DIRECT)).toMatchObject({
      code: 'tls-failed',
      message: `${simulator.url}: the certificate "Corp Issuing CA 2" is signed by "Corp Root CA", which is not trusted here (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)`,
      next: 'Put the root "Corp Root CA" into a PEM file and name that in "caFile" or TABLEAU_CA_FILE.',
      details: { network: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', certificate: 'Corp Issuing CA 2' },
    })
    expect(simulator.counters()).toEqual(UNASKED)
  })

  it.each<readonly [string, (corp: Authority) => ServerTls, RegExp]>([
    ['expired', ({ bad }) => bad.expired, /"tableau\.corp" expired on .* \(CERT_HAS_EXPIRED\)$/],
    ['not valid yet', ({ bad }) => bad.early, /is not valid before .* \(CERT_NOT_YET_VALID\)$/],
    [
      'for another host',
      ({ bad }) => bad.elsewhere,
      /is for other\.example\.com, 10\.1\.2\.3, not for 127\.0\.0\.1 \(ERR_TLS_CERT_ALTNAME_INVALID\)$/,
    ],
    ['without the one between', ({ bad }) => bad.alone, /which the server does not send/],
    [
      'self-signed',
      ({ selfSigned }) => selfSigned,
      /the self-signed certificate "tableau\.corp" is not trusted here/,
    ],
  ])('is refused with a certificate that is %s', async (_, tls, says) => {
    const simulator = await site(tls(corp))
    const error = await refused(simulator, trusting())
    expect(error).toMatchObject({ code: 'tls-failed', message: expect.stringMatching(says) })
    expect(simulator.counters()).toEqual(UNASKED)
  })

  it.each<readonly [string, () => Way]>([
    ['Node’s own roots', () => DIRECT],
    ['authorities', () => trusting()],
  ])('is checked against %s whatever the environment says', async (_, way) => {
    const simulator = await site(corp.selfSigned)
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    onTestFinished(() => {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
    })
    expect(await refused(simulator, way())).toMatchObject({ code: 'tls-failed' })
  })

  it('that speaks plain http is told so', async () => {
    const simulator = await site()
    const url = simulator.url.replace('http:', 'https:')
    expect(await refused({ ...simulator, url }, trusting())).toMatchObject({
      code: 'tls-failed',
      message: expect.stringContaining('what answers there speaks no TLS'),
    })
  })
})

describe('a site behind a proxy', () => {
  it('is read through it, encrypted from end to end', async () => {
    const simulator = await site(corp.good)
    const proxy = await startProxy({ credentials: `svc:${PASSWORD}` })
    const way = trusting({ url: proxy.url, user: 'svc', password: secretOf(PASSWORD) })
    const client = await signedIn(simulator, way)
    expect(await usersOf(client)).toBe(simulator.world().users.length)
    expect(new Set(proxy.asked)).toEqual(new Set([new URL(simulator.url).host]))
    expect(proxy.others).toEqual([])
    const through = Buffer.concat(proxy.through)
    expect(through.length).toBeGreaterThan(1_000)
    for (const clear of [PAT_SECRET, PASSWORD, 'tsRequest', 'x-tableau-auth', 'HTTP/1.1'])
      expect(through.includes(clear)).toBe(false)
  })

  it('shares its connections among many calls, and closes them', async () => {
    const simulator = await site(corp.good)
    const proxy = await startProxy()
    const client = await signedIn(simulator, trusting({ url: proxy.url }))
    for (let call = 0; call < 10; call++) await usersOf(client)
    await Promise.all(Array.from({ length: 30 }, () => usersOf(client)))
    expect(proxy.asked.length).toBeLessThanOrEqual(8)
    await client.close()
    await expect.poll(proxy.open).toBe(0)
  })

  it('is looked up by the proxy', async () => {
    const simulator = await site(corp.good)
    const { port } = new URL(simulator.url)
    const proxy = await startProxy({ names: { localhost: '127.0.0.1' } })
    const url = `https://localhost:${port}`
    await signedIn({ ...simulator, url }, trusting({ url: proxy.url }))
    expect(proxy.asked[0]).toBe(`localhost:${port}`)
  })

  it('is reached through a proxy that speaks TLS itself', async () => {
    const simulator = await site(corp.good)
    const proxy = await startProxy({ tls: corp.good, credentials: `svc:${PASSWORD}` })
    const way = trusting({ url: proxy.url, user: 'svc', password: secretOf(PASSWORD) })
    expect(await usersOf(await signedIn(simulator, way))).toBe(simulator.world().users.length)
  })

  it('shows its certificates through the proxy', async () => {
    const simulator = await site(corp.bad.expired)
    const proxy = await startProxy()
    expect(await refused(simulator, trusting({ url: proxy.url }))).toMatchObject({
      code: 'tls-failed',
      message: expect.stringContaining(`${simulator.url}: the certificate "tableau.corp" expired on`),
    })
    expect(Buffer.concat(proxy.through).includes(PAT_SECRET)).toBe(false)
    await expect.poll(proxy.open).toBe(0)
  })

  it('is reached without it when NO_PROXY says so', async () => {
    const simulator = await site(corp.good)
    const proxy = await startProxy()
    const open = (env: Record<string, string>) =>
      openWay({ url: simulator.url, proxy: undefined, caFile: undefined, env })
    const by = async (env: Record<string, string>): Promise<Way> => trusting((await open(env)).proxy)
    await signedIn(simulator, await by({ HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.0/8' }))
    expect(proxy.asked).toEqual([])
    await signedIn(simulator, await by({ HTTPS_PROXY: proxy.url }))
    expect(proxy.asked).not.toEqual([])
  })

  it('over plain http on this machine never uses it', async () => {
    const simulator = await site()
    const proxy = await startProxy()
    await signedIn(simulator, trusting({ url: proxy.url }))
    expect([proxy.asked, proxy.others]).toEqual([[], []])
  })
})

const REFUSALS: readonly (readonly [
  what: string,
  behaviour: ProxyBehaviour,
  credentials: Partial<ProxyServer>,
  code: ErrorCode,
  says: string,
  asked: number,
])[] = [
  [
    'asks who we are',
    { credentials: 'svc:x' },
    {},
    'proxy-refused',
    'asks for a user and a password (407)',
    1,
  ],
  [
    'does not know us',
    { credentials: 'svc:x' },
    { user: 'svc', password: secretOf(PASSWORD) },
    'proxy-refused',
    'refuses the user and password (407)',
    1,
  ],
  ['does not allow the host', { status: 403 }, {}, 'proxy-refused', 'refuses to lead to 127.0.0.1:', 1],
  ['does not reach the host', { status: 502 }, {}, 'unreachable', 'answered 502 to CONNECT 127.0.0.1:', 5],
  ['hangs up', { instead: 'cut' }, {}, 'unreachable', 'the connection was reset', 5],
]

describe('a proxy that', () => {
  it.each(REFUSALS)('%s is told of', async (_, behaviour, credentials, code, says, asked) => {
    const simulator = await site(corp.good)
    const proxy = await startProxy(behaviour)
    const error = await refused(simulator, trusting({ url: proxy.url, ...credentials }))
    expect(error.code).toBe(code)
    expect(error.message).toContain(`the proxy ${proxy.url}`)
    expect(error.message).toContain(says)
    expect(proxy.asked).toHaveLength(asked)
    expect(simulator.counters()).toEqual(UNASKED)
  })

  it('is not there is named', async () => {
    const simulator = await site(corp.good)
    const url = `http://127.0.0.1:${await gonePort()}`
    expect(await refused(simulator, trusting({ url }))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(
        `the proxy ${url} cannot be reached: nothing listens there (ECONNREFUSED)`,
      ),
    })
  })
})
