import type { Entity } from '../core/entity.ts'
import { AlmanacError, isError } from '../core/errors.ts'
import { AREAS, type ParsedKey, type Place, parseKey } from '../core/keys.ts'
import { committedDays, readManifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import { parseStored } from '../core/receipt.ts'
import { type Finding, HELD_HINT, NEEDLESS, observationHint, rebuildHint, restoreHint } from './finding.ts'

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

/** Of an entity, the days that have a manifest and the candidates that these are made of; of an unreadable one, none. */
interface Committed {
  readonly days: ReadonlySet<string>
  readonly candidates: ReadonlySet<string>
  /** Days whose newest manifest cannot be read: whatever lies there may be needed. */
  readonly unknown: ReadonlySet<string>
}

async function committedBy(store: ObjectStore, at: Place): Promise<Committed> {
  const days = await committedDays(store, at)
  const candidates = new Set<string>()
  const unknown = new Set<string>()
  for (const day of days) {
    try {
      const { candidate } = await readManifest(store, at, day)
      if (candidate !== null) candidates.add(candidate)
    } catch (error) {
      if (!isError(error, 'corrupt-object')) throw error
      unknown.add(day.dt)
    }
  }
  return { days: new Set(days.map(({ dt }) => dt)), candidates, unknown }
}

/** What to do about a damaged candidate or its receipt: that depends on whether a day is made of it. */
function candidateHint(
  { labels, file }: ParsedKey,
  entity: string,
  { days, candidates, unknown }: Committed,
): string {
  const dt = labels['dt'] ?? ''
  if (!days.has(dt)) return HELD_HINT
  if (unknown.has(dt)) return restoreHint(entity, dt)
  // The manifest holds what the receipt says.
  const isMadeOf = file.endsWith('.parquet') && candidates.has(file.replace(/\.parquet$/, ''))
  return isMadeOf ? restoreHint(entity, dt) : NEEDLESS
}

/** What to do about a damaged object of an entity. */
function hintFor(key: string, { entity, site }: Place, committed: Committed): string {
  const parsed = parseKey(key)
  if (parsed === undefined) return NEEDLESS
  if (AREAS[parsed.area] === 'derived') return rebuildHint(entity, site)
  if (parsed.area === 'landing')
    return 'It is temporary: nothing is lost when its day is committed, else run that day again.'
  if (parsed.area === 'observation') return observationHint(key, entity, site)
  if (parsed.area === 'candidate') return candidateHint(parsed, entity, committed)
  return restoreHint(entity, parsed.labels['dt'] ?? '')
}

/** What is wrong with an object: its bytes, its name, or the format of a JSON of ours. Undefined when nothing is. */
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

/** Reads every object of an entity and holds its bytes to what was written. Yields what is damaged; returns how many were read. */
export async function* verifyObjects(
  store: ObjectStore,
  entity: Entity,
  site: string,
): AsyncGenerator<Finding, number> {
  const at = { entity: entity.name, site }
  let committed: Committed | undefined
  let read = 0
  for (const area of ENTITY_AREAS) {
    for (const { key } of await store.list(`${area}/entity=${entity.name}/site=${site}/`)) {
      read++
      const message = await damageOf(store, key)
      if (message === undefined) continue
      committed ??= await committedBy(store, at)
      yield { ...at, key, level: 'damaged', message, next: hintFor(key, at, committed) }
    }
  }
  return read
}
