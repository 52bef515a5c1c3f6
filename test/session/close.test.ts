import { describe, expect, it } from 'vitest'
import { takeLease } from '../../lib/session/lease.ts'
import { leaseKey } from '../../lib/session/lease-state.ts'
import { sessionName } from '../../lib/tableau/identity.ts'
import { expectHidden, sessionWorld, thrownBy, USERS } from './world.ts'

const CLOSED = { verdict: 'closed', reason: null }

describe('a session that is closed', () => {
  it('is closed once, however often that is asked', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    const client = await world.extractor('demo-1')
    expect([await world.close('demo-1'), await world.close('demo-1')]).toEqual([CLOSED, CLOSED])
    expect(world.simulator.counters()).toMatchObject({ signIn: 1, signOut: 1 })
    expect(await thrownBy(client.page(USERS, 1))).toMatchObject({ code: 'session-lost' })
    expect(await thrownBy(world.extractor('demo-1'))).toMatchObject({ code: 'session-lost' })
    expect(world.signIns()).toBe(1)
  })

  it('need never have been opened', async () => {
    const world = await sessionWorld()
    expect(await world.close('demo-1')).toEqual(CLOSED)
    expect(await world.store.list('')).toEqual([])
  })

  it('hands the lease back although signing out failed, and says why', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    const token = await world.token()
    world.simulator.faults.set([{ kind: 'status', status: 503, html: true, match: { endpoint: 'signOut' } }])
    const closed = await world.close('demo-1')
    expect(closed).toEqual({ verdict: 'closed', reason: expect.stringContaining('503') })
    expect(world.events.at(-1)).toMatchObject({ type: 'warned', message: expect.stringContaining('503') })
    expect(await world.token()).toBeUndefined()
    expect(await world.open('demo-2')).toMatchObject({ verdict: 'opened' })
    expectHidden([token], closed, world.events)
  })

  it('that had ended by itself has nothing to tell', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    world.simulator.faults.set([{ kind: 'endSession', match: { endpoint: 'signOut', times: 1 } }])
    expect(await world.close('demo-1')).toEqual(CLOSED)
  })

  it('is closed by whoever asks again after the vault failed', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    world.faults.secrets.set(({ operation }) =>
      operation === 'PutSecretValue'
        ? { kind: 'error', status: 500, code: 'InternalServiceError' }
        : undefined,
    )
    const thrown = await thrownBy(world.close('demo-1'))
    expect(thrown).toMatchObject({ code: 'server-error' })
    expectHidden([await world.token()], thrown)
    expect(await world.open('demo-2')).toMatchObject({ verdict: 'busy', holder: 'demo-1' })
    world.faults.secrets.clear()
    expect(await world.close('demo-1')).toEqual(CLOSED)
    expect([await world.token(), await world.open('demo-2')]).toMatchObject([
      undefined,
      { verdict: 'opened' },
    ])
  })

  it('of a run whose lease was taken over leaves the vault alone', async () => {
    const world = await sessionWorld()
    await world.open('demo-1')
    const { key = '', etag = '' } = (await world.store.list('lease/'))[0] ?? {}
    const others = Buffer.from(JSON.stringify({ format: 1, holder: 'other', beat: 9 }))
    await world.store.write(key, others, { etag })
    expect(await world.close('demo-1')).toEqual(CLOSED)
    expect(await world.token()).toBeDefined()
    expect(Buffer.from((await world.store.read(key))?.bytes ?? [])).toEqual(others)
  })
})

describe('a laptop and an execution', () => {
  it('wait for each other', async () => {
    const world = await sessionWorld()
    const { store, clock, events } = world
    const key = leaseKey(sessionName(world.signIn))
    await world.open('demo-1')
    const emit = world.ports.emit
    const waiting = takeLease(key, { store, clock, emit, holder: 'laptop', pollEvery: 1 })
    const told = { type: 'waiting', what: 'run demo-1 holds this token’s session' }
    await expect.poll(() => events, { timeout: 30_000 }).toContainEqual(told)
    // Longer than a process may stand still that beats.
    clock.pass(5 * 60_000)
    expect(await world.renew('demo-1', 0)).toBe(1)
    await world.close('demo-1')
    const lease = await waiting
    expect(await world.open('demo-2')).toMatchObject({ verdict: 'busy', holder: 'laptop' })
    await lease.check()
    await lease.release()
    expect(await world.open('demo-2')).toMatchObject({ verdict: 'opened' })
  })
})
