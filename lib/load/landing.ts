import { addDays, type Day } from '../core/day.ts'
import { AlmanacError, isError } from '../core/errors.ts'
import { keys, type Place, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { parseStored, type Receipt } from '../core/receipt.ts'

/** A landing of which every shard is there: one run's complete reading of an entity's day. */
export interface Landing {
  readonly dt: Day
  readonly run: string
  readonly shards: readonly Receipt[]
  /** Why its receipts cannot be read; null when they can. Landing is temporary: a damaged one must not block its entity. */
  readonly damage: AlmanacError | null
}

async function readReceipt(store: ObjectStore, key: string): Promise<Receipt> {
  const object = await store.read(key)
  if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was listed and is gone`)
  return parseStored<Receipt>(key, object.bytes)
}

/** One run's landing, whole or damaged; undefined when a shard has not landed. */
async function readLanding(
  store: ObjectStore,
  dt: Day,
  run: string,
  receipts: readonly string[],
): Promise<Landing | undefined> {
  try {
    const shards = await Promise.all(receipts.map((key) => readReceipt(store, key)))
    return shards.length === shards[0]?.shards ? { dt, run, shards, damage: null } : undefined
  } catch (error) {
    if (!isError(error, 'corrupt-object')) throw error
    return { dt, run, shards: [], damage: error }
  }
}

/**
 * The complete landings of an entity, in order of day and run, of the days that `wanted` takes.
 * A landing that lacks a shard is not there; a damaged one is, with its damage.
 */
export async function completeLandings(
  store: ObjectStore,
  at: Place,
  wanted: (dt: Day) => boolean,
): Promise<readonly Landing[]> {
  const found = new Map<string, { dt: Day; run: string; receipts: string[] }>()
  for (const { key } of await store.list(keys.landing(at))) {
    const parsed = parseKey(key)
    const { dt, run } = parsed?.labels ?? {}
    if (parsed?.file !== 'receipt.json' || dt === undefined || run === undefined || !wanted(dt)) continue
    const landing = found.get(`${dt}/${run}`) ?? { dt, run, receipts: [] }
    landing.receipts.push(key)
    found.set(`${dt}/${run}`, landing)
  }
  const landings = await Promise.all(
    [...found.values()].map(({ dt, run, receipts }) => readLanding(store, dt, run, receipts)),
  )
  return landings.flatMap((landing) => landing ?? []).sort((a, b) => (a.dt + a.run < b.dt + b.run ? -1 : 1))
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
