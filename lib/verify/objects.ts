import { AlmanacError } from '../core/errors.ts'
import { ENTITY_AREAS, type Place } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { parseStored } from '../core/receipt.ts'
import type { Finding } from './finding.ts'
import { nextOf } from './next.ts'

/** What is wrong with an object: its bytes, its name, or what a JSON of ours says of itself. Undefined when nothing is. */
export async function damageOf(store: ObjectStore, key: string): Promise<string | undefined> {
  try {
    const object = await store.read(key)
    if (object === undefined) return `${key} was listed and is gone`
    if (key.endsWith('.json')) parseStored(key, object.bytes)
    const named = /\/([0-9a-f]{64})\.parquet$/.exec(key)?.[1]
    return named === undefined || named === object.sha256 ? undefined : `${key} has SHA-256 ${object.sha256}`
  } catch (error) {
    return error instanceof AlmanacError ? error.message : String(error)
  }
}

/**
 * Reads every object of an entity and holds its bytes to what was written, and each JSON of ours to its key. Yields what is
 * damaged; returns how many were read.
 */
export async function* verifyObjects(store: ObjectStore, at: Place): AsyncGenerator<Finding, number> {
  const next = nextOf(store, at)
  let read = 0
  for (const area of ENTITY_AREAS) {
    for (const { key } of await store.list(`${area}/entity=${at.entity}/site=${at.site}/`)) {
      read++
      const message = await damageOf(store, key)
      if (message !== undefined) yield { ...at, key, level: 'damaged', message, next: await next(key) }
    }
  }
  return read
}
