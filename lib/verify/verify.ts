import type { Entity, EventFacts } from '../core/entity.ts'
import { type AlmanacError, isError } from '../core/errors.ts'
import { keys, type Place } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Desk } from '../load/desk.ts'
import { verifyEventMonths } from '../load/events.ts'
import { atDesk } from '../load/load.ts'
import type { LoadEngine } from '../load/transforms.ts'
import { verifyDays } from './days.ts'
import type { Finding } from './finding.ts'
import { lostHint, rebuildHint } from './hint.ts'
import { nextOf } from './next.ts'
import { verifyObjects } from './objects.ts'
import { sitesWithObjects, verifyLeases, verifySite } from './site-objects.ts'

async function collect(findings: AsyncGenerator<Finding>): Promise<Finding[]> {
  const all: Finding[] = []
  for await (const finding of findings) all.push(finding)
  return all
}

/** Holds the published months of an event entity to its observations. */
async function* verifyMonths(desk: Desk, facts: EventFacts): AsyncGenerator<Finding> {
  const { store, at } = desk
  const wrong = { ...at, level: 'wrong' } as const
  for (const { key, message } of await verifyEventMonths(desk, facts))
    yield { ...wrong, key, message, next: rebuildHint(at) }
  const [published] = await store.list(keys.events(at))
  if (published === undefined || (await store.list(keys.observations(at))).length > 0) return
  const message = `${published.key} is published, and no reading is there: its observations are lost`
  yield { ...wrong, key: published.key, message, next: lostHint(at, 'observation') }
}

/** The object that ended a comparison: one that `verifyObjects` has named, or one that is gone. */
async function unreadable(store: ObjectStore, at: Place, error: AlmanacError): Promise<Finding> {
  const [key] = /[a-z]+\/entity=\S+?\.(?:json|parquet)/.exec(error.message) ?? []
  return {
    ...at,
    key: key ?? keys.manifests(at),
    level: 'damaged',
    message: `not compared with its history: ${error.message}`,
    next: key === undefined ? error.next : await nextOf(store, at)(key),
  }
}

/** What the manifests or observations say against the published objects; a damaged primary object ends the comparison. */
async function verifyPublished(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
): Promise<readonly Finding[]> {
  const { event } = entity
  try {
    return await atDesk(store, engine, entity, site, (desk) =>
      collect(event === undefined ? verifyDays(desk) : verifyMonths(desk, event)),
    )
  } catch (error) {
    if (!isError(error, 'corrupt-object')) throw error
    return [await unreadable(store, { entity: entity.name, site }, error)]
  }
}

const ENTITY_ROOTS = [
  'manifest',
  'observation',
  'candidate',
  'landing',
  'current',
  'history',
  'event',
] as const

/** Which sites hold anything of an entity, published or not. */
async function sitesOf(store: ObjectStore, entity: Entity): Promise<readonly string[]> {
  const listed = await Promise.all(
    ENTITY_ROOTS.map((area) => store.list(`${area}/entity=${entity.name}/site=`)),
  )
  return [...new Set(listed.flat().flatMap(({ key }) => /\/site=([^/]+)\//.exec(key)?.[1] ?? []))].sort()
}

/** Verifies one entity of one site: a finding for all that is not well, or one `ok`. */
async function* verifyEntity(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
): AsyncGenerator<Finding> {
  const at = { entity: entity.name, site }
  const objects = verifyObjects(store, at)
  let faults = 0
  let step = await objects.next()
  for (; !step.done; step = await objects.next()) {
    faults++
    yield step.value
  }
  const published = await verifyPublished(store, engine, entity, site)
  yield* published
  const message = `${step.value} objects whole, every day proven, published as the manifests say`
  if (faults + published.length === 0) yield { ...at, key: '', level: 'ok', message, next: '' }
}

/**
 * Verifies a warehouse: every object's bytes, every committed day's proof, every published object against what the
 * manifests make of it, with history folded anew, and what belongs to a site and to no entity. `sites` undefined means
 * all. Yields a finding for all that is not well, and one `ok` for each entity of each site that is.
 */
export async function* verify(
  store: ObjectStore,
  engine: LoadEngine,
  entities: readonly Entity[],
  sites: readonly string[] | undefined,
): AsyncGenerator<Finding> {
  const isWanted = (site: string): boolean => sites === undefined || sites.includes(site)
  for (const site of await sitesWithObjects(store)) if (isWanted(site)) yield* verifySite(store, site)
  yield* verifyLeases(store)
  for (const entity of entities)
    for (const site of await sitesOf(store, entity))
      if (isWanted(site)) yield* verifyEntity(store, engine, entity, site)
}
