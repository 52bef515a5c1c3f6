import { join } from 'node:path'
import { AREAS, type Area } from '../core/keys.ts'
import type { Shelf } from '../questions/query.ts'
import { storeOfSites, type Warehouse } from './warehouse.ts'

/** The areas that analysts read: what is published, and the runs. */
const READABLE: readonly Area[] = [
  ...Object.keys(AREAS).flatMap((area) => (isDerived(area) ? [area] : [])),
  'runs',
]

function isDerived(area: string): area is Area {
  return Object.entries(AREAS).some(([each, kind]) => each === area && kind === 'derived')
}

/** The folders of a warehouse that SQL may read. */
export const readableFolders = (root: string): readonly string[] => READABLE.map((area) => join(root, area))

/** A warehouse as queries need it, of these sites alone: an object's bytes are verified before the engine sees its path. */
export function shelfOf({ store, root }: Warehouse, sites: readonly string[]): Shelf {
  return {
    store: storeOfSites(store, sites),
    folders: readableFolders(root),
    file: async ({ key }) => {
      await store.read(key)
      return join(root, key)
    },
  }
}
