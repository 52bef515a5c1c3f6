import { resolve } from 'node:path'
import { AlmanacError } from '../../core/errors.ts'
import type { ObjectStore, StoredObject } from '../../core/ports.ts'
import { checkPrefix } from '../key.ts'
import { examine } from './examine.ts'
import { onDisk } from './failure.ts'
import { listObjects } from './list.ts'
import { type Place, placeOf } from './place.ts'
import { removeObject } from './remove.ts'
import { stateOf } from './state.ts'
import { sweepTemporary } from './temporary.ts'
import { contentOf, create, replace } from './write.ts'

/** How a warehouse on the disk behaves. */
export interface DiskStoreOptions {
  /** How long a write may wait for another process, in milliseconds; 30,000 unless said otherwise. */
  readonly lockDeadlineMs?: number
}

async function readWhole(at: Place): Promise<StoredObject | undefined> {
  const seen = await examine(at)
  if (seen === undefined) return undefined
  const { bytes, sha256, isWhole, markers } = seen
  if (isWhole) return { key: at.key, etag: sha256, size: bytes.length, bytes, sha256 }
  const expected =
    markers.map((marker) => `${marker.sha256} (${marker.size} bytes)`).join(' or ') || 'nothing'
  const found = `${sha256} (${bytes.length} bytes)`
  const text = `warehouse ${at.root}: ${at.key} is damaged: SHA-256 ${expected} was recorded, ${found} was found`
  throw new AlmanacError('corrupt-object', text, { details: { key: at.key, expected, found } })
}

/**
 * A warehouse in a folder, made at the first write. ETag = SHA-256 of the bytes. Objects are plain files, whole at
 * every moment, so that any reader may open them by glob; dot-files beside them record their hashes, `.tmp` holds
 * what is being written, `.lock.duckdb` parts the processes. Needs hard links and kernel file locks: a local disk.
 * Throws `store-failed` with the root, the key and the system's error, `store-locked`, and `corrupt-object`.
 */
export function diskStore(root: string, options: DiskStoreOptions = {}): ObjectStore {
  const base = resolve(root)
  const deadlineMs = options.lockDeadlineMs ?? 30_000
  let swept: Promise<void> | undefined
  return {
    read: async (key) => onDisk(base, key, () => readWhole(placeOf(base, key))),
    head: async (key) => onDisk(base, key, () => stateOf(placeOf(base, key))),
    write: async (key, bytes, condition) => {
      const at = placeOf(base, key)
      const content = contentOf(bytes)
      return onDisk(base, key, async () => {
        swept ??= sweepTemporary(base)
        await swept.catch((thrown) => {
          swept = undefined
          throw thrown
        })
        return condition === 'absent' ? create(at, content) : replace(at, content, condition.etag, deadlineMs)
      })
    },
    list: async (prefix) => {
      checkPrefix(prefix)
      return onDisk(base, `prefix "${prefix}"`, () => listObjects(base, prefix))
    },
    remove: async (key) => onDisk(base, key, () => removeObject(placeOf(base, key), deadlineMs)),
  }
}
