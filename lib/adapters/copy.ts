import pLimit from 'p-limit'
import { AlmanacError } from '../core/errors.ts'
import { AREAS, type Area } from '../core/keys.ts'
import type { ObjectInfo, ObjectStore } from '../core/ports.ts'

/** What a copy came to, in objects. */
export interface Copied {
  readonly written: number
  /** Those that were there already, the same. */
  readonly there: number
}

/**
 * What is taken along, and in which order, so that a copy that ends half-way is no damage: a manifest comes after what it
 * names, and tables after the manifests. Landing and leases belong to runs, and stay.
 */
const IN_ORDER: readonly Area[] = [
  'site',
  'candidate',
  'observation',
  'manifest',
  'runs',
  'notice',
  'snapshot',
  'coverage',
  'current',
  'history',
  'event',
]

/** How many objects are in memory at once. */
const AT_ONCE = 16

const isFixed = (area: Area): boolean => AREAS[area] === 'primary'

/** Whether the object was written; one that is derived, or of a notice, is left as its own runs have made it. */
async function copyObject(
  from: ObjectStore,
  to: ObjectStore,
  area: Area,
  { key }: ObjectInfo,
): Promise<boolean> {
  const object = await from.read(key)
  if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was listed and is gone`)
  if ((await to.write(key, object.bytes, 'absent')).won) return true
  if (isFixed(area) && (await to.read(key))?.sha256 !== object.sha256)
    throw new AlmanacError('store-conflict', `${key} is there already, and is not the same`, {
      next: 'The other place has a past of its own: copy into an empty one.',
    })
  return false
}

/**
 * Copies a warehouse into another place. Every object is verified as it is read, and written only where there is none, which
 * is what a bucket with create-only rules takes. What is there already is left, so that it can be repeated. Throws
 * `store-conflict` when the other place has another past, and what the stores throw.
 */
export async function copyWarehouse(
  from: ObjectStore,
  to: ObjectStore,
  told: (area: Area, objects: number) => void = () => undefined,
): Promise<Copied> {
  const limit = pLimit(AT_ONCE)
  let [written, there] = [0, 0]
  for (const area of IN_ORDER) {
    const listed = await from.list(`${area}/`)
    const won = await Promise.all(listed.map((info) => limit(() => copyObject(from, to, area, info))))
    const news = won.filter((isNew) => isNew).length
    written += news
    there += won.length - news
    told(area, won.length)
  }
  return { written, there }
}
