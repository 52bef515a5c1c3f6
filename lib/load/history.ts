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
import type { DayChanges, Fold, FoldDay, StagedFile, StandingDay } from './transforms.ts'

/** A day as a history has applied it: which version, its candidate (null when that version withdrew the day), and what it did not know. */
export interface AppliedDay extends CommittedDay, StandingDay {
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

/** The coverages that a day of a per-parent entity is folded with: see `FoldDay`. */
async function coveragesBefore(
  desk: Desk,
  days: readonly CommittedDay[],
  { missing }: StandingDay,
  earlier: readonly AppliedDay[],
): Promise<readonly StagedFile[]> {
  const coverages = new Map<Day, StagedFile>()
  const readOn = async (day: AppliedDay): Promise<readonly Day[]> => {
    const file = coverages.get(day.dt) ?? (await parentDay(desk, days, day)).coverage
    coverages.set(day.dt, file)
    return desk.transforms.readOn(file)
  }
  const before = earlier.at(-1)
  if (before === undefined) return []
  coverages.set(before.dt, (await parentDay(desk, days, before)).coverage)
  for (const { name } of desk.shape.tracked) {
    const lacking = new Set(earlier.filter((day) => day.missing.includes(name)).map(({ dt }) => dt))
    if (missing.includes(name) || lacking.size === 0) continue
    // Some parent’s last reading does not know the column: the last day before it that does tells of an older one.
    let at: AppliedDay | undefined = before
    while (at !== undefined) {
      const unknowing: Day | undefined = (await readOn(at)).findLast((dt) => lacking.has(dt))
      // No day lies before ''.
      at = earlier.findLast(({ dt }) => dt < (unknowing ?? '') && !lacking.has(dt))
    }
  }
  return [...coverages.values()]
}

/** A day as the fold takes it, after the `earlier` ones, none of which was withdrawn. */
async function foldDay(
  desk: Desk,
  days: readonly CommittedDay[],
  day: AppliedDay & { readonly sha256: string },
  earlier: readonly AppliedDay[],
): Promise<FoldDay> {
  const { shape } = desk
  const facts = { dt: day.dt, missing: day.missing, earlier }
  if (shape.parent === undefined) {
    const file = await desk.candidate(day.dt, day.sha256)
    return { ...facts, rows: { file, columns: (await desk.manifest(day)).columns }, coverages: [] }
  }
  const { snapshot } = await parentDay(desk, days, day)
  const coverages = await coveragesBefore(desk, days, day, earlier)
  return { ...facts, rows: { file: snapshot, columns: snapshotColumns(shape) }, coverages }
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
  const earlier = applied.slice(0, from).filter((day) => day.sha256 !== null)
  for (const day of applied.slice(from)) {
    const { sha256 } = day
    if (sha256 === null) continue
    changes.set(day.dt, await fold.apply(await foldDay(desk, days, { ...day, sha256 }, [...earlier])))
    earlier.push(day)
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
    days.slice(same).map(async (day) => {
      const manifest = await desk.manifest(day)
      return { ...day, sha256: manifest.candidate, missing: unknownColumns(desk.shape.tracked, manifest) }
    }),
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
