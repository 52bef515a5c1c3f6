import { rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from './durable.ts'
import { isSystemError } from './failure.ts'
import { withLock } from './lock.ts'
import { fileNumber, type Place } from './place.ts'
import { stateOf } from './state.ts'
import { removeMarkers, supersededMarkers } from './write.ts'

/** Removes the folders that became empty, up to the root. A writer that comes meanwhile makes its folder again. */
async function prune(at: Place): Promise<void> {
  try {
    for (let folder = at.folder; folder !== at.root; folder = dirname(folder)) await rmdir(folder)
  } catch (thrown) {
    if (!isSystemError(thrown, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw thrown
  }
}

async function removeHeld(at: Place): Promise<void> {
  const state = await stateOf(at)
  if (state === undefined) return
  const markers = await supersededMarkers(at, state.etag)
  await unlink(at.path)
  await syncFolder(at.folder)
  await removeMarkers(at, markers)
}

/** Removes an object, durably before its markers, and the folders left empty. Under the lock, as replacements are. */
export async function removeObject(at: Place, deadlineMs: number): Promise<void> {
  if ((await fileNumber(at)) === undefined) return
  await withLock({ root: at.root, key: at.key, deadlineMs }, () => removeHeld(at))
  await prune(at)
}
