import type { Place } from '../core/keys.ts'
import { keys } from '../core/keys.ts'
import { type CommittedDay, type Manifest, readManifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Shape } from '../core/shape.ts'
import type { Session } from '../engine/engine.ts'
import { readVerified } from './candidate.ts'

/** What one load of one entity works with: manifests are read once, candidates verified and staged once. */
export interface Desk {
  readonly store: ObjectStore
  readonly session: Session
  readonly shape: Shape
  readonly at: Place
  manifest(day: CommittedDay): Promise<Manifest>
  /** A staged file of a candidate, its bytes held to the SHA-256. */
  candidate(dt: string, sha256: string): Promise<string>
  /** Tells the desk of a candidate that is staged already. */
  keep(sha256: string, file: string): void
}

/** Opens a desk. It caches only what never changes: manifests by version, candidates by SHA-256. */
export function openDesk(store: ObjectStore, session: Session, shape: Shape, at: Place): Desk {
  const manifests = new Map<string, Promise<Manifest>>()
  const files = new Map<string, Promise<string>>()
  const once = <T>(cache: Map<string, Promise<T>>, id: string, make: () => Promise<T>): Promise<T> => {
    const there = cache.get(id)
    if (there !== undefined) return there
    const made = make()
    cache.set(id, made)
    return made
  }
  return {
    store,
    session,
    shape,
    at,
    manifest: (day) => once(manifests, `${day.dt}/${day.version}`, () => readManifest(store, at, day)),
    candidate: (dt, sha256) =>
      once(files, sha256, async () =>
        session.stage(await readVerified(store, keys.candidate(at, dt, sha256), sha256)),
      ),
    keep: (sha256, file) => void files.set(sha256, Promise.resolve(file)),
  }
}
