import { describe, expect, it } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import { expectHidden, MINUTE, PERIOD, sessionWorld, thrownBy, USERS } from './world.ts'

const opened = (generation = 0) => ({
  verdict: 'opened',
  generation,
  server: expect.stringContaining('127.0.0.1'),
  apiVersion: '3.29',
  siteRole: 'SiteAdministratorCreator',
  tokenExpiresAt: null,
})

describe('a session that is opened', () => {
  it('is used by many, and signed in to once', async () => {
    const world = await sessionWorld()
    expect(await world.open('demo-1')).toEqual(opened())
    const clients = await Promise.all([1, 2, 3].map(() => world.extractor('demo-1')))
    const read = await Promise.all(clients.map((client) => client.page(USERS, 1)))
    expect(new Set(read.map(({ items }) => items.length)).size).toBe(1)
    await Promise.all(clients.map((client) => client.close()))
    expect(await world.close('demo-1')).toEqual({ verdict: 'closed', reason: null })
    expect(world.simulator.counters()).toMatchObject({ signIn: 1, signOut: 1 })
    expect(await world.token()).toBeUndefined()
  })

  it('tells extractors what the one who signed in was told, without a call', async () => {
    const world = await sessionWorld({ cloud: true, patExpiresAt: '2027-01-01T00:00:00Z' })
    expect(await world.open('demo-1')).toMatchObject({ tokenExpiresAt: Date.UTC(2027, 0, 1) })
    const before = world.simulator.counters()
    const client = await world.extractor('demo-1')
    expect(client).toMatchObject({
      site: { contentUrl: 'demo' },
      user: { siteRole: 'SiteAdministratorCreator' },
    })
    expect(new Date(client.observedAt).toISOString()).toMatch(/^2026-11-01T/)
    expect(await client.tokenExpiresAt()).toBe(Date.UTC(2027, 0, 1))
    expect(world.simulator.counters()).toEqual(before)
  })

  it('is opened once for a run that asks again', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    const client = await world.extractor('demo-1')
    expect(await world.open('demo-1')).toEqual(opened())
    expect([world.signIns(), (await client.page(USERS, 1)).cost.renewals]).toEqual([1, 0])
  })

  it('is opened once by two processes of a run at once', async () => {
    const world = await sessionWorld()
    const results = await Promise.all([world.open('demo-1'), world.open('demo-1')])
    expect(results.map(({ verdict }) => verdict).sort()).toEqual(['busy', 'opened'])
    expect(await world.open('demo-1')).toEqual(opened())
    expect(world.signIns()).toBe(1)
  })

  it('waits for a run that lives, whatever it was seen doing', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    const first = await world.open('demo-2')
    expect(first).toMatchObject({ verdict: 'busy', holder: 'demo-1' })
    world.clock.pass(PERIOD - MINUTE)
    const seen = first.verdict === 'busy' ? first : undefined
    expect(await world.open('demo-2', { seen })).toMatchObject({ ...seen, holder: 'demo-1' })
    expect(world.events).toContainEqual({ type: 'waiting', what: 'run demo-1 holds this token’s session' })
    await world.close('demo-1')
    expect(await world.open('demo-2', { seen })).toEqual(opened())
  })

  it('waits for a run of another site that shares the token, and takes over when it has ended', async () => {
    const world = await sessionWorld()
    const asked: string[] = []
    const isRunning: typeof world.ports.isRunning = async (holder) => {
      asked.push(holder)
      return world.running.has(holder)
    }
    await world.open('sales-2026-11-01')
    const seen = await world.open('demo-2026-11-01', { ports: { isRunning } })
    expect(seen).toMatchObject({ verdict: 'busy', holder: 'sales-2026-11-01' })
    expect(world.signIns()).toBe(1)
    world.running.delete('sales-2026-11-01')
    const again = { seen: seen.verdict === 'busy' ? seen : undefined, ports: { isRunning } }
    expect(await world.open('demo-2026-11-01', again)).toEqual(opened())
    expect(new Set(asked)).toEqual(new Set(['sales-2026-11-01']))
    expect(world.signIns()).toBe(2)
  })

  it('is not waited for when it is too late, and the run that holds it keeps it', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    const until = world.clock.now() + PERIOD
    expect(await world.open('demo-2', { until })).toMatchObject({ verdict: 'busy' })
    world.clock.pass(PERIOD)
    expect(await thrownBy(world.open('demo-2', { until }))).toMatchObject({
      code: 'lease-busy',
      message: 'run demo-1 holds this token’s session, and it is too late to wait for it',
    })
    await world.close('demo-2')
    expect((await (await world.extractor('demo-1')).page(USERS, 1)).cost.renewals).toBe(0)
    // Whoever need not wait is let in, however late.
    await world.close('demo-1')
    expect(await world.open('demo-2', { until })).toEqual(opened())
  })

  it('is taken over from a run that has ended', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    world.running.delete('demo-1')
    expect(await world.open('demo-2')).toEqual(opened())
    expect(await thrownBy(world.extractor('demo-1'))).toMatchObject({ code: 'session-lost' })
    expect(await thrownBy(world.renew('demo-1', 0))).toMatchObject({ code: 'session-lost' })
    // The dead run's own end harms nobody.
    await world.close('demo-1')
    expect((await (await world.extractor('demo-2')).page(USERS, 1)).cost.renewals).toBe(0)
    expect(world.signIns()).toBe(2)
  })

  it('is taken over from a run that stood still for its period, by whom sees that', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    const seen = await world.open('demo-2')
    world.clock.pass(PERIOD)
    expect(await world.open('demo-3')).toMatchObject({ verdict: 'busy' })
    expect(await world.open('demo-2', { seen: seen.verdict === 'busy' ? seen : undefined })).toEqual(opened())
  })

  it('is signed in to anew when the process died before it kept the session', async () => {
    const world = await sessionWorld()
    let orphan = ''
    const dies = new Promise<never>(() => undefined)
    const signIn = world.ports.signIn
    const dying: typeof signIn = async (...args) => {
      orphan = (await signIn(...args)).token.reveal()
      return dies
    }
    void world.open('demo-1', { ports: { signIn: dying, clock: { ...world.clock, sleep: () => dies } } })
    await expect.poll(() => orphan, { timeout: 30_000 }).not.toBe('')
    const seen = await world.open('demo-1')
    expect(seen).toMatchObject({ verdict: 'busy', holder: 'demo-1' })
    world.clock.pass(2 * MINUTE)
    expect(await world.open('demo-1', { seen: seen.verdict === 'busy' ? seen : undefined })).toEqual(
      opened(1),
    )
    expect((await (await world.extractor('demo-1')).page(USERS, 1)).cost.renewals).toBe(0)
    expect([world.signIns(), await world.token()]).toEqual([2, expect.not.stringContaining(orphan)])
  })
})

describe('a session that cannot be opened', () => {
  it.each([
    ['on another day', { dt: '2026-10-20' }, 'wrong-day'],
    ['without a vault', {}, 'secret-missing'],
  ] as const)('%s leaves nothing behind', async (what, more, code) => {
    const world = await sessionWorld()
    if (what === 'without a vault')
      world.faults.secrets.set(({ operation }) =>
        operation === 'PutSecretValue'
          ? { kind: 'error', status: 400, code: 'AccessDeniedException' }
          : undefined,
      )
    expect(await thrownBy(world.open('demo-1', more))).toMatchObject({ code })
    world.faults.secrets.clear()
    expect(await world.open('demo-2')).toEqual(opened())
  })

  it('on another site than the slug means is signed out', async () => {
    const world = await sessionWorld()
    const other = { format: 1, host: 'other.example.com', id: '0', contentUrl: 'other' }
    await world.store.write('site/demo.json', Buffer.from(JSON.stringify(other)), 'absent')
    expect(await thrownBy(world.open('demo-1'))).toMatchObject({ code: 'site-mismatch' })
    expect(world.simulator.counters()).toMatchObject({ signIn: 1, signOut: 1 })
    expect(await world.token()).toBeUndefined()
  })

  it('with a refused token says so, and shows no secret', async () => {
    const world = await sessionWorld()
    world.simulator.faults.set([
      { kind: 'status', status: 401, code: '401001', match: { endpoint: 'signIn' } },
    ])
    const thrown = await thrownBy(world.open('demo-1'))
    expect(thrown).toMatchObject({ code: 'sign-in-refused' })
    expectHidden([world.simulator.patSecret], thrown, world.events)
  })

  it('because its turn was lost meanwhile is signed out, and the vault is not touched', async () => {
    const world = await sessionWorld()
    const { signIn } = world.ports
    const slow: typeof signIn = async (...args) => {
      const session = await signIn(...args)
      await world.close('demo-1')
      return session
    }
    expect(await thrownBy(world.open('demo-1', { ports: { signIn: slow } }))).toMatchObject({
      code: 'lease-lost',
    })
    expect(world.simulator.counters()).toMatchObject({ signIn: 1, signOut: 1 })
    expect(await world.vault.read()).toBeUndefined()
  })

  it('because signing in takes too long is given up, and handed back', async () => {
    const world = await sessionWorld()
    const signIn: typeof world.ports.signIn = (_, signal) =>
      new Promise((__, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        world.clock.pass(MINUTE)
      })
    expect(await thrownBy(world.open('demo-1', { ports: { signIn } }))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('60 seconds'),
    })
    expect(await world.open('demo-2')).toEqual(opened())
  })

  it('does not harm a session that is', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    const isRunning = () => Promise.reject(new AlmanacError('unreachable', 'nobody answers'))
    expect(await thrownBy(world.open('demo-2', { ports: { isRunning } }))).toMatchObject({
      code: 'unreachable',
    })
    expect((await (await world.extractor('demo-1')).page(USERS, 1)).cost.renewals).toBe(0)
  })
})
