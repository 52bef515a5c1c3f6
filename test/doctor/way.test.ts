import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { SiteConfiguration } from '../../lib/config/configuration.ts'
import type { Check } from '../../lib/doctor/check.ts'
import { type ProxyBehaviour, type ProxyRecord, startProxy } from '../network/proxy-server.ts'
import { type Authority, issue, makeAuthority, type ServerTls, serverTls } from '../tls/certificates.ts'
import { clockAt, everything, examine, type World } from './examine.ts'
import { siteAt, smallSite } from './site.ts'

const PASSWORD = 'Cana7y-p4ssw0rd'
const AFTER_TLS = ['server', 'version', 'sign-in', 'role', 'person', 'clock', 'token', 'entity users', 'slug']

let authority: Authority
let folder: string
let caFile: string
beforeAll(async () => {
  authority = await makeAuthority()
  folder = await mkdtemp(join(tmpdir(), 'almanac-doctor-'))
  caFile = await fileOf('company-ca.pem', authority.root.pem)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** A simulated site over TLS, for one test, and its world. It is today there: certificates are made from today on. */
async function secured(tls: ServerTls, more: Partial<SiteConfiguration> = {}): Promise<World> {
  const today = new Date().toISOString().slice(0, 10)
  const sim = await smallSite({ tls, day: today })
  onTestFinished(() => sim.close())
  const site = siteAt(sim.url, sim.site, { entities: ['users'], caFile, ...more })
  return {
    site,
    ports: { clock: clockAt(today) },
    env: { PAT_SECRET: sim.patSecret, WEBHOOK: 'https://hooks.example.com/x', PROXY_PASSWORD: PASSWORD },
  }
}

const bad = (checks: readonly Check[]): readonly string[] =>
  checks
    // The simulated administrator is a person who owns workbooks.
    .filter(({ name, verdict }) => name !== 'person' && (verdict === 'fail' || verdict === 'warn'))
    .map(({ name }) => name)
const skipped = (checks: readonly Check[]): readonly string[] =>
  checks.filter(({ verdict }) => verdict === 'skipped').map(({ name }) => name)
const named = (checks: readonly Check[], name: string): Check | undefined =>
  checks.find((check) => check.name === name)

describe('TLS', () => {
  test('a chain that is trusted: protocol, names, days left', async () => {
    const checks = await examine(await secured(authority.good))
    expect(bad(checks)).toEqual([])
    expect(named(checks, 'tls')?.says).toMatch(
      /^TLSv1\.3, "tableau\.corp" by "Corp Issuing CA 2"; ".+" expires in \d+ days, on \d{4}-/,
    )
  })

  test.each<[string, () => ServerTls, RegExp, RegExp]>([
    ['an expired certificate', () => authority.bad.expired, /"tableau\.corp" expired on/, /renewed/],
    ['one for another host', () => authority.bad.elsewhere, /is for other\.example\.com/, /names it is for/],
    ['a chain with a gap', () => authority.bad.alone, /"Corp Issuing CA 2"/, /caFile/],
    ['a self-signed certificate', () => authority.selfSigned, /self-signed/, /caFile/],
  ])('%s is named, and nothing after it is tried', async (_what, tls, says, next) => {
    const checks = await examine(await secured(tls()))
    expect(bad(checks)).toEqual(['tls'])
    expect(named(checks, 'tls')).toMatchObject({
      verdict: 'fail',
      says: expect.stringMatching(says),
      next: expect.stringMatching(next),
    })
    expect(skipped(checks)).toEqual(AFTER_TLS)
  })

  test('an authority that is not in the CA file', async () => {
    const checks = await examine(await secured(authority.good, { caFile: undefined }))
    expect(bad(checks)).toEqual(['tls'])
    expect(named(checks, 'tls')?.says).toMatch(/Corp Root CA/)
    expect(named(checks, 'tls')?.next).toMatch(/caFile/)
  })

  test('a CA file that is none fails TLS, and not the way before it', async () => {
    const broken = await fileOf('broken.pem', 'no certificate at all')
    const checks = await examine(await secured(authority.good, { caFile: broken }))
    expect(bad(checks)).toEqual(['tls'])
    expect(named(checks, 'tls')?.says).toMatch(/broken\.pem.*holds no certificate/)
    expect(named(checks, 'tcp')?.verdict).toBe('ok')
  })

  test('a certificate that ends within 30 days is a warning, and all goes on', async () => {
    const { issuing } = authority
    const short = await issue({ name: 'tableau.corp', by: issuing, hosts: ['127.0.0.1'], to: 2 })
    const checks = await examine(await secured(serverTls(short, issuing)))
    expect(bad(checks)).toEqual(['tls'])
    expect(named(checks, 'tls')).toMatchObject({ verdict: 'warn', next: expect.stringMatching(/renewed/) })
    expect(named(checks, 'tls')?.says).toMatch(/"tableau\.corp" expires in \d+ days/)
    expect(named(checks, 'sign-in')?.verdict).toBe('ok')
  })

  test('an authority in the CA file that expired is a warning', async () => {
    const old = await issue({ name: 'Old Root CA', from: -400, to: -60 })
    const both = await fileOf('both.pem', `${authority.root.pem}${old.pem}`)
    const checks = await examine(await secured(authority.good, { caFile: both }))
    expect(bad(checks)).toEqual(['tls'])
    expect(named(checks, 'tls')?.says).toMatch(/in the CA file "Old Root CA" expired on/)
    // That does not hide how long the server's own lasts.
    expect(named(checks, 'tls')?.says).toMatch(/; ".+" expires in \d+ days, on \d{4}-/)
  })

  test('an authority of NODE_EXTRA_CA_CERTS that expired is none of the CA file', async () => {
    const old = await issue({ name: 'Old Root CA', from: -400, to: -60 })
    const world = await secured(authority.good)
    const env = { ...world.env, NODE_EXTRA_CA_CERTS: await fileOf('extra.pem', old.pem) }
    const checks = await examine({ ...world, env })
    expect(bad(checks)).toEqual([])
    expect(named(checks, 'tls')?.says).not.toContain('Old Root CA')
  })

  test('an authority that expired and a certificate that soon will are both told', async () => {
    const { issuing } = authority
    const old = await issue({ name: 'Old Root CA', from: -400, to: -60 })
    const short = await issue({ name: 'tableau.corp', by: issuing, hosts: ['127.0.0.1'], to: 2 })
    const both = await fileOf('both-soon.pem', `${authority.root.pem}${old.pem}`)
    const checks = await examine(await secured(serverTls(short, issuing), { caFile: both }))
    expect(named(checks, 'tls')).toMatchObject({ verdict: 'warn', next: expect.stringMatching(/renewed/) })
    expect(named(checks, 'tls')?.says).toMatch(
      /"tableau\.corp" expires in \d+ days.*"Old Root CA" expired on/,
    )
  })
})

describe('a proxy', () => {
  async function through(
    behaviour: ProxyBehaviour,
    more: (proxy: ProxyRecord) => SiteConfiguration['proxy'] = ({ url }) => ({ url }),
  ): Promise<{ checks: readonly Check[]; proxy: ProxyRecord }> {
    const proxy = await startProxy(behaviour)
    const checks = await examine(await secured(authority.good, { proxy: more(proxy) }))
    return { checks, proxy }
  }
  const withUser = ({ url }: ProxyRecord): SiteConfiguration['proxy'] => ({
    url,
    user: 'svc',
    password: { env: 'PROXY_PASSWORD' },
  })

  test('leads there: the steps that it takes over are skipped, and the rest is well', async () => {
    const { checks, proxy } = await through({ credentials: `svc:${PASSWORD}` }, withUser)
    expect(bad(checks)).toEqual([])
    expect(skipped(checks)).toEqual(['name', 'tcp'])
    expect(named(checks, 'proxy')?.says).toBe(
      `${proxy.url}, as the configuration says, leads to ${proxy.asked[0]}`,
    )
  })

  test.each<[string, ProxyBehaviour, RegExp]>([
    ['wants a password', { credentials: 'other:one' }, /407/],
    ['does not lead to this host', { status: 403 }, /403/],
    ['does not reach it', { status: 502 }, /502/],
  ])('that %s fails, and everything behind it is skipped', async (_what, behaviour, says) => {
    const { checks } = await through(behaviour, withUser)
    expect(bad(checks)).toEqual(['proxy'])
    expect(named(checks, 'proxy')).toMatchObject({ verdict: 'fail', says: expect.stringMatching(says) })
    expect(named(checks, 'proxy')?.next).not.toBe('')
    expect(skipped(checks)).toEqual(['name', 'tcp', 'tls', ...AFTER_TLS])
  })

  test('whose password is not there is not asked', async () => {
    const proxy = await startProxy()
    const world = await secured(authority.good, { proxy: withUser(proxy) })
    const checks = await examine({ ...world, env: { ...world.env, PROXY_PASSWORD: undefined } })
    expect(bad(checks)).toEqual(['secrets'])
    expect(named(checks, 'proxy')?.says).toBe('not done: it needs "secrets"')
    expect(proxy.asked).toEqual([])
  })

  test('of the environment is named as such; "direct" goes past it', async () => {
    const proxy = await startProxy()
    const world = await secured(authority.good)
    const env = { ...world.env, HTTPS_PROXY: proxy.url }
    expect(named(await examine({ ...world, env }), 'proxy')?.says).toMatch(/as the environment says/)
    const asked = proxy.asked.length
    const direct = await examine({ ...world, env, site: { ...world.site, proxy: 'direct' } })
    expect(named(direct, 'proxy')?.says).toMatch(/^none, as the configuration says/)
    expect(proxy.asked.length).toBe(asked)
  })

  test.each(['NO_PROXY', 'no_proxy'])(
    'of the environment that %s exempts is said not to be used',
    async (variable) => {
      const proxy = await startProxy()
      const world = await secured(authority.good)
      const env = { ...world.env, HTTPS_PROXY: proxy.url, [variable]: 'example.com,127.0.0.1' }
      const checks = await examine({ ...world, env })
      expect(bad(checks)).toEqual([])
      expect(named(checks, 'proxy')?.says).toBe(`HTTPS_PROXY is not used: ${variable} names 127.0.0.1`)
      expect(proxy.asked).toEqual([])
    },
  )
})

describe('plain http to this machine goes past every proxy, and it is said which one is not used', () => {
  const PAST = 'is not used: plain http, to this machine alone, uses none'
  test.each<[string, Partial<SiteConfiguration>, Record<string, string>, string]>([
    [
      'of the configuration',
      { proxy: { url: 'http://127.0.0.1:1' } },
      {},
      `http://127.0.0.1:1 of the configuration ${PAST}`,
    ],
    ['of the environment', {}, { https_proxy: 'http://127.0.0.1:1' }, `https_proxy ${PAST}`],
    ['of neither', {}, {}, 'none is configured, and none in the environment'],
  ])('%s', async (_what, site, more, says) => {
    const sim = await smallSite()
    onTestFinished(() => sim.close())
    const env = { PAT_SECRET: sim.patSecret, WEBHOOK: 'https://hooks.example.com/x', ...more }
    const checks = await examine({ site: siteAt(sim.url, sim.site, { entities: ['users'], ...site }), env })
    expect(bad(checks)).toEqual([])
    expect(named(checks, 'proxy')).toMatchObject({ verdict: 'ok', says })
    expect(named(checks, 'tcp')?.says).toMatch(/^127\.0\.0\.1:\d+ answers$/)
  })
})

test('no line holds the proxy’s password', () => {
  const text = everything.join('\n')
  expect(text.length).toBeGreaterThan(5_000)
  expect(text).not.toContain(PASSWORD)
  expect(text).not.toContain(Buffer.from(`svc:${PASSWORD}`).toString('base64'))
})
