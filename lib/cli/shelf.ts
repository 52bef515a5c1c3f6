import { join } from 'node:path'
import { AREAS, type Area } from '../core/keys.ts'
import type { Shelf } from '../questions/query.ts'
import { isBucket, storeOfSites, type Warehouse } from './warehouse.ts'

/** The areas that analysts read: what is published, and the runs. */
export const READABLE: readonly Area[] = [
  ...Object.keys(AREAS).flatMap((area) => (isDerived(area) ? [area] : [])),
  'runs',
]

function isDerived(area: string): area is Area {
  return Object.entries(AREAS).some(([each, kind]) => each === area && kind === 'derived')
}

/** The folders of a warehouse in a folder that SQL may read. */
export const readableFolders = (root: string): readonly string[] => READABLE.map((area) => join(root, area))

/**
 * A warehouse as queries need it, of these sites alone (undefined: of all): an object's bytes are verified before the engine sees its path.
 * Of a bucket, the engine sees the cache, into which nothing comes but what a question needed.
 */
export function shelfOf(warehouse: Warehouse, sites: readonly string[] | undefined): Shelf {
  const { name, folder, store, file } = warehouse
  return {
    store: storeOfSites(store, sites),
    folders: isBucket(name) ? [folder] : readableFolders(folder),
    file,
  }
}
