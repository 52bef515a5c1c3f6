import type { Entity } from '../../lib/core/entity.ts'
import { ENTITY_AREAS, keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { placeOf } from '../load/toy.ts'

/** The SHA-256 that a day has now; `withdrawn` when it was withdrawn, `never committed` when it has none. */
export async function candidateOf(store: ObjectStore, entity: Entity, dt: string): Promise<string> {
  const versions = await store.list(`${keys.manifests(placeOf(entity))}dt=${dt}/`)
  const newest = versions.at(-1)
  if (newest === undefined) return 'never committed'
  const object = await store.read(newest.key)
  return JSON.parse(Buffer.from(object?.bytes ?? []).toString()).candidate ?? 'withdrawn'
}

/** The ETag of every object of a store: what is written again has another one, even where the bytes are the same. */
export async function etagsOf(store: ObjectStore): Promise<Readonly<Record<string, string>>> {
  const listed = await Promise.all(ENTITY_AREAS.map((area) => store.list(`${area}/`)))
  return Object.fromEntries(listed.flat().map(({ key, etag }) => [key, etag]))
}
