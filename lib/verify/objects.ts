import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { AREAS, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { type Finding, rebuildHint, restoreHint } from './finding.ts'

/** Areas whose objects belong to one entity and site. */
const ENTITY_AREAS = [
  'landing',
  'candidate',
  'observation',
  'manifest',
  'snapshot',
  'coverage',
  'current',
  'history',
  'event',
] as const

const message = (thrown: unknown): string =>
  thrown instanceof AlmanacError ? thrown.message : String(thrown)

async function look(
  store: ObjectStore,
  key: string,
  entity: string,
  site: string,
): Promise<Finding | undefined> {
  const parsed = parseKey(key)
  const dt = parsed?.labels['dt'] ?? ''
  const isDerived = parsed !== undefined && AREAS[parsed.area] === 'derived'
  const damaged = (why: string): Finding => ({
    entity,
    site,
    key,
    level: 'damaged',
    message: why,
    next:
      parsed?.area === 'landing'
        ? 'It is temporary: nothing is lost when its day is committed, else run that day again.'
        : isDerived
          ? rebuildHint(entity, site)
          : restoreHint(entity, dt),
  })
  try {
    const object = await store.read(key)
    if (object === undefined) return damaged(`${key} was listed and is gone`)
    const named = /^([0-9a-f]{64})\.parquet$/.exec(parsed?.file ?? '')?.[1]
    return named === undefined || named === object.sha256
      ? undefined
      : damaged(`${key} has SHA-256 ${object.sha256}`)
  } catch (error) {
    return damaged(message(error))
  }
}

/** Reads every object of an entity and holds its bytes to what was written. Yields what is damaged; returns how many were read. */
export async function* verifyObjects(
  store: ObjectStore,
  entity: Entity,
  site: string,
): AsyncGenerator<Finding, number> {
  let read = 0
  for (const area of ENTITY_AREAS) {
    for (const { key } of await store.list(`${area}/entity=${entity.name}/site=${site}/`)) {
      const finding = await look(store, key, entity.name, site)
      if (finding !== undefined) yield finding
      read++
    }
  }
  return read
}
