import { AlmanacError, isError } from '../core/errors.ts'
import type { ObjectStore, StoredObject } from '../core/ports.ts'
import { sha256 } from '../core/sha256.ts'
import type { Desk } from './desk.ts'

/** What a derived object should be, decided after a look at the manifests. */
export interface Wanted {
  /** Whether the object that is there already says the same. */
  isSame(existing: StoredObject): Promise<boolean>
  build(): Promise<Uint8Array>
}

const ATTEMPTS = 20

/** The object and the ETag to replace; a damaged derived object has no bytes to offer and is written anew. */
export async function look(
  store: ObjectStore,
  key: string,
): Promise<{ etag: string; object?: StoredObject } | undefined> {
  try {
    const object = await store.read(key)
    return object === undefined ? undefined : { etag: object.etag, object }
  } catch (error) {
    if (!isError(error, 'corrupt-object')) throw error
    const info = await store.head(key)
    return info === undefined ? undefined : { etag: info.etag }
  }
}

/** A derived object, or undefined when there is none that can be used: a damaged one is rebuilt, never read. */
export async function readDerived(store: ObjectStore, key: string): Promise<StoredObject | undefined> {
  return (await look(store, key))?.object
}

/**
 * Brings a derived object up to what the manifests say: read its ETag, look at the manifests (`wanted` does), write if it
 * is still that state, else begin again. True when it wrote. Where nothing published is trusted, what is there is held to
 * what is made now, byte for byte. Throws `store-conflict` when others keep winning.
 *
 * That it is still that state does not say that the manifests are: a day that was withdrawn and brought back has the bytes
 * that it had before, and whoever brought it back found nothing to write. So a write that won is held to the manifests
 * once more, else what was decided long ago would stand, and nobody would look at it again.
 */
export async function publish(
  { store, isTrusting }: Pick<Desk, 'store' | 'isTrusting'>,
  key: string,
  wanted: () => Promise<Wanted>,
): Promise<boolean> {
  let wrote = false
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const existing = await look(store, key)
    const want = await wanted()
    const there = existing?.object
    if (isTrusting && there !== undefined && (await want.isSame(there))) return wrote
    const bytes = await want.build()
    // Whoever trusts nothing that is there has made it, and may find that it was right.
    if (there?.sha256 === sha256(bytes)) return wrote
    const result = await store.write(key, bytes, existing === undefined ? 'absent' : { etag: existing.etag })
    if (!result.won) continue
    wrote = true
    const mine = { key, etag: result.etag, size: bytes.length, bytes, sha256: sha256(bytes) }
    if (await (await wanted()).isSame(mine)) return true
  }
  throw new AlmanacError('store-conflict', `${key}: other writers won ${ATTEMPTS} times`)
}
