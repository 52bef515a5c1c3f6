import { AlmanacError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import type { CommittedDay, Manifest, ManifestNote } from '../core/manifest.ts'
import type { ObjectStore } from '../core/ports.ts'
import { type CandidateReceipt, jsonBytes, parseStored } from '../core/receipt.ts'

/** What a new manifest says besides its candidate. */
export interface CommitFacts {
  readonly run: string
  readonly note: ManifestNote | null
}

function manifestOf(
  receipt: CandidateReceipt,
  version: number,
  facts: CommitFacts,
  replaces: Manifest | null,
): Manifest {
  return {
    format: 1,
    entity: receipt.entity,
    site: receipt.site,
    dt: receipt.dt,
    version,
    candidate: receipt.sha256,
    rows: receipt.rows,
    columns: receipt.columns,
    missing: receipt.missing,
    observedFrom: receipt.observedFrom,
    observedTo: receipt.observedTo,
    receipt,
    replaces: replaces === null ? null : { version: replaces.version, candidate: replaces.candidate },
    note: facts.note,
    run: facts.run,
  }
}

/**
 * Creates a manifest. True when this day's commit is ours, also when the write's answer was lost and a second look shows
 * our own; false when another run was first.
 */
async function create(store: ObjectStore, manifest: Manifest): Promise<boolean> {
  const at = { entity: manifest.entity, site: manifest.site }
  const key = keys.manifest(at, manifest.dt, manifest.version)
  const result = await store.write(key, jsonBytes(manifest), 'absent')
  if (result.won) return true
  const there = await store.read(key)
  if (there === undefined) throw new AlmanacError('corrupt-object', `${key} was there and is gone`)
  const winner = parseStored<Manifest>(key, there.bytes)
  return winner.run === manifest.run && winner.candidate === manifest.candidate
}

/** Commits a day's first manifest. False when another run committed the day first: its commit stands. */
export const commit = (store: ObjectStore, receipt: CandidateReceipt, facts: CommitFacts): Promise<boolean> =>
  create(store, manifestOf(receipt, 1, facts, null))

/** Commits a correction of `old`. Throws `stale-correction` when somebody corrected that version first. */
export async function replace(
  store: ObjectStore,
  old: Manifest,
  receipt: CandidateReceipt,
  facts: CommitFacts,
): Promise<void> {
  await createNext(store, manifestOf(receipt, old.version + 1, facts, old))
}

/** Commits the withdrawal of a day: it counts as not taken from now on. Throws `stale-correction` like `replace`. */
export async function withdraw(store: ObjectStore, old: Manifest, facts: CommitFacts): Promise<void> {
  await createNext(store, {
    ...old,
    version: old.version + 1,
    candidate: null,
    rows: 0,
    receipt: null,
    replaces: { version: old.version, candidate: old.candidate },
    note: facts.note,
    run: facts.run,
  })
}

async function createNext(store: ObjectStore, manifest: Manifest): Promise<void> {
  if (await create(store, manifest)) return
  throw new AlmanacError(
    'stale-correction',
    `${manifest.entity} of ${manifest.dt} already has a version ${manifest.version}, written by another command`,
  )
}

/** The other committed days on either side of a day, the nearest first. */
export function neighbours(
  days: readonly CommittedDay[],
  dt: string,
): { before: CommittedDay[]; after: CommittedDay[] } {
  return {
    before: days.filter((day) => day.dt < dt).reverse(),
    after: days.filter((day) => day.dt > dt),
  }
}
