import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import { type Day, dayNumber } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { readManifest } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { jsonBytes, parseStored, type Receipt } from '../../lib/core/receipt.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { PARENT_VERDICT } from '../../lib/core/shape.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { changeNotice } from '../../lib/notify/memory.ts'
import { NO_NOTICE } from '../../lib/notify/notice.ts'
import { bindSite } from '../../lib/session/identity.ts'
import { takeLease } from '../../lib/session/lease.ts'
import { leaseKey } from '../../lib/session/lease-state.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'
import { virtualClock } from '../session/virtual-clock.ts'
import { keepCheckpoint, keepOutcomes } from './steps.ts'

/** The site of every object here. */
export const SITE = 'test'
/** A list that is read whole, one that is read parent by parent, and events: all ways to be stored. */
export const GROUPS = entityNamed('groups')
export const MEMBERS = entityNamed('group_members')
export const JOBS = entityNamed('jobs')
/** All of them. */
export const STORED: readonly Entity[] = [GROUPS, MEMBERS, JOBS]

/** The days: committed, corrected, withdrawn, committed, held by the guard, and landed without being loaded. */
export const [FIRST, CORRECTED, WITHDRAWN, LAST, HELD, LANDED] = [
  '2026-11-01',
  '2026-11-02',
  '2026-11-03',
  '2026-11-04',
  '2026-11-05',
  '2026-11-06',
] as const

/** A warehouse as bytes: what stands under each key, and what stood there before. */
export interface World {
  readonly objects: ReadonlyMap<string, Uint8Array>
  readonly older: ReadonlyMap<string, readonly Uint8Array[]>
}

/** Whose session the site's lease is of. */
export const SESSION = { host: 'tableau.example', name: 'nightly' }

const BY_HAND = { run: 'by hand', reason: 'for the test' }

const number = (dt: Day): number => dayNumber(dt) - dayNumber(FIRST)
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

/** Groups of a day: each night one is renamed, one is new and one is gone; `salt` makes another reading of the same day. */
const groupsOf = (dt: Day, salt = '', count = 30): readonly Row[] =>
  upTo(count).map((i) => ({
    id: `g${i + number(dt)}`,
    name: `group ${i + number(dt)}${i % 7 === number(dt) ? ` of ${dt}${salt}` : ''}`,
    domain_name: i % 3 === 0 ? 'local' : null,
    external_user_enabled: i % 2 === 0,
    user_count: BigInt(i * 10 + number(dt)),
  }))

/** Memberships of a day: of four groups one is read on odd days only, so that its rows are those of the day before. */
const membersOf = (dt: Day): readonly Row[] =>
  upTo(4).flatMap((group) => {
    const id = { group_id: `g${group + 10}` }
    if (group === 3 && number(dt) % 2 === 1) return [{ ...id, user_id: null, [PARENT_VERDICT]: 'not_read' }]
    const members = upTo(6).map((i) => ({ ...id, user_id: `u${i + number(dt)}`, [PARENT_VERDICT]: null }))
    return [{ ...id, user_id: null, [PARENT_VERDICT]: 'read' }, ...members]
  })

/** Jobs of a day, of October and of November; some end a day after they were first seen. */
const jobsOf = (dt: Day): readonly Row[] =>
  upTo(8).map((i) => {
    const created = Date.parse(i < 2 ? '2026-10-31T20:00:00Z' : `${dt}T01:00:00Z`) + i * 60_000
    const ended = i % 3 === number(dt) % 3 ? null : BigInt(created + 30_000) * 1000n
    return {
      id: i < 2 ? `old ${i}` : `job ${dt} ${i}`,
      job_type: 'refresh_extracts',
      status: ended === null ? 'InProgress' : 'Success',
      created_at: BigInt(created) * 1000n,
      ended_at: ended,
    }
  })

const facts = (rows: readonly Row[]): number => rows.filter((row) => row['user_id'] !== null).length

/** A store in which receipts say what those of a list below parents do: nothing announces how many there are. */
const unannounced = (store: ObjectStore): ObjectStore => ({
  ...store,
  write: (key, bytes, condition) => {
    if (!key.endsWith('receipt.json')) return store.write(key, bytes, condition)
    const receipt = parseStored<Receipt>(key, bytes)
    return store.write(key, jsonBytes({ ...receipt, firstTotal: null, lastTotal: null }), condition)
  },
})

/** Lands a day of every entity. The receipts of the lists. */
async function landDay(store: ObjectStore, dt: Day) {
  const members = membersOf(dt)
  const groups = await land(store, GROUPS, dt, groupsOf(dt))
  const below = await land(unannounced(store), MEMBERS, dt, members, { facts: facts(members) })
  await land(store, JOBS, dt, jobsOf(dt))
  return { groups, below }
}

/** Lands a day as the steps of a state machine do, which leave more in landing than a run in one process. */
async function landInSteps(store: ObjectStore, dt: Day): Promise<void> {
  const { groups, below } = await landDay(store, dt)
  await keepCheckpoint(store, below)
  for (const receipt of [groups, below]) await keepOutcomes(store, receipt)
}

const loadAll = async (store: ObjectStore, engine: Engine): Promise<void> => {
  for (const entity of STORED) await load(store, engine, entity, SITE, 'load')
}

const reportOf = (dt: Day): RunReport => ({
  format: 1,
  site: SITE,
  dt,
  run: `run-${dt}`,
  server: 'https://tableau.example',
  apiVersion: '3.29',
  startedAt: Date.parse(`${dt}T03:00:00Z`),
  endedAt: Date.parse(`${dt}T03:05:00Z`),
  outcomes: [],
  failure: null,
})

/** The objects that belong to the site and to no entity of it. */
async function keepSite(store: ObjectStore, days: readonly Day[]): Promise<void> {
  await bindSite(store, SITE, { format: 1, host: 'tableau.example', id: 'luid', contentUrl: SITE })
  for (const dt of days) await store.write(keys.run(SITE, dt, `run-${dt}`), jsonBytes(reportOf(dt)), 'absent')
  for (const dt of days.slice(0, 2))
    await changeNotice(store, SITE, () => ({ notice: { ...NO_NOTICE, dt }, result: undefined }))
  const lease = { store, clock: virtualClock(), emit: () => undefined, holder: 'run-1' }
  await (await takeLease(leaseKey(SESSION), lease)).release()
}

/** A store that remembers the bytes that each of its objects had before. */
function remembering(store: ObjectStore, older: Map<string, Uint8Array[]>): ObjectStore {
  return {
    ...store,
    write: async (key, bytes, condition) => {
      const before = await store.read(key)
      const result = await store.write(key, bytes, condition)
      if (result.won && before !== undefined) older.set(key, [...(older.get(key) ?? []), before.bytes])
      return result
    },
  }
}

/** Reads a day again and takes the second reading for the first. */
async function correct(store: ObjectStore, engine: Engine, dt: Day): Promise<void> {
  const observedFrom = Date.parse(`${dt}T09:00:00Z`)
  await land(store, GROUPS, dt, groupsOf(dt, ', read again'), { run: 'again', observedFrom })
  const at = { entity: GROUPS.name, site: SITE }
  const { candidate } = await readManifest(store, at, { dt, version: 1 })
  await replaceDay(store, engine, GROUPS, SITE, { ...BY_HAND, dt, replaces: candidate ?? '' })
}

async function bytesOf(store: ObjectStore): Promise<ReadonlyMap<string, Uint8Array>> {
  const objects = new Map<string, Uint8Array>()
  for (const { key } of await store.list('')) {
    const object = await store.read(key)
    if (object !== undefined) objects.set(key, object.bytes)
  }
  return objects
}

/** Two warehouses: one in which all is loaded, and one in which one day more is landed and waits for the load. */
export interface Worlds {
  readonly settled: World
  readonly waiting: World
}

/** Five days of three entities and what belongs to their site: what a week leaves in a warehouse, small. */
export async function buildWorlds(engine: Engine): Promise<Worlds> {
  const older = new Map<string, Uint8Array[]>()
  const store = remembering(memoryStore(), older)
  for (const dt of [FIRST, CORRECTED, WITHDRAWN, LAST]) {
    await landInSteps(store, dt)
    await loadAll(store, engine)
    if (dt === CORRECTED) await correct(store, engine, dt)
    if (dt === WITHDRAWN) await withdrawDay(store, engine, GROUPS, SITE, { ...BY_HAND, dt })
  }
  await land(store, GROUPS, HELD, groupsOf(HELD, '', 5))
  await loadAll(store, engine)
  await keepSite(store, [FIRST, CORRECTED, WITHDRAWN, LAST])
  const settled = { objects: await bytesOf(store), older }
  await landDay(store, LANDED)
  return { settled, waiting: { objects: await bytesOf(store), older } }
}
