import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { committedDays, readManifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { CandidateReceipt } from '../core/receipt.ts'
import { observedDays } from './events.ts'

/**
 * Whether an entity's day takes no more readings by itself: it has a manifest, or for events an observation. Whether it
 * counts is another question: `withdrawalOf` answers it.
 */
export async function isDayClosed(
  store: ObjectStore,
  entity: Entity,
  site: string,
  dt: Day,
): Promise<boolean> {
  const at = { entity: entity.name, site }
  if (entity.event !== undefined) return (await observedDays(store, at)).includes(dt)
  return (await committedDays(store, at)).some((day) => day.dt === dt)
}

/**
 * Why a closed day does not count, and what brings it back; null when it counts, or is open. Throws `corrupt-object` when
 * its manifest is damaged.
 */
export async function withdrawalOf(
  store: ObjectStore,
  entity: Entity,
  site: string,
  dt: Day,
): Promise<string | null> {
  if (entity.event !== undefined) return null
  const at = { entity: entity.name, site }
  const day = (await committedDays(store, at)).find((each) => each.dt === dt)
  // A first version never withdraws anything, so that most manifests need not be read.
  if (day === undefined || day.version === 1) return null
  const { candidate, note } = await readManifest(store, at, day)
  if (candidate !== null) return null
  const why = note === null ? '' : ` (${note.reason})`
  const back = `almanac load --select ${entity.name} --date ${dt} --replace withdrawn --reason "…" --site ${site}`
  return `${dt} is withdrawn${why}; ${back} brings it back`
}

/**
 * The committed reading of a day where it is not this run's: of several landings the earliest counts. Null where it is, and
 * where none is committed; events take every reading.
 */
export async function readingOfOther(
  store: ObjectStore,
  { name, event }: Entity,
  { site, run }: { readonly site: string; readonly run: string },
  dt: Day,
): Promise<CandidateReceipt | null> {
  if (event !== undefined) return null
  const at = { entity: name, site }
  const day = (await committedDays(store, at)).find((each) => each.dt === dt)
  const receipt = day === undefined ? null : (await readManifest(store, at, day)).receipt
  return receipt === null || receipt.shards.some((shard) => shard.run === run) ? null : receipt
}
