import type { Day } from '../core/day.ts'
import { keys } from '../core/keys.ts'
import type { CommittedDay } from '../core/manifest.ts'
import type { StoredObject } from '../core/ports.ts'
import { snapshotColumns } from '../core/published.ts'
import { foldFingerprint, unknownColumns } from '../core/shape.ts'
import type { Desk } from './desk.ts'
import { footerMetadata } from './footer.ts'
import { look } from './publish.ts'
import { parentDay } from './snapshot.ts'
import type { DayChanges, Fold, FoldDay, StagedFile } from './transforms.ts'

/** A day as a history has applied it: which version, and its candidate; null when that version withdrew the day. */
export interface AppliedDay extends CommittedDay {
  readonly sha256: string | null
}

/** The published history as it was found: what it applied, and its staged file. */
export interface FoundHistory {
  readonly etag: string | undefined
  readonly applied: readonly AppliedDay[]
  readonly file: StagedFile | undefined
}

/** No history: nothing is applied. */
export const NOTHING: Omit<FoundHistory, 'etag'> = { applied: [], file: undefined }

async function parseHistory(desk: Desk, { bytes }: StoredObject): Promise<Omit<FoundHistory, 'etag'>> {
  const { fold, applied } = footerMetadata(bytes)
  // Folded by another version of the fold, or of other columns: nothing of it is kept.
  if (fold !== foldFingerprint(desk.shape) || applied === undefined) return NOTHING
  return { applied: JSON.parse(applied) as readonly AppliedDay[], file: await desk.transforms.stage(bytes) }
}

/** The published history. A damaged one, or one that was folded otherwise, counts as none. */
export async function findHistory(desk: Desk): Promise<FoundHistory> {
  const found = await look(desk.store, keys.history(desk.at))
  if (found?.object === undefined) return { etag: found?.etag, ...NOTHING }
  return { etag: found.etag, ...(await parseHistory(desk, found.object)) }
}

/** How many of the first days two lists have in common, by day and version. */
export function commonPrefix(applied: readonly CommittedDay[], days: readonly CommittedDay[]): number {
  const differing = days.findIndex((day, i) => !isSame(day, applied[i]))
  return differing < 0 ? days.length : differing
}

const isSame = (day: CommittedDay, other: CommittedDay | undefined): boolean =>
  day.dt === other?.dt && day.version === other.version

/** A day as the fold takes it. `before` is the committed day before it that was not withdrawn. */
async function foldDay(
  desk: Desk,
  days: readonly CommittedDay[],
  day: AppliedDay & { readonly sha256: string },
  before: CommittedDay | undefined,
): Promise<FoldDay> {
  const { shape } = desk
  const manifest = await desk.manifest(day)
  const facts = {
    dt: day.dt,
    before: before?.dt ?? null,
    missing: unknownColumns(shape.tracked, manifest),
  }
  if (shape.parent === undefined) {
    const file = await desk.candidate(day.dt, day.sha256)
    return { ...facts, rows: { file, columns: manifest.columns }, coverageBefore: null }
  }
  const { snapshot } = await parentDay(desk, days, day)
  const coverageBefore = before === undefined ? null : (await parentDay(desk, days, before)).coverage
  return { ...facts, rows: { file: snapshot, columns: snapshotColumns(shape) }, coverageBefore }
}

/** A history that was folded: its staged file, and what each day that was applied did. */
export interface FoldedHistory {
  readonly file: StagedFile
  readonly changes: ReadonlyMap<Day, DayChanges>
}

/** Applies the days in order on top of what the fold holds; withdrawn days change nothing. */
async function applyDays(
  desk: Desk,
  fold: Fold,
  days: readonly CommittedDay[],
  applied: readonly AppliedDay[],
  from: number,
): Promise<ReadonlyMap<Day, DayChanges>> {
  const changes = new Map<Day, DayChanges>()
  let before = applied.slice(0, from).findLast((day) => day.sha256 !== null)
  for (const day of applied.slice(from)) {
    const { sha256 } = day
    if (sha256 === null) continue
    changes.set(day.dt, await fold.apply(await foldDay(desk, days, { ...day, sha256 }, before)))
    before = day
  }
  return changes
}

async function withCandidates(
  desk: Desk,
  found: FoundHistory,
  days: readonly CommittedDay[],
  same: number,
): Promise<AppliedDay[]> {
  const later = await Promise.all(
    days.slice(same).map(async (day) => ({ ...day, sha256: (await desk.manifest(day)).candidate })),
  )
  return [...found.applied.slice(0, same), ...later]
}

/**
 * Folds the committed days into a history file: what `found` shares with them is kept by cutting back to the last
 * common day, the rest is applied in order. Tonight, a late day, a correction, a withdrawn day and a rebuild are all this.
 */
export async function foldHistory(
  desk: Desk,
  found: FoundHistory,
  days: readonly CommittedDay[],
): Promise<FoldedHistory> {
  const same = commonPrefix(found.applied, days)
  const applied = await withCandidates(desk, found, days, same)
  const last = days[same - 1]?.dt
  const fold = await desk.transforms.fold(
    found.file === undefined || last === undefined ? null : { file: found.file, day: last },
  )
  const changes = await applyDays(desk, fold, days, applied, same)
  const file = await fold.finish({ fold: foldFingerprint(desk.shape), applied: JSON.stringify(applied) })
  return { file, changes }
}
