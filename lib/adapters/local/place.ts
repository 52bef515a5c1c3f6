import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { AlmanacError } from '../../core/errors.ts'
import { checkKey } from '../key.ts'
import { unless } from './failure.ts'
import { readFolder } from './folder.ts'
import type { Marker } from './marker.ts'

/** Where an object stands on the disk: absolute paths, below the warehouse's root. */
export interface Place {
  readonly root: string
  readonly key: string
  readonly path: string
  readonly folder: string
  readonly name: string
}

/** The place of a key below a root (an absolute path). Throws `internal` for what is no key. */
export function placeOf(root: string, key: string): Place {
  checkKey(key)
  const path = resolve(root, key)
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new AlmanacError('internal', `key ${JSON.stringify(key)} leads out of the warehouse ${root}`)
  }
  return { root, key, path, folder: dirname(path), name: basename(path) }
}

/** The markers beside an object, of writes that were made and of those under way. */
export async function markersOf(at: Place): Promise<readonly Marker[]> {
  return (await readFolder(at.folder))?.markers.get(at.name) ?? []
}

/** The path of a marker of this object. */
export const markerPath = (at: Place, name: string): string => join(at.folder, name)

/** The number of the file that holds the object; undefined when there is none. Throws `store-failed` for a folder. */
export async function fileNumber(at: Place): Promise<string | undefined> {
  const found = await unless(['ENOENT'], stat(at.path, { bigint: true }))
  if (found === undefined) return undefined
  if (found.isFile()) return String(found.ino)
  throw new AlmanacError(
    'store-failed',
    `warehouse ${at.root}: "${at.key}" is a folder, where an object must stand`,
  )
}
