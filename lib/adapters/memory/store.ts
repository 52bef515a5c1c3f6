import { createHash } from 'node:crypto'
import type { ObjectInfo, ObjectStore, StoredObject, WriteCondition } from '../../core/ports.ts'
import { byKey, checkKey, checkPrefix } from '../key.ts'

const infoOf = ({ key, etag, size }: StoredObject): ObjectInfo => ({ key, etag, size })

const holds = (condition: WriteCondition, found: StoredObject | undefined): boolean =>
  condition === 'absent' ? found === undefined : found?.etag === condition.etag

/**
 * A warehouse in memory, for tests and simulations. Its ETag changes with every write, even of the same bytes, and
 * is no hash: a caller that takes an ETag for one finds out here. Bytes are copied in and out.
 */
export function memoryStore(): ObjectStore {
  const objects = new Map<string, StoredObject>()
  let writes = 0
  return {
    read: async (key) => {
      checkKey(key)
      const found = objects.get(key)
      return found && { ...found, bytes: new Uint8Array(found.bytes) }
    },
    head: async (key) => {
      checkKey(key)
      const found = objects.get(key)
      return found && infoOf(found)
    },
    write: async (key, bytes, condition) => {
      checkKey(key)
      if (!holds(condition, objects.get(key))) return { won: false }
      const etag = `write-${++writes}`
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      objects.set(key, { key, etag, size: bytes.length, bytes: new Uint8Array(bytes), sha256 })
      return { won: true, etag }
    },
    list: async (prefix) => {
      checkPrefix(prefix)
      return [...objects.values()]
        .filter(({ key }) => key.startsWith(prefix))
        .map(infoOf)
        .sort(byKey)
    },
    remove: async (key) => {
      checkKey(key)
      objects.delete(key)
    },
  }
}
