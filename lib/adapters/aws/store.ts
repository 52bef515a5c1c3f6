import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import type { ObjectInfo, ObjectStore } from '../../core/ports.ts'
import { checkPrefix } from '../key.ts'
import { CONNECTIONS } from './connections.ts'
import { onS3 } from './failure.ts'
import { stateOf } from './head.ts'
import { listObjects, probe } from './list.ts'
import { objectAt, type S3Warehouse } from './object.ts'
import { readObject } from './read.ts'
import { writeObject } from './write.ts'

/**
 * A warehouse in S3, below a prefix of a bucket. ETags are S3's own, with their quotes; the SHA-256 of every object is
 * its checksum in S3, and its metadata names the attempt that wrote it. Throws `store-failed` with the object's
 * address, S3's name of the error and what to do, `corrupt-object`, and `proxy-refused`. No more calls are in flight
 * than there are connections: a request that queues for one would time out as if nobody answered.
 */
export function s3Store(warehouse: S3Warehouse): ObjectStore {
  const gate = pLimit(CONNECTIONS)
  const proveBucket = once(() => probe(warehouse))
  return {
    read: async (key) => {
      const at = objectAt(warehouse, key)
      return gate(() => readObject(at))
    },
    head: async (key) => {
      const at = objectAt(warehouse, key)
      return gate(async () => {
        const state = await stateOf(at)
        if (state === undefined) await proveBucket()
        return state && infoOf(state)
      })
    },
    write: async (key, bytes, condition) => {
      const at = objectAt(warehouse, key)
      const own = new Uint8Array(bytes)
      return gate(() => writeObject(at, own, condition))
    },
    list: async (prefix) => {
      checkPrefix(prefix)
      return gate(() => listObjects(warehouse, prefix))
    },
    remove: async (key) => {
      const { client, url, address } = objectAt(warehouse, key)
      await gate(() => onS3(url, () => client.send(new DeleteObjectCommand(address))))
    },
  }
}

const infoOf = ({ key, etag, size }: ObjectInfo): ObjectInfo => ({ key, etag, size })

/** Does a task at the first call; later calls share its success, and repeat it after a failure. */
function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return async () => {
    done ??= task()
    await done.catch((thrown: unknown) => {
      done = undefined
      throw thrown
    })
  }
}
