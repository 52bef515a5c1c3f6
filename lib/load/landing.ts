import { addDays, type Day } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys, type Place, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { parseStored, type Receipt } from '../core/receipt.ts'

/** A landing of which every shard is there: one run's complete reading of an entity's day. */
export interface Landing {
  readonly dt: Day
  readonly run: string
  readonly shards: readonly Receipt[]
}

async function readReceipt(store: ObjectStore, key: string): Promise<Receipt> {
  const object = await store.read(key)
  if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was listed and is gone`)
  return parseStored<Receipt>(key, object.bytes)
}

/**
 * The complete landings of an entity, in order of day and run, of the days that `wanted` takes.
 * A landing that lacks a shard is not there.
 */
export async function completeLandings(
  store: ObjectStore,
  at: Place,
  wanted: (dt: Day) => boolean,
): Promise<readonly Landing[]> {
  const found = new Map<string, string[]>()
  for (const { key } of await store.list(keys.landing(at))) {
    const parsed = parseKey(key)
    const { dt, run } = parsed?.labels ?? {}
    if (parsed?.file !== 'receipt.json' || dt === undefined || run === undefined || !wanted(dt)) continue
    const id = `${dt}/${run}`
    found.set(id, [...(found.get(id) ?? []), key])
  }
  const landings: Landing[] = []
  for (const receiptKeys of found.values()) {
    const shards = await Promise.all(receiptKeys.map((key) => readReceipt(store, key)))
    const [first] = shards
    if (first !== undefined && shards.length === first.shards)
      landings.push({ dt: first.dt, run: first.run, shards })
  }
  return landings.sort((a, b) => (a.dt + a.run < b.dt + b.run ? -1 : 1))
}

/** Landing is kept for as many days, which is how long a held or crashed day can be looked into. */
const LANDING_DAYS = 14

/** Removes the landing of days that lie more than 14 days before `today`. The number of objects removed. */
export async function expireLanding(store: ObjectStore, at: Place, today: Day): Promise<number> {
  const oldest = addDays(today, -LANDING_DAYS)
  const expired = (await store.list(keys.landing(at))).filter(({ key }) => {
    const dt = parseKey(key)?.labels['dt']
    return dt !== undefined && dt < oldest
  })
  for (const { key } of expired) await store.remove(key)
  return expired.length
}
