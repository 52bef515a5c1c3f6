import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import { type NotifyInput, type NotifyPorts, notify } from '../../lib/notify/notify.ts'
import { testMessages } from '../../lib/notify/test-message.ts'
import {
  failed,
  fine,
  inbox,
  inputOf,
  JSON_NAME,
  NOW,
  newsIn,
  outcome,
  portsOf,
  report,
  target,
} from './night.ts'

/** A store whose reads or writes of the notice fail or hang. */
const broken = (store: ObjectStore, ways: Partial<Pick<ObjectStore, 'read' | 'write'>>): ObjectStore => ({
  ...store,
  ...ways,
})
const fails = async (): Promise<never> => {
  throw new AlmanacError('store-failed', 'warehouse x: no space')
}
const hangs = (): Promise<never> => new Promise(() => undefined)

describe('a memory that fails', () => {
  const told = 'what was told before is unknown, so it may be told twice'
  const limits = { storeMs: 30, sendMs: 5_000, wholeMs: 44_000, rounds: 2 }

  test.each<[string, (store: ObjectStore) => ObjectStore | null, string]>([
    ['cannot be opened', () => null, 'the warehouse could not be opened'],
    ['cannot be read', (store) => broken(store, { read: fails }), 'warehouse x: no space'],
    ['cannot be written', (store) => broken(store, { write: fails }), 'warehouse x: no space'],
    ['hangs', (store) => broken(store, { read: hangs }), 'the warehouse took longer than 0.03 seconds'],
    [
      'is always another’s',
      (store) => broken(store, { write: async () => ({ won: false }) }),
      'notice/sales.json was changed by others 100 times in a row',
    ],
  ])('that %s keeps nobody from being told', async (_, storeOf, reason) => {
    const box = inbox()
    const result = await notify(inputOf(failed('2026-10-30')), portsOf(storeOf(memoryStore()), box), limits)
    expect(newsIn(box)).toEqual(['opened run:unreachable'])
    expect(result).toEqual({
      targets: [{ target: JSON_NAME, outcome: 'sent', reason: '1 told' }],
      memory: `${reason}; ${told}`,
    })
  })

  test.each([
    ['no JSON', new TextEncoder().encode('{')],
    ['of a later format', jsonBytes({ format: 2 })],
    ['no notice', jsonBytes({ format: 1 })],
    ['not what it seems', jsonBytes({ format: 1, dt: null, open: [1], mailboxes: { x: 1 } })],
  ])('that is %s stays as it is unless it can be read', async (_, bytes) => {
    const store = memoryStore()
    await store.write(keys.notice('sales'), bytes, 'absent')
    const box = inbox()
    const { targets } = await notify(inputOf(failed('2026-10-30')), portsOf(store, box))
    expect(targets).toMatchObject([{ outcome: 'sent' }])
    expect(newsIn(box)).toContain('opened run:unreachable')
  })

  test('that fails after the message says so, and the message is sent again', async () => {
    const store = memoryStore()
    let writes = 0
    const failing = broken(store, { write: (...all) => (++writes === 1 ? store.write(...all) : fails()) })
    const box = inbox()
    const { memory } = await notify(inputOf(failed('2026-10-30')), portsOf(failing, box))
    expect(memory).toBe(
      'warehouse x: no space; what was sent could not be written down, so it may be told again',
    )
    const clock = { ...portsOf(store, box).clock, now: () => NOW + 86_400_000 }
    await notify(inputOf(failed('2026-10-31')), portsOf(store, box, { clock }))
    expect(newsIn(box)).toEqual(['opened run:unreachable', 'opened run:unreachable'])
  })

  /** A memory that fails once, so that the night is told without it. */
  const failsOnce = (store: ObjectStore): ObjectStore => {
    let reads = 0
    return broken(store, { read: (key) => (++reads === 1 ? fails() : store.read(key)) })
  }

  test('once is caught up with: the next night tells nothing again', async () => {
    const store = memoryStore()
    const box = inbox()
    await notify(inputOf(failed('2026-10-30')), portsOf(failsOnce(store), box))
    await notify(inputOf(failed('2026-10-31')), portsOf(store, box))
    await notify(inputOf(fine('2026-11-01')), portsOf(store, box))
    expect(newsIn(box)).toEqual(['opened run:unreachable', 'recovered run:unreachable'])
  })

  test('once keeps what it was owed besides, and what was not taken', async () => {
    const store = memoryStore()
    const box = inbox()
    const held = outcome('users', { verdict: 'incomplete', reason: 'x' })
    await notify(inputOf(report('2026-10-29', { outcomes: [held] })), portsOf(store, { ...box, status: 503 }))
    await notify(inputOf(failed('2026-10-30')), portsOf(failsOnce(store), box))
    expect(newsIn(box)).toEqual(['opened run:unreachable', 'opened users:incomplete'])
    await notify(
      inputOf(failed('2026-10-31', 'sign-in-refused')),
      portsOf(failsOnce(store), { ...box, status: 503 }),
    )
    await notify(inputOf(failed('2026-11-01', 'sign-in-refused')), portsOf(store, box))
    expect(newsIn(box).slice(2)).toEqual(['opened run:sign-in-refused'])
  })

  test('in that it writes and does not say so is caught up with too', async () => {
    const store = memoryStore()
    const box = inbox()
    let writes = 0
    const write: ObjectStore['write'] = async (...all) => {
      const result = await store.write(...all)
      return ++writes === 1 ? hangs() : result
    }
    await notify(inputOf(failed('2026-10-30')), portsOf(broken(store, { write }), box), limits)
    await notify(inputOf(failed('2026-10-31')), portsOf(store, box))
    await notify(inputOf(fine('2026-11-01')), portsOf(store, box))
    expect(newsIn(box)).toEqual(['opened run:unreachable', 'recovered run:unreachable'])
  })

  test('in that it reads too late is not written to after all', async () => {
    const store = memoryStore()
    const written: string[] = []
    let wake = (): void => undefined
    const isAwake = new Promise<void>((resolve) => {
      wake = resolve
    })
    const slow = broken(store, {
      read: (key) => isAwake.then(() => store.read(key)),
      write: (key, ...rest) => {
        written.push(key)
        return store.write(key, ...rest)
      },
    })
    const box = inbox()
    await notify(inputOf(failed('2026-10-30')), portsOf(slow, box), limits)
    expect(newsIn(box)).toEqual(['opened run:unreachable'])
    wake()
    // Whatever the late reads set off has run before the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
    expect(written).toEqual([])
  })

  test.each([
    ['14', 14_000, ['opened run:unreachable', 'opened run:sign-in-refused']],
    ['15', 15_000, ['opened run:unreachable']],
  ])('that took %s seconds with the message leaves this time for more', async (_, elapsed, told) => {
    const store = memoryStore()
    const box = inbox()
    let now = 0
    const clock = { ...portsOf(store, box).clock, elapsed: () => now }
    const post: NotifyPorts['post'] = async (url, body) => {
      now = elapsed
      await notify(inputOf(failed('2026-10-30', 'sign-in-refused')), portsOf(store, box))
      return portsOf(store, box).post(url, body)
    }
    await notify(inputOf(failed('2026-10-30')), portsOf(store, box, { clock, post }))
    expect(newsIn(box)).toEqual(told)
  })

  test('and nothing to tell is told to nobody', async () => {
    const box = inbox()
    const { memory } = await notify(inputOf(fine('2026-10-30')), portsOf(null, box))
    expect(memory).toContain('could not be opened')
    expect(box.urls).toEqual([])
  })
})

describe('never throws', () => {
  const night = failed('2026-10-30')
  test.each<[string, Partial<NotifyInput>, Partial<NotifyPorts>, string]>([
    [
      'a secret that is missing',
      {},
      {
        secrets: {
          read: async () => {
            throw new AlmanacError('secret-missing', 'environment variable X: it is not set')
          },
        },
      },
      'environment variable X: it is not set',
    ],
    [
      'a port that throws at once',
      {},
      {
        secrets: {
          read: () => {
            throw new Error('at once')
          },
        },
      },
      'at once',
    ],
    ['a post that never ends', {}, { post: hangs }, `${JSON_NAME} took longer than 0.05 seconds`],
    [
      'a command that cannot be made',
      {
        report: report('2026-10-30', {
          outcomes: [outcome('users', { verdict: 'guarded', candidate: 'x' })],
        }),
        acceptCommand: () => {
          throw new Error('no command')
        },
      },
      {},
      'no command',
    ],
    [
      'a clock that is broken',
      {},
      {
        clock: {
          ...portsOf(null, inbox()).clock,
          now: () => {
            throw new Error('no time')
          },
        },
      },
      'no time',
    ],
  ])('%s', async (_, input, ports, reason) => {
    const result = await notify(inputOf(night, input), portsOf(memoryStore(), inbox(), ports), {
      storeMs: 3_000,
      sendMs: 50,
      wholeMs: 44_000,
      rounds: 2,
    })
    expect(result).toEqual({ targets: [{ target: JSON_NAME, outcome: 'failed', reason }], memory: null })
  })
})

test('a test message goes to every target, and says that it is one', async () => {
  const box = inbox()
  const subject = { site: 'sales', owner: undefined, dt: '2026-11-01', run: 'r' }
  const targets = [target('json'), target('json', 'OTHER')]
  expect(await testMessages(targets, subject, portsOf(null, box))).toEqual([
    { target: JSON_NAME, problem: null },
    { target: 'json webhook (environment variable OTHER)', problem: null },
  ])
  expect(box.messages[0]).toMatchObject({
    headline: 'sales, night of 2026-11-01: this is a test',
    news: [{ kind: 'test', doFirst: null }],
  })
  box.status = 404
  expect(await testMessages([target('json')], subject, portsOf(null, box))).toMatchObject([
    { problem: 'there is no such webhook any more (HTTP 404)' },
  ])
})
