import type { Day } from './day.ts'
import { AlmanacError } from './errors.ts'
import { keys, type Place } from './keys.ts'
import type { ObjectStore } from './ports.ts'
import { type CandidateReceipt, parseStored, type StoredColumn } from './receipt.ts'

/** Why a manifest exists when it is not simply the night's first complete reading. */
export interface ManifestNote {
  readonly kind: 'accepted' | 'agreed' | 'replaced' | 'withdrawn'
  readonly reason: string
}

/** The commit of an entity's day. Create-only; the highest version wins. */
export interface Manifest {
  readonly format: 1
  readonly entity: string
  readonly site: string
  readonly dt: Day
  readonly version: number
  /** SHA-256 of the candidate; null when the day was withdrawn. */
  readonly candidate: string | null
  readonly rows: number
  readonly columns: readonly StoredColumn[]
  readonly missing: readonly string[]
  /** By the server's clock, milliseconds since 1970 UTC. */
  readonly observedFrom: number
  readonly observedTo: number
  readonly receipt: CandidateReceipt | null
  /** The version and candidate that this one corrects. */
  readonly replaces: { readonly version: number; readonly candidate: string | null } | null
  readonly note: ManifestNote | null
  /** The run, or the command, that wrote it. */
  readonly run: string
}

/** A committed day as a listing tells it: the version that counts. */
export interface CommittedDay {
  readonly dt: Day
  readonly version: number
}

const NAME = /\/dt=(\d{4}-\d{2}-\d{2})\/v(\d{4,})\.json$/

/** Every committed day of an entity with its highest version, in order of day. */
export async function committedDays(store: ObjectStore, at: Place): Promise<readonly CommittedDay[]> {
  const newest = new Map<Day, number>()
  for (const { key } of await store.list(keys.manifests(at))) {
    const match = NAME.exec(key)
    const [dt, version] = [match?.[1], Number(match?.[2])]
    if (dt === undefined) continue
    newest.set(dt, Math.max(version, newest.get(dt) ?? 0))
  }
  return [...newest].map(([dt, version]) => ({ dt, version })).sort((a, b) => (a.dt < b.dt ? -1 : 1))
}

/** Reads a manifest. Throws `corrupt-object` when a listed one is gone: primary objects are never removed. */
export async function readManifest(store: ObjectStore, at: Place, day: CommittedDay): Promise<Manifest> {
  const key = keys.manifest(at, day.dt, day.version)
  const object = await store.read(key)
  if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was listed and is gone`)
  return parseStored<Manifest>(key, object.bytes)
}
