import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Day } from '../../lib/core/day.ts'
import { keys } from '../../lib/core/keys.ts'
import { readManifest } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { type CandidateReceipt, jsonBytes } from '../../lib/core/receipt.ts'
import { sha256 } from '../../lib/core/sha256.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { commit, withdraw } from '../../lib/load/commit.ts'
import { freshnessStep } from '../../lib/steps/freshness.ts'

const HOUR = 3_600_000
const FACTS = { run: 'demo-2026-11-28', note: null }

function receiptOf(entity: string, dt: Day): CandidateReceipt {
  const observedTo = Date.parse(`${dt}T03:00:00Z`)
  return {
    format: 1,
    entity,
    site: 'demo',
    dt,
    sha256: sha256(`${entity} ${dt}`),
    rows: 1,
    columns: [],
    missing: [],
    observedFrom: observedTo - HOUR,
    observedTo,
    shards: [],
  }
}

/** Read completely, at three in the morning by UTC, and not committed. */
async function hold(store: ObjectStore, entity: string, dt: Day): Promise<void> {
  const receipt = receiptOf(entity, dt)
  await store.write(keys.candidateReceipt(receipt, dt, receipt.sha256), jsonBytes(receipt), 'absent')
  await store.write(keys.candidate(receipt, dt, receipt.sha256), Buffer.from('rows'), 'absent')
}

/** Events that were read at three in the morning by UTC; without their rows the reading is not there. */
async function observe(store: ObjectStore, entity: string, dt: Day, isWhole = true): Promise<void> {
  const receipt = receiptOf(entity, dt)
  await store.write(keys.observationReceipt(receipt, dt, receipt.sha256), jsonBytes(receipt), 'absent')
  if (isWhole) await store.write(keys.observation(receipt, dt, receipt.sha256), Buffer.from('rows'), 'absent')
}

const prove = (store: ObjectStore, entity: string, dt: Day) => commit(store, receiptOf(entity, dt), FACTS)

const freshness = (
  store: ObjectStore,
  now: string,
  { entities = ['users', 'views'], timeZone = 'UTC' } = {},
) =>
  freshnessStep(
    { site: 'demo', timeZone, entities: entities.map((name) => entityNamed(name)) },
    store,
    Date.parse(now),
  )

describe('the age of a site', () => {
  test('is that of its oldest entity’s newest day', async () => {
    const store = memoryStore()
    for (const dt of ['2026-11-27', '2026-11-28']) await prove(store, 'users', dt)
    await prove(store, 'views', '2026-11-27')
    expect(await freshness(store, '2026-11-28T06:30:00Z')).toEqual({
      snapshotAgeHours: 27.5,
      heldDays: 0,
      oldest: 'views',
    })
  })

  test('does not count a day that was withdrawn', async () => {
    const store = memoryStore()
    const at = { entity: 'users', site: 'demo' }
    for (const dt of ['2026-11-26', '2026-11-27', '2026-11-28']) await prove(store, 'users', dt)
    for (const dt of ['2026-11-27', '2026-11-28'])
      await withdraw(store, await readManifest(store, at, { dt, version: 1 }), FACTS)
    expect(await freshness(store, '2026-11-28T03:00:00Z')).toMatchObject({ snapshotAgeHours: 48 })
  })

  test('is unknown where nothing was ever read, or nothing is left', async () => {
    const store = memoryStore()
    const nothing = { snapshotAgeHours: null, heldDays: 0, oldest: null }
    expect(await freshness(store, '2026-11-28T03:00:00Z')).toEqual(nothing)
    await prove(store, 'users', '2026-11-28')
    const manifest = await readManifest(
      store,
      { entity: 'users', site: 'demo' },
      { dt: '2026-11-28', version: 1 },
    )
    await withdraw(store, manifest, FACTS)
    expect(await freshness(store, '2026-11-28T03:00:00Z')).toEqual(nothing)
  })

  test('is that of events, too, by their newest reading that is whole', async () => {
    const store = memoryStore()
    const entities = ['users', 'jobs']
    for (const [dt, isWhole] of [
      ['2026-11-26', true],
      ['2026-11-27', true],
      ['2026-11-28', false],
    ] as const)
      await observe(store, 'jobs', dt, isWhole)
    const jobs = { snapshotAgeHours: 27.5, heldDays: 0, oldest: 'jobs' }
    expect(await freshness(store, '2026-11-28T06:30:00Z', { entities: ['jobs'] })).toEqual(jobs)
    await prove(store, 'users', '2026-11-28')
    expect(await freshness(store, '2026-11-28T06:30:00Z', { entities })).toEqual(jobs)
    await observe(store, 'jobs', '2026-11-28')
    expect(await freshness(store, '2026-11-28T06:30:00Z', { entities })).toMatchObject({
      snapshotAgeHours: 3.5,
    })
  })

  test('leaves out an entity that has no day, events never read, and what is not switched on', async () => {
    const store = memoryStore()
    await prove(store, 'users', '2026-11-28')
    await prove(store, 'groups', '2026-11-01')
    const entities = ['users', 'views', 'jobs']
    expect(await freshness(store, '2026-11-28T04:00:00Z', { entities })).toMatchObject({
      snapshotAgeHours: 1,
      oldest: 'users',
    })
  })
})

describe('what is held', () => {
  test('waits since its day, the oldest of all, by the calendar of the site', async () => {
    const store = memoryStore()
    await hold(store, 'users', '2026-11-20')
    await hold(store, 'users', '2026-11-25')
    await hold(store, 'views', '2026-11-26')
    expect(await freshness(store, '2026-11-28T23:30:00Z')).toMatchObject({ heldDays: 8 })
    expect(await freshness(store, '2026-11-28T23:30:00Z', { timeZone: 'Europe/Berlin' })).toMatchObject({
      heldDays: 9,
    })
  })

  test('waits no more once a later day is committed that stands', async () => {
    const store = memoryStore()
    await hold(store, 'users', '2026-11-20')
    await hold(store, 'users', '2026-11-25')
    await prove(store, 'users', '2026-11-22')
    expect(await freshness(store, '2026-11-28T03:00:00Z')).toMatchObject({ heldDays: 3 })
    await prove(store, 'users', '2026-11-26')
    expect(await freshness(store, '2026-11-28T03:00:00Z')).toMatchObject({ heldDays: 0 })
    for (const dt of ['2026-11-22', '2026-11-26']) {
      const manifest = await readManifest(store, { entity: 'users', site: 'demo' }, { dt, version: 1 })
      await withdraw(store, manifest, FACTS)
    }
    expect(await freshness(store, '2026-11-28T03:00:00Z')).toMatchObject({ heldDays: 8 })
  })

  test('is not what was committed, nor a receipt without its rows', async () => {
    const store = memoryStore()
    await hold(store, 'users', '2026-11-20')
    await prove(store, 'users', '2026-11-20')
    const receipt = receiptOf('views', '2026-11-21')
    await store.write(
      keys.candidateReceipt(receipt, receipt.dt, receipt.sha256),
      jsonBytes(receipt),
      'absent',
    )
    expect(await freshness(store, '2026-11-28T03:00:00Z')).toMatchObject({ heldDays: 0 })
  })
})
