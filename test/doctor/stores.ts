import { AlmanacError } from '../../lib/core/errors.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'

/** What a store says that may not be used. */
export const refuse = async (): Promise<never> => {
  throw new AlmanacError('store-failed', '/warehouse: not allowed (EACCES)')
}

/** A store that may only be read. */
export const readOnly = (store: ObjectStore): ObjectStore => ({ ...store, write: refuse, remove: refuse })

/** A store that takes every write, whatever its condition. */
export const careless = (store: ObjectStore): ObjectStore => ({
  ...store,
  write: async (key, bytes) => {
    const found = await store.head(key)
    return store.write(key, bytes, found === undefined ? 'absent' : { etag: found.etag })
  },
})

/** A store that creates once, and then takes every write. */
export const overwriting = (store: ObjectStore): ObjectStore => ({
  ...store,
  write: async (key, bytes, condition) => {
    const found = await store.head(key)
    return store.write(
      key,
      bytes,
      condition === 'absent' || found === undefined ? 'absent' : { etag: found.etag },
    )
  },
})

/** A store whose listings show nothing. */
export const forgetful = (store: ObjectStore): ObjectStore => ({ ...store, list: async () => [] })
