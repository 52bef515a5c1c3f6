import type { Entity } from '../../lib/core/entity.ts'
import { AREAS, ENTITY_AREAS } from '../../lib/core/keys.ts'
import type { ObjectStore, StoredObject } from '../../lib/core/ports.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { publishedRows, shownRows } from '../load/toy.ts'
import type { Vault } from './vault.ts'

const DERIVED = ENTITY_AREAS.filter((area) => AREAS[area] === 'derived')

/** Published objects by key. */
export type Published = ReadonlyMap<string, StoredObject>

const listed = async (store: ObjectStore, entity: Entity) =>
  (await Promise.all(DERIVED.map((area) => store.list(`${area}/entity=${entity.name}/`)))).flat()

/** What an entity has published; every object must be whole. */
export async function publishedOf(store: ObjectStore, entity: Entity): Promise<Published> {
  const found = new Map<string, StoredObject>()
  for (const { key } of await listed(store, entity)) {
    const object = await store.read(key)
    if (object !== undefined) found.set(key, object)
  }
  return found
}

async function rowsOf(engine: Engine, { bytes }: StoredObject): Promise<string> {
  const session = await engine.session()
  try {
    const file = await session.stage(bytes)
    return JSON.stringify(shownRows(await session.rows(`SELECT * FROM read_parquet('${file}')`)))
  } finally {
    await session.close()
  }
}

/** What is published, and what may be. */
export interface Look {
  readonly vault: Vault
  readonly engine: Engine
  readonly entity: Entity
  /** Each object must be as it is in one of these. */
  readonly truths: readonly Published[]
  /** Keys with the ETag of bytes that were found to hold the right rows. */
  readonly proven: Set<string>
}

async function isRight(
  { vault, engine, truths, proven }: Look,
  key: string,
  etag: string | undefined,
): Promise<boolean> {
  const wanted = truths.map((each) => each.get(key))
  if (etag === undefined || wanted.some((object) => object?.etag === etag)) {
    return wanted.some((object) => object?.etag === etag)
  }
  // Other bytes may hold the same rows: history that was folded at one go has other row groups.
  if (proven.has(`${key} ${etag}`)) return true
  const rows = JSON.stringify(shownRows(await publishedRows(vault.store, engine, key)))
  for (const object of wanted) {
    if (object === undefined || (await rowsOf(engine, object)) !== rows) continue
    if (truths.length === 1) proven.add(`${key} ${etag}`)
    return true
  }
  return false
}

/**
 * Which published objects differ from what they may be, and which cannot be read. `isExpected` says whether an error at
 * reading an object is what it should be; any other is thrown.
 */
export async function lookAtPublished(
  look: Look,
  isExpected: (key: string, thrown: unknown) => boolean,
): Promise<{ readonly wrong: readonly string[]; readonly unreadable: readonly string[] }> {
  const { vault, entity, truths } = look
  const etags = new Map((await listed(vault.store, entity)).map(({ key, etag }) => [key, etag]))
  const wrong: string[] = []
  const unreadable: string[] = []
  for (const key of new Set([...etags.keys(), ...truths.flatMap((each) => [...each.keys()])])) {
    const thrown = await vault.store.read(key).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (thrown !== undefined && !isExpected(key, thrown)) throw thrown
    if (thrown !== undefined) unreadable.push(key)
    else if (!(await isRight(look, key, etags.get(key)))) wrong.push(key)
  }
  return { wrong, unreadable }
}
