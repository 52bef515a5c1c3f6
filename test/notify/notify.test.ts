import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AREAS, keys, parseKey } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { type NotifyPorts, notify } from '../../lib/notify/notify.ts'
import { distinct } from '../../lib/notify/target.ts'
import {
  failed,
  fine,
  type Inbox,
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

const stateOf = async (store: ObjectStore) =>
  JSON.parse(new TextDecoder().decode((await store.read(keys.notice('sales')))?.bytes))

describe('a night', () => {
  test('that failed is told once, one that fails otherwise again, and the end once', async () => {
    const store = memoryStore()
    const box = inbox()
    const nights = [
      fine('2026-10-25'),
      failed('2026-10-26'),
      failed('2026-10-27'),
      failed('2026-10-28', 'sign-in-refused'),
      fine('2026-10-29'),
      fine('2026-10-30'),
    ]
    const results: unknown[] = []
    for (const night of nights) results.push(await notify(inputOf(night), portsOf(store, box)))
    expect(newsIn(box)).toEqual([
      'opened run:unreachable',
      'opened run:sign-in-refused',
      'recovered run:sign-in-refused',
    ])
    const none = {
      targets: [{ target: JSON_NAME, outcome: 'none', reason: 'nothing new to tell' }],
      memory: null,
    }
    const sent = { targets: [{ target: JSON_NAME, outcome: 'sent', reason: '1 told' }], memory: null }
    expect(results).toEqual([none, sent, none, sent, sent, none])
    expect(box.messages[0]).toMatchObject({ site: 'sales', dt: '2026-10-26', owner: 'bi-team@example.com' })
  })

  test('with nothing new writes nothing', async () => {
    const store = memoryStore()
    await notify(inputOf(fine('2026-10-30')), portsOf(store, inbox()))
    const before = await store.head(keys.notice('sales'))
    await notify(inputOf(fine('2026-10-30')), portsOf(store, inbox()))
    expect(await store.head(keys.notice('sales'))).toEqual(before)
    expect(before?.key).toBe('notice/sales.json')
    expect(AREAS[parseKey('notice/sales.json')?.area ?? 'landing']).toBe('lease')
  })

  test('of an older day changes nothing, and none of a day to come makes it older', async () => {
    const store = memoryStore()
    const box = inbox()
    for (const night of [
      fine('2026-10-30'),
      failed('2026-10-29'),
      failed('2030-01-01', 'wrong-day'),
      failed('2030-01-01'),
      failed('2026-10-31'),
    ])
      await notify(inputOf(night), portsOf(store, box))
    expect(box.messages.map(({ dt }) => dt)).toEqual(['2026-10-31'])
  })

  test('of some entities does not tell that a failed one went through', async () => {
    const store = memoryStore()
    const box = inbox()
    const both = { entities: ['users', 'workbooks'] }
    const there = outcome('users', { already: true })
    for (const night of [
      failed('2026-11-01'),
      report('2026-11-01', { outcomes: [outcome('users')] }),
      report('2026-11-01', { outcomes: [there, outcome('workbooks')] }),
    ])
      await notify(inputOf(night, both), portsOf(store, box))
    expect(box.messages.map(({ news }) => news[0]?.kind)).toEqual(['opened', 'recovered'])
    expect(newsIn(box)).toHaveLength(2)
  })

  test('that fails for the day to come makes none of today an older one', async () => {
    const store = memoryStore()
    const box = inbox()
    await notify(inputOf(failed('2026-11-02')), portsOf(store, box))
    await notify(inputOf(fine('2026-11-01')), portsOf(store, box))
    expect(newsIn(box)).toEqual(['opened run:unreachable', 'recovered run:unreachable'])
  })

  test('goes by the day of the site’s time zone', async () => {
    const store = memoryStore()
    const box = inbox()
    const site = { slug: 'sales', owner: undefined, timeZone: 'Pacific/Kiritimati' }
    await notify(inputOf(fine('2026-11-02'), { site }), portsOf(store, box))
    await notify(inputOf(failed('2026-11-01'), { site }), portsOf(store, box))
    expect(newsIn(box)).toEqual([])
  })

  test('forgets an entity that is switched off, and a token that is used no more', async () => {
    const store = memoryStore()
    const box = inbox()
    const jobs = outcome('jobs', { verdict: 'forbidden', reason: 'x' })
    await notify(
      inputOf(report('2026-10-30', { outcomes: [outcome('users'), jobs] }), {
        entities: ['users', 'jobs'],
        tokenExpiresAt: NOW,
      }),
      portsOf(store, box),
    )
    await notify(inputOf(fine('2026-10-31'), { isPat: false }), portsOf(store, box))
    expect(newsIn(box)).toEqual(['opened jobs:forbidden', 'opened token-expires:7'])
    expect(await stateOf(store)).toMatchObject({ open: [] })
  })

  test('without targets touches nothing', async () => {
    const store = memoryStore()
    expect(await notify(inputOf(failed('2026-10-30'), { targets: [] }), portsOf(store, inbox()))).toEqual({
      targets: [],
      memory: null,
    })
    expect(await store.list('')).toEqual([])
  })

  test('tells each target, one that is named twice once', async () => {
    const box = inbox()
    const targets = [target('json'), target('json'), target('json', 'OTHER')]
    const { targets: results } = await notify(
      inputOf(failed('2026-10-30'), { targets }),
      portsOf(memoryStore(), box),
    )
    expect(results.map(({ outcome: each }) => each)).toEqual(['sent', 'sent'])
    expect(box.urls.sort()).toEqual([
      'https://hooks.example/for-JSON_HOOK',
      'https://hooks.example/for-OTHER',
    ])
  })
})

test('two secrets of one name in two regions are two targets', () => {
  const inRegion = (region: string) => ({
    kind: 'slack' as const,
    url: { awsSecret: 'almanac/hook', region },
  })
  const targets = ['eu-central-1', 'us-east-1', 'us-east-1'].map(inRegion)
  expect(distinct(targets)).toEqual(targets.slice(0, 2))
})

describe('a target', () => {
  const both = { targets: [target('json'), target('json', 'OTHER')] }

  test('that failed is told with the next night, the others not again', async () => {
    const store = memoryStore()
    const box = inbox()
    const post: NotifyPorts['post'] = async (url, body) =>
      url.reveal().endsWith('OTHER') ? { status: 503 } : portsOf(store, box).post(url, body)
    const first = await notify(inputOf(failed('2026-10-30'), both), portsOf(store, box, { post }))
    expect(first.targets).toMatchObject([
      { outcome: 'sent' },
      { outcome: 'failed', reason: 'it failed (HTTP 503)' },
    ])
    await notify(inputOf(fine('2026-10-31'), both), portsOf(store, box))
    expect(box.urls).toEqual(
      ['JSON_HOOK', 'JSON_HOOK', 'OTHER'].map((env) => `https://hooks.example/for-${env}`),
    )
    expect(box.messages[2]?.news.map(({ kind }) => kind)).toEqual(['opened', 'recovered'])
  })

  test('that is new is told what is open', async () => {
    const store = memoryStore()
    const box = inbox()
    await notify(inputOf(failed('2026-10-30')), portsOf(store, box))
    await notify(inputOf(failed('2026-10-31'), both), portsOf(store, box))
    expect(box.urls[1]).toBe('https://hooks.example/for-OTHER')
    expect(box.messages[1]?.news).toMatchObject([{ what: 'run:unreachable', since: '2026-10-30' }])
    await notify(inputOf(fine('2026-11-01')), portsOf(store, box))
    expect(Object.keys((await stateOf(store)).mailboxes)).toHaveLength(1)
  })

  test.each([
    [302, 'it redirects, which is not followed (HTTP 302)'],
    [400, 'it did not take the message (HTTP 400)'],
    [403, 'it refuses us (HTTP 403)'],
    [404, 'there is no such webhook any more (HTTP 404)'],
    [413, 'the message is too long for it (HTTP 413)'],
    [429, 'it asked to slow down (HTTP 429)'],
  ])('that answers %i: %s', async (status, reason) => {
    const box: Inbox = { ...inbox(), status }
    const { targets } = await notify(inputOf(failed('2026-10-30')), portsOf(memoryStore(), box))
    expect(targets).toEqual([{ target: JSON_NAME, outcome: 'failed', reason }])
  })

  test('that is dead for years is owed no more than 500 pieces of news', async () => {
    const store = memoryStore()
    const outcomes = Array.from({ length: 600 }, (_, i) =>
      outcome(`e${i}`, { verdict: 'incomplete', reason: 'x' }),
    )
    await notify(inputOf(report('2026-10-30', { outcomes })), portsOf(store, { ...inbox(), status: 500 }))
    const [mailbox] = Object.values((await stateOf(store)).mailboxes)
    expect(mailbox).toMatchObject({ owed: { length: 500 }, claim: null })
  })
})

describe('several runs', () => {
  test('at once send one message', async () => {
    const store = memoryStore()
    const box = inbox()
    const results = await Promise.all(
      Array.from({ length: 20 }, () => notify(inputOf(failed('2026-10-30')), portsOf(store, box))),
    )
    expect(newsIn(box)).toEqual(['opened run:unreachable'])
    expect(
      results.flatMap(({ targets }) => targets.map((each) => each.outcome)).filter((each) => each === 'sent'),
    ).toHaveLength(1)
    expect(results.every(({ memory }) => memory === null)).toBe(true)
  })

  test('leave what they cannot send to the one that is sending', async () => {
    const store = memoryStore()
    const box = inbox()
    const post: NotifyPorts['post'] = async (url, body) => {
      const inner = await notify(inputOf(failed('2026-10-30', 'sign-in-refused')), portsOf(store, box))
      expect(inner.targets).toEqual([
        { target: JSON_NAME, outcome: 'none', reason: 'another run is telling it' },
      ])
      return portsOf(store, box).post(url, body)
    }
    await notify(inputOf(failed('2026-10-30')), portsOf(store, box, { post }))
    expect(newsIn(box)).toEqual(['opened run:unreachable', 'opened run:sign-in-refused'])
    expect(Object.values((await stateOf(store)).mailboxes)).toEqual([{ owed: [], claim: null }])
  })

  test.each([
    ['nine minutes', 9 * 60_000, []],
    ['ten minutes', 10 * 60_000, ['opened run:unreachable']],
    ['a clock ten minutes behind', -10 * 60_000, ['opened run:unreachable']],
  ])('take over from one that died: after %s', async (_, later, told) => {
    const store = memoryStore()
    const box = inbox()
    let died = (): void => undefined
    let comeBack = (_: { status: number }): void => undefined
    const hasDied = new Promise<void>((resolve) => {
      died = resolve
    })
    const post = (): Promise<{ status: number }> => {
      died()
      return new Promise((resolve) => {
        comeBack = resolve
      })
    }
    const first = notify(inputOf(failed('2026-10-30')), portsOf(store, box, { post }))
    await hasDied
    const clock = { ...portsOf(store, box).clock, now: () => NOW + later }
    await notify(inputOf(failed('2026-10-30')), portsOf(store, box, { clock }))
    expect(newsIn(box)).toEqual(told)
    comeBack({ status: 200 })
    await first
    expect(Object.values((await stateOf(store)).mailboxes)).toEqual([{ owed: [], claim: null }])
  })
})

test('on the disk, where an ETag is a hash, the same holds', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-notice-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const box = inbox()
  for (const night of [failed('2026-10-30'), fine('2026-10-31'), failed('2026-11-01')])
    await Promise.all([1, 2, 3].map(() => notify(inputOf(night), portsOf(diskStore(folder), box))))
  expect(newsIn(box)).toEqual([
    'opened run:unreachable',
    'recovered run:unreachable',
    'opened run:unreachable',
  ])
})
