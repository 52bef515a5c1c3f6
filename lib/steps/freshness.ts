import { type Day, dayIn, dayNumber } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { committedDays, readManifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import { heldCandidates } from '../load/load.ts'

/** How fresh a site is. */
export interface Freshness {
  /** Hours since the oldest of the entities' newest proven days was read; null when nothing ever was. */
  readonly snapshotAgeHours: number | null
  /** Days for which the longest held reading has waited for somebody to decide; 0 when nothing is held. */
  readonly heldDays: number
  /** The entity that is the oldest. */
  readonly oldest: string | null
}

interface EntityFreshness {
  readonly entity: string
  /** When its newest proven day was read, in ms; null when it has none. */
  readonly readAt: number | null
  readonly heldSince: Day | null
}

async function freshnessOf(store: ObjectStore, entity: Entity, site: string): Promise<EntityFreshness> {
  const at = { entity: entity.name, site }
  const days = await committedDays(store, at)
  const [held] = await heldCandidates(store, at, days)
  let readAt: number | null = null
  for (const day of [...days].reverse()) {
    const manifest = await readManifest(store, at, day)
    if (manifest.candidate === null) continue
    readAt = manifest.observedTo
    break
  }
  return { entity: entity.name, readAt, heldSince: held?.dt ?? null }
}

/**
 * How old the newest snapshot of a site is: the oldest one counts, of those entities that have any, since one that a server
 * is too old for never has. Events have no snapshot. Throws what the store throws.
 */
export async function freshnessStep(
  { site, timeZone, entities }: { site: string; timeZone: string; entities: readonly Entity[] },
  store: ObjectStore,
  now: number,
): Promise<Freshness> {
  const states = entities.filter(({ event }) => event === undefined)
  const all = await Promise.all(states.map((entity) => freshnessOf(store, entity, site)))
  const read = all.flatMap(({ entity, readAt }) => (readAt === null ? [] : [{ entity, readAt }]))
  const oldest = read.reduce<(typeof read)[number] | undefined>(
    (least, each) => (least === undefined || each.readAt < least.readAt ? each : least),
    undefined,
  )
  const today = dayNumber(dayIn(timeZone, now))
  const waits = all.flatMap(({ heldSince }) => (heldSince === null ? [] : [today - dayNumber(heldSince)]))
  return {
    snapshotAgeHours: oldest === undefined ? null : (now - oldest.readAt) / 3_600_000,
    heldDays: Math.max(0, ...waits),
    oldest: oldest?.entity ?? null,
  }
}
