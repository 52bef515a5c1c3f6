import { type Day, dayIn, dayNumber } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys, type Place } from '../core/keys.ts'
import { type CommittedDay, committedDays, type Manifest, readManifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import { type CandidateReceipt, parseStored } from '../core/receipt.ts'
import { heldCandidates } from '../load/load.ts'

/** How fresh a site is. */
export interface Freshness {
  /** Hours since the oldest of the entities’ newest proven days, or readings of events, was read; null when nothing ever was. */
  readonly snapshotAgeHours: number | null
  /** Days for which the longest held reading has waited for somebody to decide; 0 when none does. */
  readonly heldDays: number
  /** The entity that is the oldest. */
  readonly oldest: string | null
}

interface EntityFreshness {
  readonly entity: string
  /** When its newest proven day, or its newest events, were read, in ms; null when it has none. */
  readonly readAt: number | null
  readonly heldSince: Day | null
}

/** When the newest reading of events was, in ms; null where they were never read. A receipt without its rows is none. */
async function observedAt(store: ObjectStore, at: Place): Promise<number | null> {
  const listed = new Set((await store.list(keys.observations(at))).map(({ key }) => key))
  const isReceipt = (key: string): boolean =>
    key.endsWith('.json') && listed.has(key.replace(/\.json$/, '.parquet'))
  const receipts = [...listed].filter(isReceipt)
  const newestDay = receipts.at(-1)?.replace(/[^/]+$/, '') ?? ''
  const read = receipts
    .filter((key) => key.startsWith(newestDay))
    .map(async (key) => {
      const object = await store.read(key)
      if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was listed and is gone`)
      return parseStored<CandidateReceipt>(key, object.bytes).observedTo
    })
  return read.length === 0 ? null : Math.max(...(await Promise.all(read)))
}

/** The newest day that is committed and was not withdrawn. */
async function newestProven(
  store: ObjectStore,
  at: Place,
  days: readonly CommittedDay[],
): Promise<Manifest | undefined> {
  for (const day of [...days].reverse()) {
    const manifest = await readManifest(store, at, day)
    if (manifest.candidate !== null) return manifest
  }
  return undefined
}

async function freshnessOf(store: ObjectStore, entity: Entity, site: string): Promise<EntityFreshness> {
  const at = { entity: entity.name, site }
  if (entity.event !== undefined)
    return { entity: entity.name, readAt: await observedAt(store, at), heldSince: null }
  const days = await committedDays(store, at)
  const newest = await newestProven(store, at, days)
  // What a later day refutes waits for nobody (see `Refusal`).
  const isRefuted = (dt: Day): boolean => newest !== undefined && dt < newest.dt
  const held = (await heldCandidates(store, at, days)).find(({ dt }) => !isRefuted(dt))
  return { entity: entity.name, readAt: newest?.observedTo ?? null, heldSince: held?.dt ?? null }
}

/**
 * How old the newest snapshot of a site is: the oldest one counts, of those entities that have any, since one that a server
 * is too old for never has. Of events, which have no snapshot, the newest reading counts: Tableau forgets what was not read
 * in time. Throws what the store throws, `corrupt-object`.
 */
export async function freshnessStep(
  { site, timeZone, entities }: { site: string; timeZone: string; entities: readonly Entity[] },
  store: ObjectStore,
  now: number,
): Promise<Freshness> {
  const all = await Promise.all(entities.map((entity) => freshnessOf(store, entity, site)))
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
