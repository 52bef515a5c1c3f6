import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Fault } from '../../lib/simulator/faults.ts'
import { almanac, everything, temporaryFolder } from './terminal.ts'
import {
  type Behind,
  behindProxy,
  type Company,
  DAY,
  flagsOf,
  found,
  PAGED_WAYS,
  type PagedWay,
  secretsIn,
  secureWebhook,
  type Variables,
} from './ways.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let company: Company
let count = 0
beforeAll(async () => {
  folder = await temporaryFolder()
  company = await found(folder.path)
})
afterAll(() => folder.remove())

/** The counters of a site that was asked nothing. */
const UNASKED = { maxConcurrent: 0 }
/** Nothing listens there: who asks it, fails. */
const DEAD_PROXY = 'http://127.0.0.1:1'

const newPlace = (): string => join(folder.path, `place-${count++}`)
const hostOf = ({ site }: Behind): string => new URL(site.url).host

const night = (env: Variables, select = 'groups', ...more: readonly string[]) =>
  almanac(['nightly', '--date', DAY, '--select', select, '--warehouse', newPlace(), ...more], env)

/** What the environment says of a site behind a proxy, with changes; '' takes a variable away. */
const around = (behind: Behind, changes: Variables = {}, way?: PagedWay): Variables => ({
  ...behind.variables(way),
  HTTPS_PROXY: behind.proxyUrl,
  TABLEAU_CA_FILE: company.caFile,
  ...changes,
})

/** A night by a file that configures the site with these fields more; `proxy` is the proxy unless said otherwise. */
async function nightBy(behind: Behind, fields: object, select = 'groups', env: Variables = {}) {
  const path = `${newPlace()}.json`
  const variables = behind.variables()
  const site = {
    server: behind.site.url,
    site: behind.site.site,
    signIn: { kind: 'pat', name: behind.site.patName, secret: { env: 'TABLEAU_PAT_SECRET' } },
    proxy: behind.configured,
    caFile: company.caFile,
    ...fields,
  }
  await writeFile(path, JSON.stringify({ owner: 'BI platform', sites: [site] }))
  const secrets = { ...secretsIn(variables), ...behind.proxyPassword }
  return night({ ...secrets, ...env }, select, '--config', path)
}

describe.each(PAGED_WAYS)('the way $kind', (way) => {
  const signedInOnce = { signIns: 1, signOuts: 1 }

  test('goes through a proxy to a private certificate, by the variables of the page alone', async () => {
    const behind = await behindProxy(company)
    const { exit, out, err } = await night(around(behind, {}, way))
    expect([exit, out], err).toEqual([0, expect.stringContaining('1 of 1 entities complete')])
    expect(new Set(behind.proxy.asked)).toEqual(new Set([hostOf(behind)]))
    expect(behind.site.counters()).toMatchObject(signedInOnce)
  })

  test('goes there by a file that init wrote, and init has tried it', async () => {
    const behind = await behindProxy(company)
    const variables = behind.variables(way)
    const config = `${newPlace()}.json`
    const env = { ...secretsIn(variables), ...behind.proxyPassword }
    const { url, user } = behind.configured
    const network = ['--proxy', url, '--proxy-user', user, '--proxy-password', 'env:PROXY_PASSWORD']
    const flags = [...flagsOf(way, variables), ...network, '--ca-file', company.caFile, '--owner', 'BI']
    const init = await almanac(['init', '--config', config, ...flags], env)
    expect(init.exit, init.err).toBe(0)
    expect(behind.proxy.asked).toContain(hostOf(behind))
    expect(behind.site.counters()).toMatchObject(signedInOnce)
    behind.proxy.asked.length = 0

    const { exit, err } = await night(env, 'groups', '--config', config)
    expect(exit, err).toBe(0)
    expect(new Set(behind.proxy.asked)).toEqual(new Set([hostOf(behind)]))
    expect(behind.site.counters()).toMatchObject({ signIns: 2, signOuts: 2 })
  })
})

describe('a night that does not get there says why, and the site is asked nothing', () => {
  test.each<readonly [string, (behind: Behind) => Variables, RegExp]>([
    [
      'a wrong password for the proxy',
      ({ proxy }) => ({ HTTPS_PROXY: proxy.url.replace('//', '//svc:another@') }),
      /^error proxy-refused: 127\.0\.0\.1:\d+: the proxy http:\/\/127\.0\.0\.1:\d+ refuses the user and password \(407\)\nnext: .*HTTPS_PROXY/m,
    ],
    [
      'no password for the proxy',
      ({ proxy }) => ({ HTTPS_PROXY: proxy.url }),
      /^error proxy-refused: .* asks for a user and a password \(407\)\nnext: .*HTTPS_PROXY/m,
    ],
    [
      'no authority',
      () => ({ TABLEAU_CA_FILE: '' }),
      /^error tls-failed: .*the certificate "Corp Issuing CA 2" is signed by "Corp Root CA", which is not trusted here .*\nnext: .*TABLEAU_CA_FILE/m,
    ],
  ])('%s, by variables', async (_, changes, says) => {
    const behind = await behindProxy(company)
    const { exit, err } = await night(around(behind, changes(behind)))
    expect([exit, err]).toEqual([1, expect.stringMatching(says)])
    expect(behind.site.counters()).toEqual(UNASKED)
    expect(behind.proxy.asked).toContain(hostOf(behind))
  })

  test.each<readonly [string, (behind: Behind) => object, Variables, RegExp]>([
    [
      'a wrong password for the proxy',
      () => ({}),
      { PROXY_PASSWORD: 'another' },
      /^error proxy-refused: .* refuses the user and password \(407\)/m,
    ],
    [
      'no password for the proxy',
      ({ proxy }) => ({ proxy: { url: proxy.url } }),
      {},
      /^error proxy-refused: .* asks for a user and a password \(407\)/m,
    ],
    ['no authority', () => ({ caFile: undefined }), {}, /^error tls-failed: .*"Corp Root CA"/m],
  ])('%s, by the file', async (_, fields, env, says) => {
    const behind = await behindProxy(company)
    const { exit, err } = await nightBy(behind, fields(behind), 'groups', env)
    expect([exit, err]).toEqual([1, expect.stringMatching(says)])
    expect(behind.site.counters()).toEqual(UNASKED)
    expect(behind.proxy.asked).toContain(hostOf(behind))
  })

  test('a proxy that does not lead to this host', async () => {
    const behind = await behindProxy(company, { proxy: { status: 403 } })
    const { exit, err } = await night(around(behind))
    const says = `error proxy-refused: ${hostOf(behind)}: the proxy ${behind.proxy.url} refuses to lead to ${hostOf(behind)} (403)`
    expect([exit, err]).toEqual([1, expect.stringContaining(says)])
    expect(behind.site.counters()).toEqual(UNASKED)
  })

  test('the proxy’s password is missing, by the file: nobody is asked', async () => {
    const behind = await behindProxy(company)
    const { exit, err } = await nightBy(behind, {}, 'groups', { PROXY_PASSWORD: '' })
    expect([exit, err]).toEqual([2, expect.stringMatching(/^error secret-missing: .*PROXY_PASSWORD/m)])
    expect([behind.proxy.asked, behind.site.counters()]).toEqual([[], UNASKED])
  })
})

describe('the proxy is left out', () => {
  test('for hosts that NO_PROXY names', async () => {
    const behind = await behindProxy(company)
    const { exit, err } = await night(around(behind, { NO_PROXY: 'example.com,127.0.0.1' }))
    expect([exit, behind.proxy.asked], err).toEqual([0, []])
  })

  test('with "direct" in the file, whatever HTTPS_PROXY says', async () => {
    const behind = await behindProxy(company)
    const { exit, err } = await nightBy(behind, { proxy: 'direct' }, 'groups', {
      HTTPS_PROXY: behind.proxyUrl,
    })
    expect([exit, behind.proxy.asked], err).toEqual([0, []])
  })

  test('of the environment when the file names one; the environment’s when it names none', async () => {
    const behind = await behindProxy(company)
    const named = await nightBy(behind, {}, 'groups', { HTTPS_PROXY: DEAD_PROXY })
    expect(named.exit, named.err).toBe(0)
    behind.proxy.asked.length = 0
    const unnamed = await nightBy(behind, { proxy: undefined }, 'groups', { HTTPS_PROXY: behind.proxyUrl })
    expect(unnamed.exit, unnamed.err).toBe(0)
    expect(behind.proxy.asked).toContain(hostOf(behind))
  })
})

describe('what the file says of a site reaches its nights:', () => {
  test('timeouts.connect, told with its seconds', async () => {
    const behaviour: { instead?: 'hang' } = { instead: 'hang' }
    const behind = await behindProxy(company, { proxy: behaviour })
    const running = nightBy(behind, { timeouts: { connect: 0.5 } })
    await vi.waitFor(() => expect(behind.proxy.asked).toHaveLength(1), { timeout: 20_000 })
    delete behaviour.instead
    const { exit, err } = await running
    expect([exit, err]).toEqual([
      0,
      expect.stringContaining(`the proxy ${behind.proxy.url} did not answer CONNECT within 0.5 seconds`),
    ])
  })

  test.each<readonly [string, object, 'headers' | 'body', RegExp]>([
    ['timeouts.headers', { headers: 0.5 }, 'headers', /"event":"retried".*no answer in time/],
    ['timeouts.idle', { idle: 0.5 }, 'body', /"event":"retried".*the answer stalled/],
    [
      'timeouts.whole',
      { whole: 0.5 },
      'body',
      /"event":"retried".*the answer was not complete after 0\.5 seconds/,
    ],
  ])('%s', async (_, timeouts, where, says) => {
    const behind = await behindProxy(company)
    behind.site.faults.set([{ kind: 'stall', where, match: { endpoint: 'groups', times: 1 } }])
    // Whatever else is wrong ends the wait sooner than the defaults do.
    const { exit, err } = await nightBy(behind, { timeouts: { whole: 6, ...timeouts } })
    expect([exit, err]).toEqual([0, expect.stringMatching(says)])
  })

  test.each([
    [1, 1],
    [3, 3],
  ])('concurrency %i: never more than %i calls at once', async (concurrency, most) => {
    const behind = await behindProxy(company, { site: { latencyMs: 30 } })
    const lists = 'users,groups,projects,workbooks,views,datasources'
    const { exit, err } = await nightBy(behind, { concurrency }, lists)
    expect(exit, err).toBe(0)
    expect(behind.site.counters()['maxConcurrent']).toBe(most)
  })

  test.each<readonly [string, object, number, RegExp]>([
    ['without acceptSurplus', {}, 3, /groups incomplete: .*it may be accepted in the configuration/],
    ['acceptSurplus', { acceptSurplus: ['groups'] }, 0, /1 of 1 entities complete/],
    ['acceptSurplus of another', { acceptSurplus: ['users'] }, 3, /groups incomplete: /],
  ])('%s, where one row more is announced than there is', async (_, fields, exit, says) => {
    const behind = await behindProxy(company)
    behind.site.faults.set([{ kind: 'lieTotal', by: 1, match: { endpoint: 'groups' } }])
    const outcome = await nightBy(behind, fields)
    expect([outcome.exit, outcome.out], outcome.err).toEqual([exit, expect.stringMatching(says)])
  })

  test.each<readonly [string, object, number, RegExp]>([
    ['without acceptNarrowed', {}, 3, /projects forbidden: .*acceptNarrowed/],
    ['acceptNarrowed', { acceptNarrowed: ['projects'] }, 0, /1 of 1 entities complete/],
    ['acceptNarrowed of another', { acceptNarrowed: ['views'] }, 3, /projects forbidden: /],
  ])('%s, where the role shows a part', async (_, fields, exit, says) => {
    const behind = await behindProxy(company, { site: { siteRole: 'Creator' } })
    const outcome = await nightBy(behind, fields, 'projects')
    expect([outcome.exit, outcome.out], outcome.err).toEqual([exit, expect.stringMatching(says)])
  })
})

describe('a webhook with a certificate of the same authority', () => {
  const REFUSED: Fault = { kind: 'forbidden', match: { endpoint: 'groups' } }
  const told = { notify: [{ kind: 'json', url: { env: 'WEBHOOK' } }] }

  test('is told through the site’s proxy', async () => {
    const behind = await behindProxy(company)
    const { host, url, bodies } = await secureWebhook(company.corp.good)
    behind.site.faults.set([REFUSED])
    const { exit, err } = await nightBy(behind, told, 'groups', { WEBHOOK: url })
    expect(exit, err).toBe(3)
    expect(bodies, err).toEqual([expect.stringContaining('"groups:forbidden"')])
    expect(behind.proxy.asked.filter((asked) => asked === host)).toHaveLength(1)
  })

  test('is told through the environment’s when the site is reached directly', async () => {
    const behind = await behindProxy(company)
    const { host, url, bodies } = await secureWebhook(company.corp.good)
    behind.site.faults.set([REFUSED])
    const env = { WEBHOOK: url, HTTPS_PROXY: behind.proxyUrl }
    const { exit, err } = await nightBy(behind, { ...told, proxy: 'direct' }, 'groups', env)
    expect(exit, err).toBe(3)
    expect(bodies, err).toHaveLength(1)
    expect(behind.proxy.asked).toEqual([host])
  })
})

test('none of this showed a secret, and no file holds one', async () => {
  const names = (await readdir(folder.path)).filter((name) => name.endsWith('.json'))
  const files = await Promise.all(names.map((name) => readFile(join(folder.path, name), 'utf8')))
  expect(files.length).toBeGreaterThan(10)
  const written = [...everything, ...files].join('\n')
  for (const secret of [...company.secrets, 'canary-of-the-webhook'])
    expect(written.includes(secret), secret).toBe(false)
})
