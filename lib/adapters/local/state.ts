import type { ObjectInfo } from '../../core/ports.ts'
import { examine } from './examine.ts'
import { type Folder, readFolder } from './folder.ts'
import { onlyState } from './marker.ts'
import type { Place } from './place.ts'

/**
 * The state of an object in a folder just read. Its markers tell it without a look at the bytes, unless they
 * disagree (a write is under way, or crashed) or are missing: then the bytes decide, and the ETag is their SHA-256.
 * So a damaged object has a state too, and can be replaced. Undefined when there is no object.
 */
export async function stateIn(folder: Folder | undefined, at: Place): Promise<ObjectInfo | undefined> {
  if (folder === undefined || !folder.files.has(at.name)) return undefined
  const marker = onlyState(folder.markers.get(at.name) ?? [])
  if (marker !== undefined) return { key: at.key, etag: marker.sha256, size: marker.size }
  const seen = await examine(at)
  return seen && { key: at.key, etag: seen.sha256, size: seen.bytes.length }
}

/** The state of an object as it is now; undefined when there is none. Costs one reading of its folder. */
export const stateOf = async (at: Place): Promise<ObjectInfo | undefined> =>
  stateIn(await readFolder(at.folder), at)
