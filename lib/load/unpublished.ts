import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { keys, type Place } from '../core/keys.ts'
import { type CommittedDay, committedDays } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import { foldFingerprint, type Shape, shapeOf } from '../core/shape.ts'
import { unpublishedMonths } from './events.ts'
import { footerMetadata } from './footer.ts'
import type { AppliedDay } from './history.ts'
import { readDerived } from './publish.ts'

/** Which committed days have no published snapshot, or no coverage; the last one, where the table of the present is gone. */
async function daysWithout(
  store: ObjectStore,
  { parent }: Shape,
  at: Place,
  days: readonly CommittedDay[],
): Promise<ReadonlySet<Day>> {
  const areas = parent === undefined ? (['snapshot'] as const) : (['snapshot', 'coverage'] as const)
  const listed = await Promise.all(areas.map((area) => store.list(keys.published(area, at))))
  const there = new Set(listed.flat().map(({ key }) => key))
  const isThere = ({ dt }: CommittedDay): boolean => areas.every((area) => there.has(keys[area](at, dt)))
  const hasCurrent = (await store.head(keys.current(at))) !== undefined
  const last = hasCurrent ? [] : days.slice(-1)
  return new Set([...days.filter((day) => !isThere(day)), ...last].map(({ dt }) => dt))
}

/**
 * What a site's entity has committed and the tables do not show yet: days, for events months. A run that died after its
 * commit leaves this behind, and so does whoever takes a published object away; the next load publishes it.
 * Throws `corrupt-object` for damaged observations.
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
  const without = await daysWithout(store, shape, at, days)
  const isBehind = ({ dt, version }: CommittedDay): boolean => versions.get(dt) !== version || without.has(dt)
  return days.filter(isBehind).map(({ dt }) => dt)
}
