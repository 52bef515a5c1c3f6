import { addDays, type Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { committedDays } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import { observedDays } from '../load/events.ts'

/** The last day of an entity that is committed; undefined before its first. */
async function lastDay(store: ObjectStore, entity: Entity, site: string): Promise<Day | undefined> {
  const at = { entity: entity.name, site }
  if (entity.event !== undefined) return (await observedDays(store, at)).toSorted().at(-1)
  return (await committedDays(store, at)).at(-1)?.dt
}

/**
 * The day to go on with: the one after the last that all entities have. A night that was killed half-way is therefore
 * run again, and reads only what it had not committed.
 */
export async function nextDay(
  store: ObjectStore,
  entities: readonly Entity[],
  site: string,
  firstDay: Day,
): Promise<Day> {
  const last = await Promise.all(entities.map((entity) => lastDay(store, entity, site)))
  return last.reduce<Day>((earliest, day) => {
    const next = day === undefined ? firstDay : addDays(day, 1)
    return earliest === '' || next < earliest ? next : earliest
  }, '')
}
