import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Checkpoint } from '../../lib/core/checkpoint.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { parseStored } from '../../lib/core/receipt.ts'
import { expireLanding } from '../../lib/load/landing.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { verify } from '../../lib/verify/verify.ts'
import { failingStore, type Injection } from '../crash/failing-store.ts'
import {
  DT,
  inOneGo,
  invoke,
  lasting,
  MEMBERS,
  PARENTS,
  published,
  timeFor,
  untilDone,
  type Visit,
  visitSite,
} from './resumed.ts'

const AT = { entity: MEMBERS.name, site: 'demo' }
const SHARD = { ...AT, dt: DT, run: 'run', shard: '0' }

let engine: Engine
let visit: Visit
let wanted: Awaited<ReturnType<typeof inOneGo>>
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  visit = await visitSite()
  wanted = await inOneGo(visit.client, engine)
})
afterAll(async () => {
  await visit.close()
  await engine.close()
})

async function checkpointAt(store: ObjectStore, number: number): Promise<Checkpoint> {
  const key = keys.checkpoint(SHARD, number)
  const object = await store.read(key)
  if (object === undefined) throw new Error(`${key} is not there`)
  return parseStored<Checkpoint>(key, object.bytes)
}

const calls = (): number => visit.simulator.counters()['groupUsers'] ?? 0

describe('a reading that stops after every', () => {
  test.each(Array.from({ length: PARENTS }, (_, i) => i + 1))('%i parents', async (k) => {
    const store = memoryStore()
    const before = calls()
    const { receipt, invocations } = await untilDone(visit.client, store, () => k)
    expect(invocations).toBe(Math.ceil(PARENTS / k))
    expect(calls() - before).toBe(PARENTS)
    expect(lasting(receipt)).toEqual(wanted.receipt)
    expect(await published(store, engine)).toEqual(wanted.published)
    if (invocations > 1) {
      const { observedFrom, parts } = await checkpointAt(store, 1)
      expect(receipt.observedFrom).toBe(observedFrom)
      expect(receipt.parts.slice(0, parts.length)).toEqual(parts)
      expect(receipt.parts).toHaveLength(invocations)
    }
  })
})

test('what stopped is no landing: nothing is loaded of it', async () => {
  const store = memoryStore()
  expect(await invoke(visit.client, store, timeFor(3))).toEqual({
    verdict: 'unfinished',
    checkpoint: keys.checkpoint(SHARD, 1),
    settled: 3,
    pending: PARENTS - 3,
  })
  expect(await load(store, engine, MEMBERS, 'demo', 'load', DT)).toMatchObject({ committed: [], held: [] })
})

test('the checkpoints of another run do not count', async () => {
  const store = memoryStore()
  await invoke(visit.client, store, timeFor(3), { run: 'other' })
  const before = calls()
  await untilDone(visit.client, store, () => PARENTS)
  expect(calls() - before).toBe(PARENTS)
  expect(await published(store, engine)).toEqual(wanted.published)
})

test('a run that is asked again after its end says the same and reads nothing', async () => {
  const store = memoryStore()
  const { receipt } = await untilDone(visit.client, store, () => 3)
  const before = calls()
  expect(await invoke(visit.client, store, timeFor(9))).toEqual({ verdict: 'complete', receipt })
  expect(calls()).toBe(before)
})

test.each([
  ['no JSON', '{'],
  ['the text of another place', '{"format":1,"entity":"group_members","site":"other"}'],
])('a checkpoint that is %s is told, not skipped', async (_, text) => {
  const store = memoryStore()
  await invoke(visit.client, store, timeFor(2))
  const key = keys.checkpoint(SHARD, 2)
  await store.write(key, new TextEncoder().encode(text), 'absent')
  const result = await invoke(visit.client, store, timeFor(9))
  expect(result).toMatchObject({ verdict: 'incomplete', error: { code: 'corrupt-object' } })
  const findings = []
  for await (const finding of verify(store, engine, [MEMBERS], undefined))
    if (finding.level !== 'ok') findings.push(finding.key)
  expect(findings).toEqual([key])
})

test('a copy of an earlier checkpoint under a later number is damage', async () => {
  const store = memoryStore()
  await invoke(visit.client, store, timeFor(2))
  const first = await store.read(keys.checkpoint(SHARD, 1))
  await store.write(keys.checkpoint(SHARD, 2), first?.bytes ?? new Uint8Array(), 'absent')
  expect(await invoke(visit.client, store, timeFor(9))).toMatchObject({
    error: { code: 'corrupt-object', message: expect.stringContaining('number') },
  })
})

test('verification finds nothing wrong with checkpoints, and they expire with their landing', async () => {
  const store = memoryStore()
  await untilDone(visit.client, store, () => 3)
  await published(store, engine)
  for await (const finding of verify(store, engine, [MEMBERS], undefined)) expect(finding.level).toBe('ok')
  await expireLanding(store, AT, '2026-11-16')
  expect(await store.list('landing/')).toEqual([])
})

/** Invokes a run, two parents at a time, over a store that fails as told; what the failure leaves is gone on with. */
async function struck(injection: Injection): Promise<{ store: ObjectStore; isStruck: boolean }> {
  const store = memoryStore()
  const failing = failingStore(store, injection)
  await untilDone(visit.client, failing, () => 2).catch(() => undefined)
  const isStruck = failing.struck() !== undefined
  const { receipt } = await untilDone(visit.client, store, () => 2)
  expect(lasting(receipt), JSON.stringify(injection)).toEqual(wanted.receipt)
  return { store, isStruck }
}

describe.each(['once', 'death'] as const)('a store that fails (%s)', (mode) => {
  test.each(['before', 'after'] as const)(
    '%s each operation: the next invocation goes on',
    async (moment) => {
      let strikes = 0
      for (let at = 0; ; at++) {
        const { store, isStruck } = await struck({ at, moment, mode })
        if (!isStruck) break
        strikes++
        expect(await published(store, engine), `at ${at}`).toEqual(wanted.published)
      }
      expect(strikes).toBeGreaterThan(10)
    },
  )
})

describe('invocations of one run at once', () => {
  test('end with one receipt, and one reading', async () => {
    const store = memoryStore()
    const [one, other] = await Promise.all([
      untilDone(visit.client, store, () => 2),
      untilDone(visit.client, store, () => 3),
    ])
    expect(one.receipt).toEqual(other.receipt)
    expect(lasting(one.receipt)).toEqual(wanted.receipt)
    expect(await published(store, engine)).toEqual(wanted.published)
  })

  test('whatever time each has, and wherever one is killed', async () => {
    const life = fc.record({
      times: fc.array(fc.integer({ min: 1, max: PARENTS }), { minLength: 1, maxLength: 4 }),
      dies: fc.option(
        fc.record({
          at: fc.nat(14),
          moment: fc.constantFrom<Injection['moment']>('before', 'after'),
          mode: fc.constantFrom<Injection['mode']>('once', 'on', 'death'),
        }),
        { nil: undefined },
      ),
    })
    const property = fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
      const store = memoryStore()
      await Promise.all(
        lives.map(({ times, dies }) =>
          untilDone(visit.client, failingStore(store, dies), (n) => times[n % times.length] ?? 1).catch(
            () => undefined,
          ),
        ),
      )
      const { receipt } = await untilDone(visit.client, store, () => 2)
      expect(lasting(receipt)).toEqual(wanted.receipt)
      expect(await published(store, engine)).toEqual(wanted.published)
    })
    await fc.assert(property, { numRuns: 40 })
  })
})
