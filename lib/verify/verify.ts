import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import type { ObjectStore } from '../core/ports.ts'
import { verifyEventMonths } from '../load/events.ts'
import { atDesk } from '../load/load.ts'
import type { LoadEngine } from '../load/transforms.ts'
import { verifyDays } from './days.ts'
import { type Finding, rebuildHint } from './finding.ts'
import { verifyObjects } from './objects.ts'
import { verifyLeases, verifySite } from './site-objects.ts'

async function collect(findings: AsyncGenerator<Finding>): Promise<Finding[]> {
  const all: Finding[] = []
  for await (const finding of findings) all.push(finding)
  return all
}

/** What the manifests or observations say against the published objects; a damaged primary object ends the comparison. */
async function verifyPublished(
  store: ObjectStore,
  engine: LoadEngine,
  entity: Entity,
  site: string,
): Promise<readonly Finding[]> {
  try {
    return await atDesk(store, engine, entity, site, async (desk) => {
      if (entity.event === undefined) return collect(verifyDays(desk))
      const months = await verifyEventMonths(desk, entity.event)
      return months.map(({ key, message }) => ({
        ...desk.at,
        key,
        level: 'wrong' as const,
        message,
        next: rebuildHint(entity.name, site),
      }))
    })
  } catch (error) {
    if (!(error instanceof AlmanacError) || error.code !== 'corrupt-object') throw error
    const key = `manifest/entity=${entity.name}/site=${site}/`
    const message = `not compared with its history: ${error.message}`
    return [{ entity: entity.name, site, key, level: 'damaged', message, next: error.next }]
  }
}

const ENTITY_ROOTS = ['manifest', 'observation', 'candidate', 'landing', 'current', 'history'] as const

/** Which sites hold anything of an entity, published or not. */
async function sitesOf(store: ObjectStore, entity: Entity): Promise<readonly string[]> {
  const listed = await Promise.all(
    ENTITY_ROOTS.map((area) => store.list(`${area}/entity=${entity.name}/site=`)),
  )
  return [...new Set(listed.flat().flatMap(({ key }) => /\/site=([^/]+)\//.exec(key)?.[1] ?? []))].sort()
}

/** Every site that a run reported of or that is bound to a slug. */
async function boundSites(store: ObjectStore): Promise<readonly string[]> {
  const bound = (await store.list('site/')).map(({ key }) => key.replace(/^site\/|\.json$/g, ''))
  const reported = (await store.list('runs/')).flatMap(
    ({ key }) => /^runs\/site=([^/]+)\//.exec(key)?.[1] ?? [],
  )
  return [...new Set([...bound, ...reported])].sort()
}

/**
 * Verifies a warehouse: every object's bytes, every committed day's proof, and every published object against what the
 * manifests make of it, with history folded anew, and what belongs to a site and no entity. `sites` undefined means all. Yields a finding for all that is not well,
 * and one `ok` for each entity of each site that is.
 */
export async function* verify(
  store: ObjectStore,
  engine: LoadEngine,
  entities: readonly Entity[],
  sites: readonly string[] | undefined,
): AsyncGenerator<Finding> {
  for (const site of await boundSites(store))
    if (sites === undefined || sites.includes(site)) yield* verifySite(store, site)
  yield* verifyLeases(store)
  for (const entity of entities) {
    for (const site of await sitesOf(store, entity)) {
      if (sites !== undefined && !sites.includes(site)) continue
      const objects = verifyObjects(store, entity, site)
      let faults = 0
      let step = await objects.next()
      for (; !step.done; step = await objects.next()) {
        faults++
        yield step.value
      }
      for (const finding of await verifyPublished(store, engine, entity, site)) {
        faults++
        yield finding
      }
      const message = `${step.value} objects whole, every day proven, published as the manifests say`
      if (faults === 0) yield { entity: entity.name, site, key: '', level: 'ok', message, next: '' }
    }
  }
}
