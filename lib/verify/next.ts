import { isError } from '../core/errors.ts'
import { AREAS, keys, type ParsedKey, type Place, parseKey } from '../core/keys.ts'
import { committedDays, readManifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import {
  HELD_HINT,
  LANDING_HINT,
  manifestHint,
  NEEDLESS_HINT,
  observationHint,
  rebuildHint,
  restoreHint,
} from './hint.ts'

/** What an entity's days need. */
interface Needed {
  /** Committed days. */
  readonly days: ReadonlySet<string>
  /** The manifests that count, and the candidates that these name. */
  readonly objects: ReadonlySet<string>
  /** Days whose manifest cannot be read: any of their candidates may be needed. */
  readonly unknown: ReadonlySet<string>
}

async function neededOf(store: ObjectStore, at: Place): Promise<Needed> {
  const days = await committedDays(store, at)
  const objects = new Set(days.map(({ dt, version }) => keys.manifest(at, dt, version)))
  const unknown = new Set<string>()
  for (const day of days) {
    try {
      const { candidate } = await readManifest(store, at, day)
      if (candidate !== null) objects.add(keys.candidate(at, day.dt, candidate))
    } catch (error) {
      if (!isError(error, 'corrupt-object')) throw error
      unknown.add(day.dt)
    }
  }
  return { days: new Set(days.map(({ dt }) => dt)), objects, unknown }
}

/** What to do about a manifest or a candidate: that depends on what is made of it. */
function primaryHint(key: string, { area, labels }: ParsedKey, at: Place, needed: Needed): string {
  const dt = labels['dt'] ?? ''
  if (area === 'manifest') return needed.objects.has(key) ? manifestHint(at, dt) : NEEDLESS_HINT
  if (!needed.days.has(dt)) return HELD_HINT
  // The receipt beside a committed candidate stands in its manifest, too.
  return needed.objects.has(key) || needed.unknown.has(dt) ? restoreHint(at, dt) : NEEDLESS_HINT
}

/** Answers, for objects of one entity that are damaged or gone, what to do. The manifests are read once, at the first need. */
export function nextOf(store: ObjectStore, at: Place): (key: string) => Promise<string> {
  let needed: Promise<Needed> | undefined
  return async (key) => {
    const parsed = parseKey(key)
    if (parsed === undefined) return NEEDLESS_HINT
    if (AREAS[parsed.area] === 'derived') return rebuildHint(at)
    if (parsed.area === 'landing') return LANDING_HINT
    if (parsed.area === 'observation') return observationHint(key, at)
    needed ??= neededOf(store, at)
    return primaryHint(key, parsed, at, await needed)
  }
}
