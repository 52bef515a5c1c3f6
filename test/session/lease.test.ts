import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { RunEvent } from '../../lib/core/event.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { type Lease, takeLease } from '../../lib/session/lease.ts'
import { leaseKey } from '../../lib/session/lease-state.ts'
import { type VirtualClock, virtualClock } from './virtual-clock.ts'

const KEY = leaseKey({ host: 'tableau.example.com', name: 'nightly' })
const SECOND = 1000
const MINUTE = 60 * SECOND

/** Someone who wants the lease: what came of it so far. */
interface Wish {
  lease: Lease | undefined
  failure: unknown
  readonly events: RunEvent[]
}

function wish(store: ObjectStore, clock: VirtualClock, holder: string, signal?: AbortSignal): Wish {
  const made: Wish = { lease: undefined, failure: undefined, events: [] }
  const emit = (event: RunEvent): void => void made.events.push(event)
  takeLease(KEY, { store, clock, emit, holder, ...(signal === undefined ? {} : { signal }) }).then(
    (lease) => {
      made.lease = lease
    },
    (thrown: unknown) => {
      made.failure = thrown
    },
  )
  return made
}

async function holderOf(store: ObjectStore): Promise<unknown> {
  return JSON.parse(Buffer.from((await store.read(KEY))?.bytes ?? []).toString()).holder
}

/** A store of a process that died: nothing it does takes effect any more. */
function dying(store: ObjectStore): ObjectStore & { die(): void } {
  let isDead = false
  return {
    ...store,
    write: (key, bytes, condition) =>
      isDead ? Promise.reject(new Error('dead')) : store.write(key, bytes, condition),
    die: () => {
      isDead = true
    },
  }
}

describe('a lease', () => {
  test('that is damaged is taken over after a minute, as that of a run that died', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const first = wish(store, clock, 'run-1')
    await clock.pass(0)
    await first.lease?.release()
    const etag = (await store.head(KEY))?.etag ?? ''
    let isDamaged = true
    const damaged: ObjectStore = {
      ...store,
      read: async (key) => {
        if (isDamaged) throw new AlmanacError('corrupt-object', `${key} is damaged`)
        return store.read(key)
      },
      write: async (key, bytes, condition) => {
        const result = await store.write(key, bytes, condition)
        isDamaged &&= !result.won
        return result
      },
    }
    const second = wish(damaged, clock, 'run-2')
    await clock.pass(50 * SECOND)
    expect([second.lease, second.failure, (await store.head(KEY))?.etag]).toEqual([
      undefined,
      undefined,
      etag,
    ])
    await clock.pass(11 * SECOND)
    expect([second.lease !== undefined, await holderOf(store)]).toEqual([true, 'run-2'])
  })

  test('is taken at once when it is free, and again after it was handed back', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const first = wish(store, clock, 'run-1')
    await clock.pass(0)
    await first.lease?.check()
    await first.lease?.release()
    const second = wish(store, clock, 'run-2')
    await clock.pass(0)
    expect([second.lease !== undefined, await holderOf(store), second.events]).toEqual([true, 'run-2', []])
  })

  test('is waited for while its holder lives, however long that is', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const first = wish(store, clock, 'run-1')
    await clock.pass(0)
    const second = wish(store, clock, 'run-2')
    await clock.pass(10 * MINUTE)
    expect(second.lease).toBeUndefined()
    await first.lease?.check()
    expect(second.events).toEqual([{ type: 'waiting', what: 'run run-1 holds this token’s session' }])
    await first.lease?.release()
    await clock.pass(SECOND)
    expect([second.lease !== undefined, await holderOf(store)]).toEqual([true, 'run-2'])
  })

  test('expires when its holder has not moved for a minute by the waiter’s own clock, and not before', async () => {
    const [store, deaths] = [memoryStore(), virtualClock()]
    const dead = dying(store)
    const first = wish(dead, deaths, 'run-1')
    await deaths.pass(45 * SECOND)
    dead.die()
    const clock = virtualClock(987_654_321)
    const second = wish(store, clock, 'run-2')
    await clock.pass(59 * SECOND)
    expect(second.lease).toBeUndefined()
    await clock.pass(2 * SECOND)
    expect(second.lease).toBeDefined()
    await expect(first.lease?.check()).rejects.toMatchObject({
      code: 'lease-lost',
      message: 'run run-2 holds this token now',
      retryable: true,
    })
  })

  test('expires for a waiter that saw it renewed before its holder died', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const dead = dying(store)
    wish(dead, clock, 'run-1')
    await clock.pass(0)
    const second = wish(store, clock, 'run-2')
    await clock.pass(2 * MINUTE)
    dead.die()
    await clock.pass(58 * SECOND)
    expect(second.lease).toBeUndefined()
    await clock.pass(4 * SECOND)
    expect(second.lease).toBeDefined()
  })

  test('of an execution is waited for as long as that may stand still', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const state = { format: 1, holder: 'execution', beat: 7, period: 6 * 60 * MINUTE }
    await store.write(KEY, Buffer.from(JSON.stringify(state)), 'absent')
    const wished = wish(store, clock, 'run-1')
    await clock.pass(6 * 60 * MINUTE - SECOND)
    expect(wished.lease).toBeUndefined()
    await clock.pass(2 * SECOND)
    expect([wished.lease !== undefined, await holderOf(store)]).toEqual([true, 'run-1'])
    // It beats, so it is held to what beats.
    expect(Buffer.from((await store.read(KEY))?.bytes ?? []).toString()).not.toContain('period')
  })

  test('is lost by a holder that slept too long: its return takes nothing back', async () => {
    const [store, frozen, clock] = [memoryStore(), virtualClock(), virtualClock(5)]
    const first = wish(store, frozen, 'run-1')
    await frozen.pass(0)
    const second = wish(store, clock, 'run-2')
    await clock.pass(61 * SECOND)
    expect(second.lease).toBeDefined()
    await frozen.pass(5 * MINUTE)
    await expect(first.lease?.check()).rejects.toMatchObject({ code: 'lease-lost' })
    await first.lease?.release()
    expect(await holderOf(store)).toBe('run-2')
    await second.lease?.check()
  })

  test('goes to exactly one of many who wait, one after the other', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const dead = dying(store)
    wish(dead, virtualClock(), 'run-0')
    await clock.pass(0)
    dead.die()
    const wishes = Array.from({ length: 5 }, (_, i) => wish(store, clock, `run-${i + 1}`))
    for (let turn = 1; turn <= 5; turn++) {
      await clock.pass(turn === 1 ? 61 * SECOND : SECOND)
      const held = wishes.filter(({ lease }) => lease !== undefined)
      expect(held).toHaveLength(turn)
      const alive: unknown[] = []
      for (const { lease } of held)
        await lease?.check().then(
          () => alive.push(lease),
          () => undefined,
        )
      expect(alive).toHaveLength(1)
      for (const lease of alive) await (lease as Lease).release()
    }
  })

  test('is not waited for longer than half a day', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const first = wish(store, clock, 'run-1')
    await clock.pass(0)
    const second: Wish = { lease: undefined, failure: undefined, events: [] }
    void takeLease(KEY, {
      store,
      clock,
      emit: () => undefined,
      holder: 'run-2',
      pollEvery: 15 * SECOND,
    }).catch((thrown: unknown) => {
      second.failure = thrown
    })
    await clock.pass(11 * 60 * MINUTE)
    expect(second.failure).toBeUndefined()
    await clock.pass(61 * MINUTE)
    expect(second.failure).toMatchObject({
      code: 'lease-busy',
      message: 'run run-1 has held this token for 720 minutes',
    })
    await first.lease?.check()
  })

  test('is no longer waited for by whom the user stops', async () => {
    const [store, clock, stop] = [memoryStore(), virtualClock(), new AbortController()]
    wish(store, clock, 'run-1')
    await clock.pass(0)
    const second = wish(store, clock, 'run-2', stop.signal)
    await clock.pass(SECOND)
    const reason = new Error('stopped')
    stop.abort(reason)
    await clock.pass(SECOND)
    expect(second.failure).toBe(reason)
    expect(await holderOf(store)).toBe('run-1')
  })

  test('that cannot be renewed harms nobody until somebody needs it', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const failing = dying(store)
    const first = wish(failing, clock, 'run-1')
    await clock.pass(0)
    failing.die()
    await clock.pass(5 * MINUTE)
    await first.lease?.check()
    await first.lease?.release()
    expect(await holderOf(store)).toBe('run-1')
  })

  test('whose renewal lost its answer, or failed for a moment, is kept', async () => {
    const [store, clock] = [memoryStore(), virtualClock()]
    const trouble = ['lost', 'failed', 'lost', 'none'] as const
    let beats = -1
    let isOver = false
    const flaky: ObjectStore = {
      ...store,
      write: async (key, bytes, condition) => {
        const what = beats < 0 || isOver ? 'none' : (trouble[beats % trouble.length] ?? 'none')
        beats += 1
        if (what === 'failed') throw new Error('the store is away')
        const result = await store.write(key, bytes, condition)
        if (what === 'lost') throw new Error('no answer')
        return result
      },
    }
    const first = wish(flaky, clock, 'run-1')
    await clock.pass(0)
    const second = wish(store, clock, 'run-2')
    await clock.pass(10 * MINUTE)
    await first.lease?.check()
    expect(second.lease).toBeUndefined()
    isOver = true
    await first.lease?.release()
    await clock.pass(SECOND)
    expect(second.lease).toBeDefined()
  })

  test('is one per host and token, and its key tells neither', () => {
    const others = [
      leaseKey({ host: 'tableau.example.com', name: 'other' }),
      leaseKey({ host: 'other.example.com', name: 'nightly' }),
      leaseKey({ host: 'tableau.example.com\n', name: 'nightly' }),
    ]
    expect(new Set([KEY, ...others]).size).toBe(4)
    expect(KEY).toMatch(/^lease\/[0-9a-f]{64}\.json$/)
  })
})
