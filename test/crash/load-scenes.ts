import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { accept, replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { type LoadResult, load, rebuild } from '../../lib/load/load.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'
import { landLinks } from '../load/links.ts'
import { forgetDerived, LINKS, placeOf, THINGS } from '../load/toy.ts'
import type { Acknowledge, Scene } from './scene.ts'

const JOBS = entityNamed('jobs')
const SITE = 'test'
const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'] as const
const [DAY1, DAY2, DAY3, DAY4] = DAYS

/** A row of the toy entity of things. */
export const thing = (id: string, name: string): Row => ({
  id,
  name,
  size: null,
  tags: null,
  views: 1n,
  raw_extra: null,
})

const instant = (text: string): bigint => BigInt(Date.parse(text)) * 1000n
const job = (id: string, created: string, ended: string | null): Row => ({
  id,
  status: ended === null ? 'InProgress' : 'Success',
  created_at: instant(created),
  ended_at: ended === null ? null : instant(ended),
})

/** Two committed days of each entity, every job unfinished. */
async function twoDays(engine: Engine): Promise<ObjectStore> {
  const store = memoryStore()
  await land(store, THINGS, DAY1, [thing('a', 'A'), thing('b', 'B')])
  await land(store, THINGS, DAY3, [thing('a', 'A3'), thing('c', 'C')])
  await landLinks(store, DAY1, { x: { a: 'r', b: 'r' }, y: { a: 'w' } })
  await landLinks(store, DAY3, { x: 'forbidden', y: { b: 'r' } })
  await land(store, JOBS, DAY1, [job('1', `${DAY1}T02:00:00Z`, null), job('0', '2026-10-31T23:00:00Z', null)])
  for (const entity of [THINGS, LINKS, JOBS]) await load(store, engine, entity, SITE, 'load')
  return store
}

/** Two more landed days of one entity, one of them late. */
const LANDED: Readonly<Record<string, (store: ObjectStore) => Promise<void>>> = {
  things: async (store) => {
    await land(store, THINGS, DAY2, [thing('a', 'A'), thing('b', 'B2')])
    await land(store, THINGS, DAY4, [thing('a', 'A3'), thing('b', 'B')])
  },
  links: async (store) => {
    await landLinks(store, DAY2, { x: { a: 'r' }, y: 'not_read', z: { c: 'r' } })
    await landLinks(store, DAY4, { x: { b: 'w' }, z: 'forbidden' })
  },
  jobs: async (store) => {
    await land(store, JOBS, DAY2, [
      job('0', '2026-10-31T23:00:00Z', `${DAY1}T01:00:00Z`),
      job('2', `${DAY2}T02:00:00Z`, null),
    ])
    await land(store, JOBS, DAY4, [job('2', `${DAY2}T02:00:00Z`, `${DAY2}T03:00:00Z`)])
  },
}

/** A result that says that nothing is held, in the words of a scene; what it committed is acknowledged. */
function told(entity: Entity, { committed, held }: LoadResult, acknowledge: Acknowledge): string | null {
  for (const { dt } of committed) acknowledge(entity.name, dt)
  return held.length === 0 ? null : 'held'
}

const loading = (entity: Entity): Scene => ({
  name: `loading ${entity.name}`,
  isExact: true,
  start: async (engine) => {
    const store = await twoDays(engine)
    await LANDED[entity.name]?.(store)
    return store
  },
  work: async (store, engine, acknowledge) =>
    told(entity, await load(store, engine, entity, SITE, 'load'), acknowledge),
  heal: (store, engine) => load(store, engine, entity, SITE, 'load'),
})

/** A command that commits one more version of a day. */
interface Command {
  readonly name: string
  readonly entity: Entity
  readonly dt: string
  readonly version: number
  prepare(store: ObjectStore): Promise<unknown>
  run(store: ObjectStore, engine: Engine): Promise<LoadResult>
}

/** After a crash somebody gives the command again, unless the day has its version: then any load goes on from there. */
const correcting = ({ name, entity, dt, version, prepare, run }: Command): Scene => ({
  name,
  isExact: true,
  start: async (engine) => {
    const store = await twoDays(engine)
    await prepare(store)
    return store
  },
  work: async (store, engine, acknowledge) => {
    const result = await run(store, engine)
    acknowledge(entity.name, dt)
    return told(entity, result, acknowledge)
  },
  heal: async (store, engine) => {
    const days = await committedDays(store, placeOf(entity))
    const isThere = days.some((day) => day.dt === dt && day.version === version)
    return isThere ? load(store, engine, entity, SITE, 'load') : run(store, engine)
  },
})

const correction = { run: 'correct', reason: 'a test' }

async function candidateOf(store: ObjectStore, entity: Entity, dt: string): Promise<string> {
  const manifest = await store.read(keys.manifest(placeOf(entity), dt, 1))
  return JSON.parse(Buffer.from(manifest?.bytes ?? []).toString()).candidate
}

const replacing: Command = {
  name: 'replacing a day',
  entity: THINGS,
  dt: DAY1,
  version: 2,
  prepare: (store) =>
    land(store, THINGS, DAY1, [thing('a', 'A'), thing('q', 'Q')], {
      run: 'again',
      observedFrom: Date.parse(`${DAY1}T05:00:00Z`),
    }),
  run: async (store, engine) =>
    replaceDay(store, engine, THINGS, SITE, {
      dt: DAY1,
      replaces: await candidateOf(store, THINGS, DAY1),
      ...correction,
    }),
}

const withdrawing: Command = {
  name: 'withdrawing a day of a per-parent entity',
  entity: LINKS,
  dt: DAY3,
  version: 2,
  prepare: async () => undefined,
  run: (store, engine) => withdrawDay(store, engine, LINKS, SITE, { dt: DAY3, ...correction }),
}

/** An emptied list is held; accepting it is the only way in. */
const accepting: Command = {
  name: 'accepting a held day',
  entity: THINGS,
  dt: DAY4,
  version: 1,
  prepare: async (store) => land(store, THINGS, DAY4, []),
  run: async (store, engine) => {
    const { held } = await load(store, engine, THINGS, SITE, 'load')
    const sha256prefix = held.find(({ dt }) => dt === DAY4)?.candidate ?? ''
    return accept(store, engine, THINGS, SITE, { sha256prefix, ...correction })
  },
}

const rebuilding = (entity: Entity): Scene => ({
  name: `rebuilding ${entity.name}`,
  isExact: true,
  start: async (engine) => {
    const store = await twoDays(engine)
    await forgetDerived(store, entity)
    return store
  },
  work: async (store, engine) => {
    await rebuild(store, engine, entity, SITE)
    return null
  },
  heal: (store, engine) => rebuild(store, engine, entity, SITE),
})

/** Loads of two days at once, corrections and rebuilds, over a warehouse of two days. */
export const LOAD_SCENES: readonly Scene[] = [
  ...[THINGS, LINKS, JOBS].map(loading),
  ...[replacing, withdrawing, accepting].map(correcting),
  ...[THINGS, LINKS, JOBS].map(rebuilding),
]
