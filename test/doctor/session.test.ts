import { describe, expect, test } from 'vitest'
import { systemClock } from '../../lib/adapters/local/clock.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import { borrowSession, type SessionPorts } from '../../lib/doctor/session.ts'
import { leaseKey } from '../../lib/session/lease-state.ts'
import type { Client } from '../../lib/tableau/client.ts'

const SESSION = { host: 'tableau.example.com', name: 'almanac' }
const KEY = leaseKey(SESSION)

const failing = async (): Promise<never> => {
  throw new AlmanacError('store-failed', 'not allowed')
}

async function heldBy(store: ObjectStore, holder: string | null): Promise<ObjectStore> {
  await store.write(KEY, jsonBytes({ format: 1, holder, beat: 1 }), 'absent')
  return store
}

/** A client that does nothing but count how often it was closed. */
function fakeClient(): { readonly client: Client; readonly closed: () => number } {
  let closed = 0
  const close = async (): Promise<void> => {
    closed += 1
  }
  return { client: { close } as Client, closed: () => closed }
}

const portsOf = (store: ObjectStore, connect: SessionPorts['connect']): SessionPorts => ({
  store,
  clock: systemClock,
  emit: () => undefined,
  run: 'doctor-1',
  connect,
})

const holderIn = async (store: ObjectStore): Promise<string | null> =>
  JSON.parse(new TextDecoder().decode((await store.read(KEY))?.bytes)).holder

describe('a session is borrowed', () => {
  test('under the lease, which is handed back with it', async () => {
    const store = memoryStore()
    const { client, closed } = fakeClient()
    const borrowed = await borrowSession(
      SESSION,
      portsOf(store, async (beforeSignIn) => {
        await beforeSignIn()
        expect(await holderIn(store)).toBe('doctor-1')
        return client
      }),
    )
    await borrowed.close()
    expect(closed()).toBe(1)
    expect(await holderIn(store)).toBeNull()
  })

  test('and the lease is handed back when the sign-in fails', async () => {
    const store = memoryStore()
    const refused = new AlmanacError('sign-in-refused', 'wrong secret')
    const connect = async (): Promise<never> => {
      throw refused
    }
    await expect(borrowSession(SESSION, portsOf(store, connect))).rejects.toBe(refused)
    expect(await holderIn(store)).toBeNull()
  })

  test('once: what took the session away meanwhile keeps it', async () => {
    const { client } = fakeClient()
    const connect: SessionPorts['connect'] = async (beforeSignIn) => {
      await beforeSignIn()
      await expect(beforeSignIn()).rejects.toMatchObject({ code: 'session-lost' })
      return client
    }
    await (await borrowSession(SESSION, portsOf(memoryStore(), connect))).close()
    expect.assertions(1)
  })
})

describe('a warehouse that cannot be written to', () => {
  test.each([
    ['no lease', undefined],
    ['a lease that is free', null],
  ])('with %s: signs in', async (_what, holder) => {
    const found = memoryStore()
    if (holder !== undefined) await heldBy(found, holder)
    const { client, closed } = fakeClient()
    const borrowed = await borrowSession(
      SESSION,
      portsOf({ ...found, write: failing }, async () => client),
    )
    await borrowed.close()
    expect(closed()).toBe(1)
  })

  test('with a lease that a run released before it went on: that run keeps the token', async () => {
    const free = await heldBy(memoryStore(), null)
    const taken = await heldBy(memoryStore(), 'nightly-7')
    let reads = 0
    const store: ObjectStore = {
      ...free,
      write: failing,
      read: (key) => (reads++ === 0 ? free : taken).read(key),
    }
    const connect = async (): Promise<never> => {
      throw new Error('nobody may sign in here')
    }
    await expect(borrowSession(SESSION, portsOf(store, connect))).rejects.toMatchObject({
      code: 'lease-busy',
      message: expect.stringMatching(/^run nightly-7 holds/),
    })
  })

  test('nor be read: nobody signs in', async () => {
    const store: ObjectStore = { ...memoryStore(), write: failing, read: failing }
    const connect = async (): Promise<never> => {
      throw new Error('nobody may sign in here')
    }
    await expect(borrowSession(SESSION, portsOf(store, connect))).rejects.toMatchObject({
      code: 'store-failed',
    })
  })
})

describe('a warehouse that keeps silent', () => {
  /** A store that answers nothing until it is let. */
  function silent(): { readonly store: ObjectStore; readonly inner: ObjectStore; speak(): void } {
    const inner = memoryStore()
    let speak = (): void => undefined
    const until = new Promise<void>((resolve) => {
      speak = resolve
    })
    return {
      inner,
      speak: () => speak(),
      store: {
        ...inner,
        read: async (key) => {
          await until
          return inner.read(key)
        },
      },
    }
  }
  /** Long waits are over at once. */
  const impatient = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) =>
      ms >= 20_000 && signal?.aborted !== true ? Promise.resolve() : systemClock.sleep(ms, signal),
  }
  const neverConnects: SessionPorts['connect'] = async () => {
    throw new Error('it signed in without the lease')
  }

  test('is given up, and a lease that comes too late is handed back', async () => {
    const { store, inner, speak } = silent()
    const ports = { ...portsOf(store, neverConnects), clock: impatient }
    await expect(borrowSession(SESSION, ports)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('the lease'),
    })
    speak()
    await expect.poll(async () => (await inner.read(KEY)) && holderIn(inner)).toBeNull()
  })

  test('is left at once when everything is stopped', async () => {
    const stop = new AbortController()
    const ports = { ...portsOf(silent().store, neverConnects), signal: stop.signal }
    const borrowing = borrowSession(SESSION, ports)
    stop.abort(new Error('stopped'))
    await expect(borrowing).rejects.toThrow('stopped')
  })
})
