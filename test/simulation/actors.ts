import { type Day, dayNumber } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { isError } from '../../lib/core/errors.ts'
import { keys, type Place } from '../../lib/core/keys.ts'
import { committedDays, type Manifest } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Receipt } from '../../lib/core/receipt.ts'
import { sha256 } from '../../lib/core/sha256.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { extract } from '../../lib/extract/extract.ts'
import { accept, replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { heldCandidates, type LoadResult, load, rebuild } from '../../lib/load/load.ts'
import { isDayClosed } from '../../lib/load/standing.ts'
import { LINKS, THINGS } from '../load/toy.ts'
import { simulatedClient } from './client.ts'
import { landNow } from './landings.ts'
import type { SimulatedSite } from './site.ts'
import { processStore } from './store.ts'
import { readerName } from './watch.ts'
import { tick, type World } from './world.ts'

/** The entities of the simulation: a list, one read parent by parent, and events. */
export const ENTITIES: readonly Entity[] = [THINGS, LINKS, entityNamed('jobs')]

const isState = ({ event }: Entity): boolean => event === undefined

/** A process: its name, and the store as it has it. */
export interface Process {
  readonly name: string
  readonly store: ObjectStore
}

const placeOf = (entity: Entity, { slug }: SimulatedSite): Place => ({ entity: entity.name, site: slug })

/** What a process in a world of faults may end with. Anything else is a defect. */
const EXPECTED = [
  'store-failed',
  'stale-correction',
  'already-committed',
  'not-found',
  'out-of-order',
  'guarded',
  'store-conflict',
] as const

/** Starts a process. It ends when its work does, or fails in a way that its faults explain. */
export async function start(
  world: World,
  name: string,
  work: (self: Process) => Promise<void>,
): Promise<void> {
  const { shared, turns, chance, mix, watch } = world
  watch.begins(name)
  const { store, isDead } = processStore(shared, name, turns, chance, mix)
  try {
    await work({ name, store })
  } catch (thrown) {
    const isExplained =
      isDead() || isError(thrown, ...EXPECTED) || (mix.rots > 0 && isError(thrown, 'corrupt-object'))
    if (!isExplained)
      watch.wrongs.push(`${name} ended with ${thrown instanceof Error ? thrown.stack : thrown}`)
  }
}

async function checkLanded({ shared, watch }: World, { name }: Process, receipt: Receipt): Promise<void> {
  const { entity, site, dt, run, shard } = receipt
  const key = keys.receipt({ entity, site, dt, run, shard })
  if ((await shared.objects.read(key)) === undefined)
    watch.wrongs.push(`${name} reported ${key}, which is not there`)
  for (const part of receipt.parts) {
    const object = await shared.objects.read(part.key)
    if (object?.sha256 !== part.sha256) watch.wrongs.push(`${name} reported ${part.key}, which is not so`)
  }
}

/** Reads an entity as the nightly does; whether it was complete. */
async function readEntity(
  world: World,
  self: Process,
  entity: Entity,
  site: SimulatedSite,
  dt: Day,
  run: string,
): Promise<boolean> {
  const { chance, mix, turns, watch } = world
  // The nightly signs in for no other day than the server's own, give or take one.
  if (dayNumber(world.day) - dayNumber(dt) > 1) return false
  const reader = { site, from: site.moments.length - 1, to: undefined as number | undefined }
  const name = readerName(entity.name, site.slug, run)
  watch.readers.set(name, [...(watch.readers.get(name) ?? []), reader])
  const turn = async (): Promise<number> => {
    await turns.wait(self.name)
    return tick(world)
  }
  const result = await extract(
    {
      entity,
      site: site.slug,
      dt,
      run,
      attempt: sha256(`${self.name}/${chance.next()}`).slice(0, 8),
      acceptSurplus: false,
      acceptNarrowed: false,
      backdated: null,
    },
    {
      client: simulatedClient({ site, chance, mix, turn }, tick(world)),
      store: self.store,
      emit: () => undefined,
    },
  )
  reader.to = site.moments.length - 1
  if (result.verdict === 'complete') await checkLanded(world, self, result.receipt)
  return result.verdict === 'complete'
}

/** Loads an entity, and holds what the load reports to what is there. */
async function loadEntity(
  world: World,
  { name, store }: Process,
  entity: Entity,
  site: SimulatedSite,
  dt?: Day,
): Promise<LoadResult> {
  const result = await load(store, world.engine, entity, site.slug, name, dt)
  const { objects } = world.shared
  await world.watch.loaded(name, placeOf(entity, site))
  for (const day of result.committed) {
    world.acknowledged.add(`${entity.name}/${site.slug}/${day.dt}`)
    if (!(await isDayClosed(objects, entity, site.slug, day.dt)))
      world.watch.wrongs.push(`${name} reported ${entity.name} of ${day.dt} as committed, which is not there`)
  }
  return result
}

/** A night of a site: reads every entity and loads it; of one that is not complete, what earlier nights left. */
export async function night(world: World, self: Process, site: SimulatedSite, run: string): Promise<void> {
  const dt = world.day
  const one = async (entity: Entity): Promise<void> => {
    const isRead = await readEntity(world, self, entity, site, dt, run)
    const { held } = await loadEntity(world, self, entity, site, dt)
    if (!isRead) return
    const isThere = await isDayClosed(world.shared.objects, entity, site.slug, dt)
    if (!isThere && !held.some((day) => day.dt === dt))
      world.watch.wrongs.push(`${self.name} read ${entity.name} of ${dt} and neither committed nor held it`)
  }
  if (world.chance.flip(0.5)) for (const entity of world.entities) await one(entity)
  else await Promise.all(world.entities.map(one))
}

/** A load that comes by itself, whenever. */
export async function loads(world: World, self: Process, site: SimulatedSite): Promise<void> {
  for (const entity of world.entities) await loadEntity(world, self, entity, site)
}

/** Lands what is there now in one go (a monitor’s events; boxes of which some were not read) and loads it. */
export async function lands(world: World, self: Process, site: SimulatedSite, entity: Entity): Promise<void> {
  if (!world.entities.includes(entity)) return
  await landNow(world, self, site, entity, world.day, tick(world))
  await loadEntity(world, self, entity, site)
}

/** Whether a manifest is a process's own correction. What it goes on to commit, as every load does, is none. */
const isOwn = ({ run, note }: Manifest, { name }: Process): boolean =>
  run === name && note !== null && note.kind !== 'agreed'

/** The manifests of a day, or of all days, in order. */
async function manifestsOf(objects: ObjectStore, at: Place, dt?: Day): Promise<readonly Manifest[]> {
  const listed = await objects.list(`${keys.manifests(at)}${dt === undefined ? '' : `dt=${dt}/`}`)
  const read = await Promise.all(listed.map(({ key }) => objects.read(key)))
  return read.map((object) => JSON.parse(new TextDecoder().decode(object?.bytes)))
}

/** The manifest that a process wrote; a correction is the only one of its process. */
const ownOf = async ({ shared }: World, self: Process, at: Place): Promise<Manifest | undefined> =>
  (await manifestsOf(shared.objects, at)).find((manifest) => isOwn(manifest, self))

/** A correction that reports success must be there and be its own; one that says that another was first must not be there. */
async function checkedCorrection(
  world: World,
  self: Process,
  at: Place,
  work: () => Promise<LoadResult>,
): Promise<Manifest | undefined> {
  try {
    await work()
  } catch (error) {
    const isRefused = isError(error, 'stale-correction', 'already-committed')
    if (isRefused && (await ownOf(world, self, at)) !== undefined)
      world.watch.wrongs.push(`${self.name} made a correction of ${at.entity} and reported that it did not`)
    throw error
  }
  // Days of the same rows share their candidate's name: the first of them is accepted, whichever that is by now.
  const own = await ownOf(world, self, at)
  if (own === undefined)
    world.watch.wrongs.push(`${self.name} reported a correction of ${at.entity} that is not there`)
  return own
}

/** Replaces or withdraws a committed day, or brings it back. */
export async function corrects(world: World, self: Process, site: SimulatedSite): Promise<void> {
  const { chance, shared, engine } = world
  const states = world.entities.filter(isState)
  if (states.length === 0) return
  const entity = chance.pick(states)
  const at = placeOf(entity, site)
  const days = await committedDays(shared.objects, at)
  if (days.length === 0) return
  // The newest day is the one that others may be publishing just now.
  const { dt } = chance.flip(0.5) ? (days.at(-1) ?? chance.pick(days)) : chance.pick(days)
  const old = (await manifestsOf(shared.objects, at, dt)).at(-1)
  const facts = { dt, run: self.name, reason: 'simulated' }
  if (old?.candidate === null && world.bringsBack) {
    await checkedCorrection(world, self, at, () =>
      replaceDay(self.store, engine, entity, site.slug, {
        ...facts,
        replaces: 'withdrawn',
        with: old.replaces?.candidate ?? undefined,
      }),
    )
    return
  }
  if (old?.candidate === null || chance.flip(0.3)) {
    await checkedCorrection(world, self, at, () => withdrawDay(self.store, engine, entity, site.slug, facts))
    return
  }
  await landNow(world, self, site, entity, dt, tick({ ...world, day: dt }) + 60_000_000)
  const replaces = old?.candidate ?? ''
  const own = await checkedCorrection(world, self, at, () =>
    replaceDay(self.store, engine, entity, site.slug, { ...facts, replaces }),
  )
  if (own !== undefined && own.replaces?.candidate !== replaces)
    world.watch.wrongs.push(`${self.name} replaced another reading of ${at.entity} ${dt} than it named`)
}

/** Accepts a held candidate. */
export async function accepts(world: World, self: Process, site: SimulatedSite): Promise<void> {
  const { chance, engine, watch } = world
  const states = world.entities.filter(isState)
  if (states.length === 0) return
  const entity = chance.pick(states)
  const at = placeOf(entity, site)
  const held = await heldCandidates(self.store, at, await committedDays(self.store, at))
  if (held.length === 0) return
  const { sha256: candidate } = chance.pick(held)
  watch.accepted.add(candidate)
  const correction = { sha256prefix: candidate.slice(0, 12), run: self.name, reason: 'simulated' }
  await checkedCorrection(world, self, at, () => accept(self.store, engine, entity, site.slug, correction))
}

/** Publishes everything anew. */
export async function rebuilds(world: World, self: Process, site: SimulatedSite): Promise<void> {
  for (const entity of world.entities) await rebuild(self.store, world.engine, entity, site.slug)
}
