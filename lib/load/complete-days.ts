import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { committedDays, readManifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'

/** The days of a site's entity that count: committed and not withdrawn; for events, the days that were read. In order. */
export async function completeDays(
  store: ObjectStore,
  entity: Entity,
  site: string,
): Promise<readonly Day[]> {
  const at = { entity: entity.name, site }
  if (entity.event !== undefined) {
    const { observedDays } = await import('./events.ts')
    return [...(await observedDays(store, at))].sort()
  }
  const days = await committedDays(store, at)
  // A first version never withdraws anything, so that most manifests need not be read.
  const withdrawn = await Promise.all(
    days.map(async (day) => day.version > 1 && (await readManifest(store, at, day)).candidate === null),
  )
  return days.filter((_, i) => withdrawn[i] !== true).map(({ dt }) => dt)
}

/** The last of these days up to a day; undefined when there is none. */
export const lastUpTo = (days: readonly Day[], day: Day): Day | undefined =>
  days.filter((each) => each <= day).at(-1)
