import type { Entity } from '../core/entity.ts'
import { keys } from '../core/keys.ts'
import { committedDays } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import { foldFingerprint, shapeOf } from '../core/shape.ts'
import { unpublishedMonths } from './events.ts'
import { footerMetadata } from './footer.ts'
import type { AppliedDay } from './history.ts'
import { readDerived } from './publish.ts'

/**
 * What a site's entity has committed and the tables do not show yet: days, for events months. A run that died after its
 * commit leaves this behind, and the next load publishes it. History is written after the snapshots that it names, so that
 * it tells of both. Throws `corrupt-object` for damaged observations.
 */
export async function unpublished(
  store: ObjectStore,
  entity: Entity,
  site: string,
): Promise<readonly string[]> {
  const [shape, at] = [shapeOf(entity), { entity: entity.name, site }]
  if (entity.event !== undefined) return unpublishedMonths({ store, shape, at })
  const days = await committedDays(store, at)
  if (days.length === 0) return []
  const history = await readDerived(store, keys.history(at))
  const { fold, applied = '[]' } = history === undefined ? {} : footerMetadata(history.bytes)
  const known = fold === foldFingerprint(shape) ? (JSON.parse(applied) as readonly AppliedDay[]) : []
  const versions = new Map(known.map(({ dt, version }) => [dt, version]))
  return days.filter(({ dt, version }) => versions.get(dt) !== version).map(({ dt }) => dt)
}
