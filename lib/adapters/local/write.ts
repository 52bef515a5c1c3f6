import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import type { WriteResult } from '../../core/ports.ts'
import { syncFolder, syncFolders } from './durable.ts'
import { sha256Of } from './examine.ts'
import { isSystemError, unless } from './failure.ts'
import { withLock } from './lock.ts'
import { type Marker, markerName } from './marker.ts'
import { fileNumber, markerPath, markersOf, type Place } from './place.ts'
import { stateOf } from './state.ts'
import { isAbandoned, type TemporaryFile, withTemporary } from './temporary.ts'

/** How often a folder may be pruned just before our marker stands in it. */
const ATTEMPTS = 100
const LOST: WriteResult = { won: false }

/** Bytes with their SHA-256. */
interface Content {
  readonly bytes: Uint8Array
  readonly sha256: string
}

/** The bytes of the caller, copied, so that what is hashed is what is written. */
export function contentOf(bytes: Uint8Array): Content {
  const copy = new Uint8Array(bytes)
  return { bytes: copy, sha256: sha256Of(copy) }
}

/**
 * Makes an empty file and the folders it needs; others may prune these until the file stands there, so nothing comes
 * between. Returns the outermost folder that was missing.
 */
async function makeMarker(folder: string, path: string): Promise<string | undefined> {
  let first: string | undefined
  for (let attempt = 1; ; attempt++) {
    try {
      const made = await mkdir(folder, { recursive: true })
      if (made !== undefined && (first === undefined || made.length < first.length)) first = made
      await (await open(path, 'w')).close()
      return first
    } catch (thrown) {
      if (!isSystemError(thrown, 'ENOENT') || attempt === ATTEMPTS) throw thrown
    }
  }
}

/** Records a hash beside the object, durably. */
async function placeMarker(at: Place, { bytes, sha256 }: Content, file: TemporaryFile): Promise<string> {
  const path = markerPath(at, markerName(at.name, sha256, bytes.length, file.number))
  const first = await makeMarker(at.folder, path)
  if (first !== undefined) await syncFolders(first, at.folder)
  await syncFolder(at.folder)
  return path
}

/**
 * Places the marker, then the object by `name`. When that fails, the marker goes, unless the object stands there all
 * the same: a network disk may answer a repeated request with the error that its first success caused.
 */
async function publish(
  at: Place,
  content: Content,
  file: TemporaryFile,
  name: () => Promise<void>,
): Promise<void> {
  const marker = await placeMarker(at, content, file)
  try {
    await name()
  } catch (thrown) {
    if ((await fileNumber(at)) !== file.number) {
      await rm(marker, { force: true })
      throw thrown
    }
  }
  // Written all the same when the folder is gone: somebody has removed the object since, and pruned.
  await unless(['ENOENT'], syncFolder(at.folder))
}

/** Creates an object of which there must be none. A hard link decides between racers, without a lock. */
export async function create(at: Place, content: Content): Promise<WriteResult> {
  if ((await fileNumber(at)) !== undefined) return LOST
  return withTemporary(at.root, content.bytes, async (file) => {
    try {
      await publish(at, content, file, () => link(file.path, at.path))
      return { won: true, etag: content.sha256 }
    } catch (thrown) {
      if (isSystemError(thrown, 'EEXIST') && thrown.syscall === 'link') return LOST
      throw thrown
    }
  })
}

/**
 * The markers that go when the object standing there goes: that of its file (by hash where the warehouse was copied
 * and files have other numbers), and dead writers'. Never one of a write under way. Call it under the lock.
 */
export async function supersededMarkers(at: Place, etag: string): Promise<readonly Marker[]> {
  const number = await fileNumber(at)
  const markers = await markersOf(at)
  const own = markers.filter(({ file }) => file === number)
  const superseded = own.length > 0 ? own : markers.filter(({ sha256 }) => sha256 === etag)
  const others = markers.filter((marker) => !superseded.includes(marker))
  const dead = await Promise.all(others.map(({ name }) => isAbandoned(markerPath(at, name))))
  return [...superseded, ...others.filter((_, index) => dead[index])]
}

/** Removes markers whose object has gone; one that a loss of power brings back does no harm. */
export async function removeMarkers(at: Place, markers: readonly Marker[]): Promise<void> {
  await Promise.all(markers.map(({ name }) => rm(markerPath(at, name), { force: true })))
}

async function swap(at: Place, content: Content, file: TemporaryFile, etag: string): Promise<WriteResult> {
  if ((await stateOf(at))?.etag !== etag) return LOST
  const superseded = await supersededMarkers(at, etag)
  await publish(at, content, file, () => rename(file.path, at.path))
  await removeMarkers(at, superseded)
  return { won: true, etag: content.sha256 }
}

/** Replaces the object that has this ETag. Decided under the warehouse's lock; a lost cause does not wait for it. */
export async function replace(
  at: Place,
  content: Content,
  etag: string,
  deadlineMs: number,
): Promise<WriteResult> {
  if ((await stateOf(at))?.etag !== etag) return LOST
  return withTemporary(at.root, content.bytes, (file) =>
    withLock({ root: at.root, key: at.key, deadlineMs }, () => swap(at, content, file, etag)),
  )
}
