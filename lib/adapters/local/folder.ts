import { readdir } from 'node:fs/promises'
import { AlmanacError } from '../../core/errors.ts'
import { isSegment } from '../key.ts'
import { unless } from './failure.ts'
import { type Marker, parseMarker } from './marker.ts'

/** What stands in one folder of the warehouse. Names that no key can have (dot-files, strangers') are left out. */
export interface Folder {
  readonly files: ReadonlySet<string>
  readonly folders: readonly string[]
  readonly markers: ReadonlyMap<string, readonly Marker[]>
}

/**
 * Reads a folder at one go; undefined when there is none. Throws `store-failed` for a link or device with the name
 * of an object: skipping it in silence would make data vanish.
 */
export async function readFolder(path: string): Promise<Folder | undefined> {
  const entries = await unless(['ENOENT'], readdir(path, { withFileTypes: true }))
  if (entries === undefined) return undefined
  const files = new Set<string>()
  const folders: string[] = []
  const markers = new Map<string, Marker[]>()
  for (const entry of entries) {
    const marker = parseMarker(entry.name)
    if (marker !== undefined) markers.set(marker.object, [...(markers.get(marker.object) ?? []), marker])
    if (!isSegment(entry.name)) continue
    if (entry.isFile()) files.add(entry.name)
    else if (entry.isDirectory()) folders.push(entry.name)
    else throw new AlmanacError('store-failed', `${path}: "${entry.name}" is neither a file nor a folder`)
  }
  return { files, folders, markers }
}
