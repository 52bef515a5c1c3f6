import type { Entity } from '../core/entity.ts'
import { type AlmanacError, isError } from '../core/errors.ts'
import { ENTITY_AREAS, keys, type Place } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Desk } from '../load/desk.ts'
import { atDesk } from '../load/load.ts'
import type { LoadEngine } from '../load/transforms.ts'
import { verifyDays } from './days.ts'
import type { Finding } from './finding.ts'
import { verifyMonths } from './months.ts'
import { nextOf } from './next.ts'
import { verifyObjects } from './objects.ts'
import { type Reported, reportedDays, verifyReported } from './reported.ts'
import { EVERY_SITE, sitesWithObjects, verifyLeases, verifySite } from './site-objects.ts'

async function collect(findings: AsyncGenerator<Finding>): Promise<Finding[]> {
  const all: Finding[] = []
  for await (const finding of findings) all.push(finding)
  return all
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
    const work = (desk: Desk) => collect(event === undefined ? verifyDays(desk) : verifyMonths(desk, event))
    return await atDesk(store, engine, entity, site, work, false)
  } catch (error) {
    if (!isError(error, 'corrupt-object')) throw error
    return [await unreadable(store, { entity: entity.name, site }, error)]
  }
}

/** Which sites hold anything of an entity, published or not. */
async function sitesOf(store: ObjectStore, entity: Entity): Promise<readonly string[]> {
  const listed = await Promise.all(
    ENTITY_AREAS.map((area) => store.list(`${area}/entity=${entity.name}/site=`)),
  )
  return [...new Set(listed.flat().flatMap(({ key }) => /\/site=([^/]+)\//.exec(key)?.[1] ?? []))].sort()
}

/** Verifies one entity of one site: a finding for all that is not well, or one `ok`. */
async function* verifyEntity(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
  reported: Reported,
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
  const lost = await collect(verifyReported(store, entity, at, reported))
  yield* [...published, ...lost]
  const message = `${step.value} objects whole, every day proven, published as the manifests say`
  if (faults + published.length + lost.length === 0) yield { ...at, key: '', level: 'ok', message, next: '' }
}

/** That nothing is there to look at. */
const nothing = (entity: string, sites: readonly string[] | undefined): Finding => ({
  entity,
  site: sites?.join(', ') ?? EVERY_SITE,
  key: '',
  level: 'none',
  message: 'nothing is there to verify, and no run says that there was',
  next: '',
})

/**
 * Verifies a warehouse: every object's bytes, every committed day's proof, every published object against what the
 * manifests make of it, with history folded anew, every day that a run calls complete, and what belongs to a site and to no
 * entity. `sites` undefined means all. Yields a finding for all that is not well, and one `ok` for each entity of each site
 * that is; one `none` where there is nothing at all, or when `isNamed`, for each of these entities of which nothing is there.
 */
export async function* verify(
  store: ObjectStore,
  engine: LoadEngine,
  entities: readonly Entity[],
  sites: readonly string[] | undefined,
  isNamed = false,
): AsyncGenerator<Finding> {
  const isWanted = (site: string): boolean => sites === undefined || sites.includes(site)
  const reported = new Map<string, Reported>()
  for (const site of (await sitesWithObjects(store)).filter(isWanted)) {
    yield* verifySite(store, site)
    reported.set(site, await reportedDays(store, site))
  }
  yield* verifyLeases(store)
  let looked = 0
  for (const entity of entities) {
    const told = [...reported].flatMap(([site, days]) => (days.has(entity.name) ? [site] : []))
    const all = [...new Set([...(await sitesOf(store, entity)), ...told])].filter(isWanted).sort()
    for (const site of all) yield* verifyEntity(store, engine, entity, site, reported.get(site) ?? new Map())
    if (isNamed && all.length === 0) yield nothing(entity.name, sites)
    looked += all.length
  }
  if (looked === 0 && !isNamed) yield nothing('every entity', sites)
}
