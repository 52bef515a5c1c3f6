import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ErrorCode } from '../../lib/core/errors.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/server.ts'
import { type Client, connect, type ListToRead } from '../../lib/tableau/client.ts'
import { patIdentity, type SignIn } from '../../lib/tableau/identity.ts'
import { type Pass, readPass } from '../../lib/tableau/paging.ts'
import type { Timeouts } from '../../lib/tableau/transport.ts'
import { connected, optionsFor } from './servers.ts'

type Fault = Parameters<Simulator['faults']['set']>[0][number]

const simulated = async (options: SimulatorOptions = {}): Promise<Simulator> => {
  const simulator = await startSimulator({ seed: 7, size: 'small', day: '2026-11-01', ...options })
  onTestFinished(() => simulator.close())
  return simulator
}

const signInTo = ({ url, site, patName, patSecret }: Simulator): SignIn => ({
  serverUrl: url,
  contentUrl: site,
  identity: patIdentity(patName, patSecret),
})

const clientOf = async (simulator: Simulator, timeouts: Partial<Timeouts> = {}): Promise<Client> =>
  (await connected(simulator.url, { signIn: signInTo(simulator), timeouts })).client

const numbered = (list: string, item: string): ListToRead => ({
  path: list,
  list,
  item,
  query: {},
  paging: 'numbered',
})
const VIEWS = numbered('views', 'view')

async function idsOf(client: Client, read: ListToRead): Promise<{ pass: Pass; ids: string[] }> {
  const ids: string[] = []
  const pass = await readPass(client, read, ({ items }) =>
    ids.push(...items.map((item) => String(item['@id']))),
  )
  return { pass, ids }
}

describe('a simulated site', () => {
  it('gives every id of every list exactly once', async () => {
    const simulator = await simulated()
    const client = await clientOf(simulator)
    const world = simulator.world()
    const truth = {
      users: world.users,
      groups: world.groups,
      projects: world.projects,
      workbooks: world.workbooks,
      views: world.views,
      datasources: world.datasources,
    }
    for (const [list, things] of Object.entries(truth)) {
      const { pass, ids } = await idsOf(client, numbered(list, list.replace(/s$/, '')))
      expect(ids.toSorted()).toEqual(things.map(({ id }) => id).toSorted())
      expect(pass).toMatchObject({ firstTotal: things.length, lastTotal: things.length, cut: false })
      expect(new Date(pass.observedFrom).toISOString()).toMatch(/^2026-11-01T/)
    }
    await client.close()
    expect(simulator.counters()).toMatchObject({ signIn: 1, signOut: 1 })
  })

  it('ends a session that somebody else takes over, and one that is taken over again', async () => {
    const simulator = await simulated()
    const client = await clientOf(simulator)
    await clientOf(simulator)
    expect((await idsOf(client, VIEWS)).pass.cost.renewals).toBe(1)
    await clientOf(simulator)
    await expect(idsOf(client, VIEWS)).rejects.toMatchObject({ code: 'session-lost' })
  })

  it('refuses a wrong secret and a wrong site', async () => {
    const simulator = await simulated()
    const { patName, patSecret } = simulator
    for (const wrong of [
      { identity: patIdentity(patName, 'wrong') },
      { identity: patIdentity('wrong', patSecret) },
      { contentUrl: 'wrong' },
    ]) {
      const signIn = { ...signInTo(simulator), ...wrong }
      await expect(connect(optionsFor(simulator.url, { signIn }))).rejects.toMatchObject({
        code: 'sign-in-refused',
        tableauCode: '401001',
      })
    }
  })
})

/** What one fault of the second page does: healed by a repeat, or a new session; else how the pass ends. */
const HEALED: readonly (readonly [kind: string, fault: Fault])[] = [
  ['a failed server', { kind: 'status', status: 503, html: true }],
  ['too many requests', { kind: 'status', status: 429, code: '429000', retryAfter: 2 }],
  ['a cut page', { kind: 'truncate' }],
  ['cut gzip', { kind: 'truncateGzip' }],
  ['a reset before the headers', { kind: 'reset', where: 'headers' }],
  ['a reset in the body', { kind: 'reset', where: 'body' }],
  ['a stall before the headers', { kind: 'stall', where: 'headers' }],
  ['a stall in the body', { kind: 'stall', where: 'body' }],
  ['an empty body', { kind: 'emptyBody' }],
  ['a wrong root', { kind: 'wrongRoot' }],
  ['a second root', { kind: 'secondRoot' }],
  ['a DOCTYPE', { kind: 'doctype' }],
  ['a missing list', { kind: 'missingListElement' }],
  ['a session that ends', { kind: 'endSession' }],
  ['a session that expires', { kind: 'expire401000' }],
]

const FATAL: readonly (readonly [kind: string, fault: Fault, code: ErrorCode])[] = [
  ['HTML', { kind: 'html' }, 'not-tableau'],
  ['JSON', { kind: 'json' }, 'not-tableau'],
  ['a redirect', { kind: 'redirect', to: 'https://sso.example.com/' }, 'redirected'],
  ['Brotli', { kind: 'brotli' }, 'malformed-response'],
  ['a gzip bomb', { kind: 'gzipBomb' }, 'response-too-large'],
  ['a role too low', { kind: 'forbidden' }, 'forbidden'],
]

describe('a fault of the second page', () => {
  let simulator: Simulator
  beforeAll(async () => {
    simulator = await startSimulator({ seed: 7, size: 'small', day: '2026-11-01' })
  })
  afterAll(() => simulator.close())

  /** A client, and a fault that is over when the test is. */
  const faulty = async (faults: readonly Fault[], timeouts?: Partial<Timeouts>): Promise<Client> => {
    const client = await clientOf(simulator, timeouts)
    simulator.faults.set(faults)
    onTestFinished(() => simulator.faults.clear())
    return client
  }

  it.each(HEALED)('%s is healed', async (_, fault) => {
    const timeouts = fault.kind === 'stall' ? { headers: 300, idle: 300 } : {}
    const client = await faulty([{ ...fault, match: { endpoint: 'views', page: 2, times: 1 } }], timeouts)
    const { pass, ids } = await idsOf(client, VIEWS)
    expect(new Set(ids).size).toBe(simulator.world().views.length)
    expect(pass.cost.retries + pass.cost.renewals).toBe(1)
  })

  it.each(FATAL)('%s ends the pass', async (_, fault, code) => {
    const client = await faulty([{ ...fault, match: { endpoint: 'views', page: 2 } }])
    await expect(idsOf(client, VIEWS)).rejects.toMatchObject({ code })
  })

  it('that loses rows shows in the totals', async () => {
    const client = await faulty([{ kind: 'losePage', match: { endpoint: 'views', page: 2 } }])
    expect((await idsOf(client, VIEWS)).pass).toMatchObject({
      firstTotal: 2000,
      lastTotal: 2000,
      received: 1000,
    })
  })

  it('that announces more than comes shows as a cut', async () => {
    const client = await faulty([{ kind: 'beyondEnd400006', by: 1500, match: { endpoint: 'views' } }])
    expect((await idsOf(client, VIEWS)).pass).toMatchObject({ firstTotal: 3500, received: 2000, cut: true })
  })

  it('that moves the list shows in the totals', async () => {
    const client = await faulty([{ kind: 'drift', rows: 3, match: { endpoint: 'views' } }])
    const { firstTotal, lastTotal } = (await idsOf(client, VIEWS)).pass
    expect([firstTotal, lastTotal]).toEqual([1997, 2000])
  })
})
