import { AlmanacError } from '../core/errors.ts'
import { keys, type Place } from '../core/keys.ts'
import { type CommittedDay, type Manifest, readManifest } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Shape } from '../core/shape.ts'
import type { ParentDay, ParentInputs, StagedFile, StagedRows, Transforms } from './transforms.ts'

/** What one load of one entity works with: manifests are read once, candidates verified and staged once, per-parent days folded once. */
export interface Desk {
  readonly store: ObjectStore
  readonly transforms: Transforms
  readonly shape: Shape
  readonly at: Place
  /** Whether a published object is taken for what its footer says. Else everything is made of primary objects alone. */
  readonly isTrusting: boolean
  manifest(day: CommittedDay): Promise<Manifest>
  /** A staged file of a candidate, its bytes held to the SHA-256. */
  candidate(dt: string, sha256: string): Promise<StagedFile>
  /** Tells the desk of a candidate that is staged already. */
  keep(sha256: string, file: StagedFile): void
  /** The folded files of a per-parent day, by what they are made of. */
  parentDay(inputs: ParentInputs, make: () => Promise<ParentDay>): Promise<ParentDay>
}

/** Reads an object and holds its bytes to a SHA-256 that another object names. Throws `corrupt-object`. */
export async function readVerified(store: ObjectStore, key: string, expected: string): Promise<Uint8Array> {
  const object = await store.read(key)
  if (object === undefined)
    throw new AlmanacError('corrupt-object', `${key} is gone, and ${expected} should be there`)
  if (object.sha256 !== expected) {
    throw new AlmanacError(
      'corrupt-object',
      `${key} has SHA-256 ${object.sha256} where ${expected} is expected`,
    )
  }
  return object.bytes
}

/** The staged rows of a committed day's candidate, with the columns that its manifest says; null when it was withdrawn. */
export async function rowsOfManifest(
  desk: Desk,
  { dt, candidate, columns }: Manifest,
): Promise<StagedRows | null> {
  return candidate === null ? null : { file: await desk.candidate(dt, candidate), columns }
}

/**
 * Opens a desk. It caches only what never changes: manifests by version, candidates by SHA-256, per-parent days by what
 * they are made of.
 */
export function openDesk(
  store: ObjectStore,
  transforms: Transforms,
  shape: Shape,
  at: Place,
  isTrusting = true,
): Desk {
  const manifests = new Map<string, Promise<Manifest>>()
  const files = new Map<string, Promise<StagedFile>>()
  const parentDays = new Map<string, Promise<ParentDay>>()
  const once = <T>(cache: Map<string, Promise<T>>, id: string, make: () => Promise<T>): Promise<T> => {
    const there = cache.get(id)
    if (there !== undefined) return there
    const made = make()
    cache.set(id, made)
    return made
  }
  return {
    store,
    transforms,
    shape,
    at,
    isTrusting,
    manifest: (day) => once(manifests, `${day.dt}/${day.version}`, () => readManifest(store, at, day)),
    candidate: (dt, sha256) =>
      once(files, sha256, async () =>
        transforms.stage(await readVerified(store, keys.candidate(at, dt, sha256), sha256)),
      ),
    keep: (sha256, file) => void files.set(sha256, Promise.resolve(file)),
    parentDay: (inputs, make) => once(parentDays, inputs.snapshot, make),
  }
}
