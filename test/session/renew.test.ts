import { describe, expect, it } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import { connected } from '../tableau/servers.ts'
import { expectHidden, MINUTE, type SessionWorld, sessionWorld, thrownBy, USERS } from './world.ts'

/** Somebody signs in with the same token, which ends the session. */
const endSession = async ({ simulator, signIn }: SessionWorld): Promise<void> => {
  await (await connected(simulator.url, { signIn })).client.close()
}

const opened = async (): Promise<SessionWorld> => {
  const world = await sessionWorld()
  await world.open('demo-1')
  return world
}

const renewedEvents = ({ events }: SessionWorld) =>
  events.filter((event) => event.type === 'renewed' && event.reason.includes('run demo-1'))

describe('a session that Tableau ends', () => {
  it('is renewed once for two extractors that lose it at the same moment', async () => {
    const world = await opened()
    const clients = await Promise.all([world.extractor('demo-1'), world.extractor('demo-1')])
    const first = await world.token()
    await endSession(world)
    const before = world.signIns()
    const read = await Promise.all(
      clients.flatMap((client) => [client.page(USERS, 1), client.page(USERS, 1)]),
    )
    expect(new Set(read.map(({ items }) => items.length)).size).toBe(1)
    expect([world.signIns() - before, renewedEvents(world).length]).toEqual([1, 1])
    expectHidden([first, await world.token()], world.events, clients, read)
  })

  it('is what extractors find that come later, whichever one they knew', async () => {
    const world = await opened()
    const late = await world.extractor('demo-1')
    await endSession(world)
    await (await world.extractor('demo-1')).page(USERS, 1)
    const before = world.signIns()
    expect((await late.page(USERS, 1)).cost.renewals).toBe(1)
    expect((await (await world.extractor('demo-1')).page(USERS, 1)).cost.renewals).toBe(0)
    expect([world.signIns() - before, world.asked(), await world.renew('demo-1', 0)]).toEqual([0, 1, 1])
  })

  it('says the same beginning of the run as before', async () => {
    const world = await opened()
    const { observedAt } = await world.extractor('demo-1')
    world.simulator.pass(90)
    expect(await world.renew('demo-1', 0)).toBe(1)
    expect((await world.extractor('demo-1')).observedAt).toBe(observedAt)
  })

  it('is not renewed by the session of another site, which would be read on under this one’s name', async () => {
    const world = await opened()
    const signIn: SessionWorld['ports']['signIn'] = async (...given) => {
      const session = await world.ports.signIn(...given)
      return { ...session, site: { ...session.site, id: 'another' } }
    }
    expect(await thrownBy(world.renew('demo-1', 0, { signIn }))).toMatchObject({
      code: 'site-mismatch',
      message: expect.stringMatching(/^The run reads the site .*, and the new sign-in reached another/),
    })
    expect(await world.renew('demo-1', 0)).toBe(2)
  })

  it('is not renewed by the session of another user, who may see another part of the site', async () => {
    const world = await opened()
    const signIn: SessionWorld['ports']['signIn'] = async (...given) => {
      const session = await world.ports.signIn(...given)
      return { ...session, user: { ...session.user, id: 'another' } }
    }
    expect(await thrownBy(world.renew('demo-1', 0, { signIn }))).toMatchObject({
      code: 'session-lost',
      message: expect.stringMatching(
        /^The run reads as the user .*, and the new sign-in is that of another$/,
      ),
    })
    expect(await world.renew('demo-1', 0)).toBe(2)
  })

  it('is not renewed a day later: the present would be filed under a day gone by', async () => {
    const world = await opened()
    const later = (hours: number): SessionWorld['ports']['signIn'] => {
      return async (...given) => {
        const session = await world.ports.signIn(...given)
        return { ...session, observedAt: session.observedAt + hours * 60 * MINUTE }
      }
    }
    expect(await thrownBy(world.renew('demo-1', 0, { signIn: later(25) }))).toMatchObject({
      code: 'wrong-day',
      message: 'The run began to look 25 hours ago, and what is read now is of another day',
    })
    expect(await world.renew('demo-1', 0, { signIn: later(23) })).toBe(2)
  })

  it('is renewed three times at most', async () => {
    const world = await opened()
    for (const generation of [0, 1, 2]) {
      world.clock.pass(10 * MINUTE)
      expect(await world.renew('demo-1', generation)).toBe(generation + 1)
    }
    world.clock.pass(60 * MINUTE)
    const lost = { code: 'session-lost', next: expect.stringContaining('token of its own') }
    expect(await thrownBy(world.renew('demo-1', 3))).toMatchObject(lost)
    expect(world.signIns()).toBe(4)
  })

  it('is not renewed twice within ten minutes', async () => {
    const world = await opened()
    const client = await world.extractor('demo-1')
    expect(await world.renew('demo-1', 0)).toBe(1)
    await client.page(USERS, 1)
    await endSession(world)
    world.clock.pass(9 * MINUTE)
    const thrown = await thrownBy((await world.extractor('demo-1')).page(USERS, 1))
    expect(thrown).toMatchObject({
      code: 'session-lost',
      message: 'The session of run demo-1 ended 9 minutes after it was renewed',
      next: expect.stringContaining('token of its own'),
    })
    expectHidden([await world.token()], thrown, world.events)
  })

  it('is renewed by another when the process that had the turn died', async () => {
    const world = await opened()
    let calls = 0
    const dead = new Promise<never>(() => undefined)
    const signIn = () => {
      calls += 1
      return dead
    }
    void world.renew('demo-1', 0, { signIn, clock: { ...world.clock, sleep: () => dead } })
    await expect.poll(() => calls, { timeout: 30_000 }).toBe(1)
    const waiting = world.renew('demo-1', 0, {
      clock: {
        ...world.clock,
        sleep: async (milliseconds, signal) => {
          if (milliseconds < MINUTE) world.clock.pass(10_000)
          else await world.clock.sleep(milliseconds, signal)
        },
      },
    })
    expect(await waiting).toBe(2)
    expect((await (await world.extractor('demo-1')).page(USERS, 1)).cost.renewals).toBe(0)
  })

  it('that cannot be renewed fails for all who wait, is tried once, and may be tried again', async () => {
    const world = await opened()
    let calls = 0
    const signIn = async () => {
      calls += 1
      await expect.poll(() => waits, { timeout: 30_000 }).toBeGreaterThan(2)
      throw new AlmanacError('server-error', 'Tableau is away')
    }
    let waits = 0
    const clock = {
      ...world.clock,
      sleep: (milliseconds: number, signal?: AbortSignal) => {
        if (milliseconds < MINUTE) waits += 1
        return world.clock.sleep(milliseconds, signal)
      },
    }
    const all = await Promise.allSettled([1, 2, 3].map(() => world.renew('demo-1', 0, { signIn, clock })))
    expect(all).toEqual(
      all.map(() => ({
        status: 'rejected',
        reason: expect.objectContaining({ code: 'server-error', message: 'Tableau is away' }),
      })),
    )
    expect([calls, await world.renew('demo-1', 0)]).toEqual([1, 2])
  })

  it('is not renewed for a run that lost its lease, nor for one that has none', async () => {
    const world = await opened()
    const lease = (await world.store.list('lease/'))[0]
    const free = Buffer.from(JSON.stringify({ format: 1, holder: 'somebody', beat: 9 }))
    await world.store.write(lease?.key ?? '', free, { etag: lease?.etag ?? '' })
    const client = await world.extractor('demo-1')
    await endSession(world)
    const thrown = await thrownBy(client.page(USERS, 1))
    expect(thrown).toMatchObject({ code: 'lease-lost' })
    expectHidden([await world.token()], thrown)
    expect(await thrownBy(world.renew('demo-2', 0))).toMatchObject({ code: 'session-lost' })
    expect(await thrownBy(world.extractor('demo-2'))).toMatchObject({ code: 'session-lost' })
  })

  it('is shown by the vault a moment later, and waited for', async () => {
    const world = await opened()
    const before = await world.vault.read()
    let stale = 4
    const vault = {
      ...world.vault,
      read: async () => (stale-- > 0 ? before : world.vault.read()),
    }
    expect(await world.renew('demo-1', 0)).toBe(1)
    expect(await world.renew('demo-1', 0, { vault })).toBe(1)
    expect([stale < 0, world.signIns()]).toEqual([true, 2])
  })
})
