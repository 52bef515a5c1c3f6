import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { SiteConfiguration } from '../../lib/config/configuration.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import type { Check } from '../../lib/doctor/check.ts'
import type { DoctorPorts } from '../../lib/doctor/subject.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { leaseKey } from '../../lib/session/lease-state.ts'
import type { Simulator, SimulatorOptions } from '../../lib/simulator/server.ts'
import { clockAt, doctorOf, everything, examine, type World } from './examine.ts'
import { otherServer, ownerFront } from './front.ts'
import { siteAt, smallSite } from './site.ts'
import { careless, forgetful, overwriting, readOnly, refuse } from './stores.ts'

const WEBHOOK = 'https://hooks.example.com/services/T0/B0/Cana7yCana7y'
const names = (checks: readonly Check[]): readonly string[] => checks.map(({ name }) => name)
/** What is not well, but for `person`: the simulated administrator is one, and owns workbooks. */
const notOk = (checks: readonly Check[]): readonly string[] =>
  checks
    .filter(({ name, verdict }) => name !== 'person' && (verdict === 'fail' || verdict === 'warn'))
    .map(({ name }) => name)
const named = (checks: readonly Check[], name: string): Check | undefined =>
  checks.find((check) => check.name === name)

const ORDER = [
  'configuration',
  'secrets',
  'proxy',
  'name',
  'tcp',
  'tls',
  'server',
  'version',
  'warehouse',
  'sign-in',
  'role',
  'person',
  'clock',
  'token',
  ...ENTITIES.map(({ name }) => `entity ${name}`),
  'slug',
  'owner',
  'notification',
]
const SIGNED_IN = [
  'role',
  'person',
  'clock',
  'token',
  ...ENTITIES.map(({ name }) => `entity ${name}`),
  'slug',
]
const FROM_SERVER = ['server', 'version', 'sign-in', ...SIGNED_IN]

let sim: Simulator
beforeAll(async () => {
  sim = await smallSite()
})
afterAll(() => sim.close())

const worldOf = ({ url, site, patSecret }: Simulator, more: Partial<SiteConfiguration> = {}): World => ({
  site: siteAt(url, site, more),
  env: { PAT_SECRET: patSecret, WEBHOOK },
})

/** A simulated site for one case. */
async function on(
  options: SimulatorOptions,
  change: (world: World) => World = (world) => world,
): Promise<readonly Check[]> {
  const own = await smallSite(options)
  try {
    return await examine(change(worldOf(own)))
  } finally {
    await own.close()
  }
}

test('where all is well every line says so, in the order of a night', async () => {
  const before = sim.counters()
  const store = memoryStore()
  const checks = await examine({ ...worldOf(sim), store })
  expect(names(checks)).toEqual(ORDER)
  expect(notOk(checks)).toEqual([])
  expect(checks.filter(({ verdict }) => verdict === 'skipped').map(({ name }) => name)).toEqual(['tls'])
  expect(named(checks, 'entity users')?.says).toBe('answers; 40 rows')
  expect(named(checks, 'role')?.says).toMatch(/^SiteAdministrator\w+ sees all/)
  expect(named(checks, 'configuration')?.says).toMatch(
    /almanac\.config\.json: 1 site; "demo" is site "demo" on http/,
  )
  const after = sim.counters()
  const since = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0)
  expect([since('signIns'), since('signOuts')]).toEqual([1, 1])
  // Nothing is left but the lease, handed back.
  expect((await store.list('')).map(({ key }) => key)).toEqual([
    leaseKey({ host: new URL(sim.url).host, name: 'almanac' }),
  ])
})

/** A port on which nothing listens. */
const closedPort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0
      server.close(() => resolve(port))
    })
  })

async function boundElsewhere(): Promise<ObjectStore> {
  const store = memoryStore()
  const other = { format: 1, host: 'tableau.example.com', id: 'another-site', contentUrl: 'sales' }
  await store.write(keys.site('demo'), jsonBytes(other), 'absent')
  return store
}

async function leased(): Promise<ObjectStore> {
  const store = memoryStore()
  const key = leaseKey({ host: new URL(sim.url).host, name: 'almanac' })
  await store.write(key, jsonBytes({ format: 1, holder: 'nightly-7', beat: 3 }), 'absent')
  return store
}

interface Case {
  readonly what: string
  readonly checks: () => Promise<readonly Check[]>
  /** The one check that is not well, what it says, and what it says to do. */
  readonly found: string
  readonly verdict: 'fail' | 'warn'
  readonly says: RegExp
  readonly next: RegExp
  /** What cannot be looked at then. */
  readonly skips: readonly string[]
}

const here = (
  change: Partial<World> & { readonly with?: Partial<SiteConfiguration> },
): Promise<readonly Check[]> => {
  const { with: site, ...world } = change
  return examine({ ...worldOf(sim, site), ...world })
}

const CASES: readonly Case[] = [
  {
    what: 'the token’s secret is not set',
    checks: () => here({ env: { WEBHOOK } }),
    found: 'secrets',
    verdict: 'fail',
    says: /^sign-in: environment variable PAT_SECRET: it is not set$/,
    next: /Put the secret where/,
    skips: ['sign-in', ...SIGNED_IN],
  },
  {
    what: 'no such host',
    checks: () => here({ with: { server: 'https://tableau.invalid' } }),
    found: 'name',
    verdict: 'fail',
    says: /tableau\.invalid/,
    next: /address/,
    skips: ['tcp', 'tls', ...FROM_SERVER],
  },
  {
    what: 'nothing listens',
    checks: async () => here({ with: { server: `http://127.0.0.1:${await closedPort()}` } }),
    found: 'tcp',
    verdict: 'fail',
    says: /127\.0\.0\.1:\d+.*ECONNREFUSED/,
    next: /address/,
    skips: ['tls', ...FROM_SERVER],
  },
  {
    what: 'a web server that is not Tableau',
    checks: async () => {
      const other = await otherServer()
      return here({ with: { server: other.url } }).finally(other.close)
    },
    found: 'server',
    verdict: 'fail',
    says: /serverinfo/,
    next: /Tableau itself/,
    skips: ['version', 'sign-in', ...SIGNED_IN],
  },
  {
    what: 'a server too old for the token',
    checks: () => on({ apiVersion: '3.5' }),
    found: 'version',
    verdict: 'fail',
    says: /speaks REST API 3\.5.*needs 3\.6/,
    next: /Upgrade Tableau Server/,
    skips: ['sign-in', ...SIGNED_IN],
  },
  {
    what: 'a server newer than was tested',
    checks: () => on({ apiVersion: '3.40' }),
    found: 'version',
    verdict: 'warn',
    says: /^REST API 3\.40.*newer than 3\.29/,
    next: /newer Almanac/,
    skips: [],
  },
  {
    what: 'an entity that the server is too old for',
    checks: () =>
      here({
        entities: ENTITIES.map((each) =>
          each.name === 'jobs' ? { ...each, read: { ...each.read, since: '3.99' } } : each,
        ),
      }),
    found: 'version',
    verdict: 'warn',
    says: /too old for jobs \(3\.99\)/,
    next: /Upgrade Tableau Server, or switch/,
    skips: ['entity jobs'],
  },
  {
    what: 'a wrong secret',
    checks: () => here({ env: { PAT_SECRET: 'wrong:secret', WEBHOOK } }),
    found: 'sign-in',
    verdict: 'fail',
    says: /refused to sign in to site "demo".*"almanac"/,
    next: /Check the token’s name and secret/,
    skips: SIGNED_IN,
  },
  {
    what: 'a run at work, which keeps its session and its lease',
    checks: async () => {
      const store = await leased()
      const before = sim.counters()['signIns']
      const checks = await here({ store })
      expect(sim.counters()['signIns']).toBe(before)
      const lease = await store.read(leaseKey({ host: new URL(sim.url).host, name: 'almanac' }))
      expect(JSON.parse(new TextDecoder().decode(lease?.bytes))).toMatchObject({
        holder: 'nightly-7',
        beat: 3,
      })
      return checks
    },
    found: 'sign-in',
    verdict: 'warn',
    says: /^run nightly-7 holds this token’s session, and a sign-in would end it$/,
    next: /Wait until that run has ended/,
    skips: SIGNED_IN,
  },
  {
    what: 'a viewer',
    checks: () => on({ siteRole: 'Viewer' }),
    found: 'role',
    verdict: 'fail',
    says: /^Viewer is refused users, groups, group_members, jobs, and sees only a part of site, projects, workbooks, views, datasources/,
    next: /site role SiteAdministratorExplorer/,
    skips: ENTITIES.map(({ name }) => `entity ${name}`),
  },
  {
    what: 'a clock that is wrong',
    checks: () => here({ ports: { clock: clockAt('2026-11-01', 45) } }),
    found: 'clock',
    verdict: 'warn',
    says: /4[45] minutes ahead of the server’s/,
    next: /NTP/,
    skips: [],
  },
  {
    what: 'a token that expires in five days, as Tableau tells',
    checks: () => on({ cloud: true, patExpiresAt: '2026-11-06T12:00:00Z' }),
    found: 'token',
    verdict: 'warn',
    says: /expires in 5 days, on 2026-11-06, as Tableau says/,
    next: /Create a new token/,
    skips: [],
  },
  {
    what: 'a token that works past the day of the configuration',
    checks: () =>
      here({
        with: {
          signIn: { kind: 'pat', name: 'almanac', secret: { env: 'PAT_SECRET' }, expires: '2026-10-20' },
        },
      }),
    found: 'token',
    verdict: 'warn',
    says: /^the configured date, 2026-10-20, has passed and the token still works$/,
    next: /^Correct the date/,
    skips: [],
  },
  {
    what: 'an entity that Tableau refuses against all expectation',
    checks: async () => {
      sim.faults.set([{ kind: 'forbidden', match: { endpoint: 'groups' } }])
      return here({ with: { entities: ['users', 'groups', 'projects'] } }).finally(sim.faults.clear)
    },
    found: 'entity groups',
    verdict: 'fail',
    says: /groups.*403/,
    next: /site role/,
    skips: [],
  },
  {
    what: 'a warehouse that cannot be written to',
    checks: () => here({ store: readOnly(memoryStore()) }),
    found: 'warehouse',
    verdict: 'fail',
    says: /EACCES/,
    next: /may be written to/,
    skips: [],
  },
  {
    what: 'a warehouse that cannot be opened',
    checks: () =>
      here({
        ports: {
          openStore: async () => {
            throw new AlmanacError('store-failed', 's3://bucket/prefix: NoSuchBucket')
          },
        },
      }),
    found: 'warehouse',
    verdict: 'fail',
    says: /NoSuchBucket/,
    next: /Check that the warehouse exists/,
    skips: ['sign-in', ...SIGNED_IN],
  },
  {
    what: 'a warehouse that cannot even be read',
    checks: () => here({ store: { ...readOnly(memoryStore()), read: refuse, head: refuse, list: refuse } }),
    found: 'warehouse',
    verdict: 'fail',
    says: /EACCES/,
    next: /Check that the warehouse exists/,
    skips: ['sign-in', ...SIGNED_IN],
  },
  {
    what: 'a store that ignores conditions',
    checks: () => here({ store: careless(memoryStore()) }),
    found: 'warehouse',
    verdict: 'fail',
    says: /a second create-only write of one key won/,
    next: /a disk of this machine or in S3/,
    skips: [],
  },
  {
    what: 'a store that takes a write over a stale state',
    checks: () => here({ store: overwriting(memoryStore()) }),
    found: 'warehouse',
    verdict: 'fail',
    says: /a write over a stale state won/,
    next: /a disk of this machine or in S3/,
    skips: [],
  },
  {
    what: 'a store that removes nothing',
    checks: () => here({ store: { ...memoryStore(), remove: async () => undefined } }),
    found: 'warehouse',
    verdict: 'fail',
    says: /an object that was removed is still there/,
    next: /a disk of this machine or in S3/,
    skips: [],
  },
  {
    what: 'a store whose listings lag',
    checks: () => here({ store: forgetful(memoryStore()) }),
    found: 'warehouse',
    verdict: 'fail',
    says: /a listing does not show/,
    next: /a disk of this machine or in S3/,
    skips: [],
  },
  {
    what: 'a slug that means another site',
    checks: async () => here({ store: await boundElsewhere() }),
    found: 'slug',
    verdict: 'fail',
    says: /"demo" means the site another-site \("sales" on tableau\.example\.com\)/,
    next: /another slug/,
    skips: [],
  },
  {
    what: 'nobody answers for it',
    checks: () => here({ with: { owner: undefined } }),
    found: 'owner',
    verdict: 'warn',
    says: /nobody is named/,
    next: /"owner"/,
    skips: [],
  },
  {
    what: 'nobody is told',
    checks: () => here({ with: { notify: [] } }),
    found: 'notification',
    verdict: 'warn',
    says: /nobody is told/,
    next: /"notify"/,
    skips: [],
  },
]

describe('one thing is wrong, and that very check says so', () => {
  test.each(CASES)('$what', async ({ checks: look, found, verdict, says, next, skips }) => {
    const checks = await look()
    expect(notOk(checks)).toEqual([found])
    const check = named(checks, found)
    expect(check?.verdict).toBe(verdict)
    expect(check?.says).toMatch(says)
    expect(check?.next).toMatch(next)
    const left = checks.filter((each) => each.verdict === 'skipped' && each.name !== 'tls')
    expect(names(left)).toEqual(ORDER.filter((name) => skips.includes(name) && name !== 'tls'))
  })
})

test('a webhook whose address is not there tells nobody, and the other one does', async () => {
  const notify: SiteConfiguration['notify'] = [
    { kind: 'slack', url: { env: 'WEBHOOK' } },
    { kind: 'teams', url: { env: 'OTHER_HOOK' } },
  ]
  const checks = await here({ with: { notify }, env: { PAT_SECRET: sim.patSecret, OTHER_HOOK: WEBHOOK } })
  expect(notOk(checks)).toEqual(['secrets', 'notification'])
  expect(named(checks, 'secrets')).toMatchObject({
    verdict: 'fail',
    says: expect.stringMatching(/^notification: environment variable WEBHOOK/),
  })
  expect(named(checks, 'notification')).toMatchObject({
    verdict: 'warn',
    says: 'nobody is told by slack (environment variable WEBHOOK): the address is not there (see secrets)',
    next: expect.stringMatching(/Put the secret where/),
  })
})

test('a user who owns workbooks is taken for a person, and one who owns none is not', async () => {
  const front = await ownerFront(sim.url, 0)
  const service = await here({ with: { server: front.url } }).finally(front.close)
  expect(named(service, 'person')).toMatchObject({
    verdict: 'ok',
    says: expect.stringMatching(/owns no workbook/),
  })
  expect(named(await here({}), 'person')).toMatchObject({
    verdict: 'warn',
    says: expect.stringMatching(/owns \d+ workbooks: it seems to be a person/),
    next: expect.stringMatching(/a user for Almanac alone/),
  })
})

test('what is skipped names the check at its root', async () => {
  const checks = await here({ with: { server: 'https://tableau.invalid' } })
  for (const name of ['tcp', 'tls', ...FROM_SERVER])
    expect(named(checks, name)?.says).toBe('not done: it needs "name"')
})

test('a part that the configuration accepts is read and named a part', async () => {
  const checks = await on({ siteRole: 'Viewer' }, (world) => ({
    ...world,
    site: { ...world.site, entities: ['workbooks'], acceptNarrowed: ['workbooks'] },
  }))
  expect(notOk(checks)).toEqual(['role', 'entity workbooks'])
  expect(named(checks, 'role')?.verdict).toBe('warn')
  expect(named(checks, 'entity workbooks')?.says).toMatch(/of the part that Viewer sees/)
})

test('signs out and hands the lease back when nobody listens any more', async () => {
  const store = memoryStore()
  const before = sim.counters()['signOuts'] ?? 0
  for await (const { name } of doctorOf({ ...worldOf(sim), store })) if (name === 'role') break
  expect(sim.counters()['signOuts']).toBe(before + 1)
  const lease = await store.read(leaseKey({ host: new URL(sim.url).host, name: 'almanac' }))
  expect(JSON.parse(new TextDecoder().decode(lease?.bytes))).toMatchObject({ holder: null })
})

describe('the test message', () => {
  test.each<[string, DoctorPorts['sendTest'], RegExp, Check['verdict']]>([
    ['was sent', async () => [{ target: 'slack', problem: null }], /went to slack/, 'ok'],
    [
      'was refused',
      async () => [{ target: 'slack', problem: 'it answered 404' }],
      /slack: it answered 404/,
      'fail',
    ],
  ])('%s', async (_what, sendTest, says, verdict) => {
    const checks = await here({ ports: sendTest === undefined ? {} : { sendTest } })
    expect(named(checks, 'notify-test')).toMatchObject({ verdict, says: expect.stringMatching(says) })
  })
})

test('no line of any doctor holds a secret', () => {
  const text = everything.join('\n')
  expect(text.length).toBeGreaterThan(10_000)
  for (const secret of [...sim.patSecret.split(':'), 'Cana7yCana7y', 'wrong:secret'])
    expect(text).not.toContain(secret)
})
