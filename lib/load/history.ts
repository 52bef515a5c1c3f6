import type { Day } from '../core/day.ts'
import { keys } from '../core/keys.ts'
import type { CommittedDay } from '../core/manifest.ts'
import type { StoredObject } from '../core/ports.ts'
import { foldFingerprint, unknownColumns } from '../core/shape.ts'
import { literal, names, parquetOptions } from '../engine/sql.ts'
import type { Desk } from './desk.ts'
import {
  applyDay,
  COUNT_DELTA,
  cutBack,
  emptyTables,
  type FoldDay,
  historyQuery,
  UNKNOWN_IN_OPEN,
} from './fold.ts'
import { footerMetadata } from './footer.ts'
import { projection } from './projection.ts'
import { look } from './publish.ts'
import { COVERAGE_COLUMNS, emptyRelation, parentDay } from './snapshot.ts'

/** A day as a history has applied it: which version, and its candidate; null when that version withdrew the day. */
export interface AppliedDay extends CommittedDay {
  readonly sha256: string | null
}

/** The published history as it was found: what it applied, and its staged file. */
export interface FoundHistory {
  readonly etag: string | undefined
  readonly applied: readonly AppliedDay[]
  readonly file: string | undefined
}

const NOTHING: Omit<FoundHistory, 'etag'> = { applied: [], file: undefined }

async function parseHistory(desk: Desk, { bytes }: StoredObject): Promise<Omit<FoundHistory, 'etag'>> {
  const { fold, applied } = footerMetadata(bytes)
  // Folded by another version of the fold, or of other columns: nothing of it is kept.
  if (fold !== foldFingerprint(desk.shape) || applied === undefined) return NOTHING
  return { applied: JSON.parse(applied) as readonly AppliedDay[], file: await desk.session.stage(bytes) }
}

/** The published history. A damaged one, or one that was folded otherwise, counts as none. */
export async function findHistory(desk: Desk): Promise<FoundHistory> {
  const found = await look(desk.store, keys.history(desk.at))
  if (found?.object === undefined) return { etag: found?.etag, ...NOTHING }
  return { etag: found.etag, ...(await parseHistory(desk, found.object)) }
}

/** How many of the first days two lists have in common, by day and version. */
export function commonPrefix(applied: readonly CommittedDay[], days: readonly CommittedDay[]): number {
  let same = 0
  while (same < days.length && same < applied.length) {
    const [a, b] = [applied[same], days[same]]
    if (a?.dt !== b?.dt || a?.version !== b?.version) break
    same++
  }
  return same
}

/** Puts a day's rows into `today`, and for per-parent entities the readings before it into `read_before`. */
async function stageDay(
  desk: Desk,
  days: readonly CommittedDay[],
  day: AppliedDay,
  before: CommittedDay | undefined,
): Promise<void> {
  const { shape, session } = desk
  const columns = [
    ...shape.key.map((key) => shape.columns.find((column) => column.name === key)),
    ...shape.tracked,
  ].flatMap((column) => column ?? [])
  const manifest = await desk.manifest(day)
  if (shape.parent === undefined) {
    const file = await desk.candidate(day.dt, day.sha256 ?? '')
    await session.run(
      `CREATE OR REPLACE TEMP VIEW today AS SELECT ${projection(columns, manifest.columns)} FROM read_parquet(${literal(file)})`,
    )
    return
  }
  const { snapshot } = await parentDay(desk, days, day)
  await session.run(
    `CREATE OR REPLACE TEMP VIEW today AS SELECT ${names(columns.map((column) => column.name))} FROM read_parquet(${literal(snapshot)})`,
  )
  const coverage =
    before === undefined
      ? emptyRelation(COVERAGE_COLUMNS)
      : `read_parquet(${literal((await parentDay(desk, days, before)).coverage)})`
  await session.run(
    `CREATE OR REPLACE TEMP TABLE read_before AS SELECT parent_id, observed_on FROM ${coverage}`,
  )
}

/** How many keys a day brought, changed and lost. */
export interface DayChanges {
  readonly new: number
  readonly changed: number
  readonly gone: number
}

/** A history that was folded: its staged file, and what each day that was applied did. */
export interface FoldedHistory {
  readonly file: string
  readonly changes: ReadonlyMap<Day, DayChanges>
}

/** Counts what the day that was just applied did. */
async function countChanges(desk: Desk): Promise<DayChanges> {
  const [row] = await desk.session.rows(COUNT_DELTA)
  return { new: Number(row?.['new']), changed: Number(row?.['changed']), gone: Number(row?.['gone']) }
}

async function unknownInOpen(desk: Desk): Promise<string[]> {
  const rows = await desk.session.rows(UNKNOWN_IN_OPEN)
  return rows.map((row) => String(row['column']))
}

/** Applies the days in order on top of what the tables hold; withdrawn days change nothing. */
async function applyDays(
  desk: Desk,
  days: readonly CommittedDay[],
  applied: readonly AppliedDay[],
  from: number,
): Promise<ReadonlyMap<Day, DayChanges>> {
  const changes = new Map<Day, DayChanges>()
  const taken = applied.slice(0, from).filter((day) => day.sha256 !== null)
  let before: AppliedDay | undefined = taken.at(-1)
  for (const day of applied.slice(from)) {
    if (day.sha256 === null) continue
    await stageDay(desk, days, day, before)
    const fold: FoldDay = {
      dt: day.dt,
      before: before?.dt ?? null,
      missing: unknownColumns(desk.shape.tracked, await desk.manifest(day)),
      unknownInOpen: await unknownInOpen(desk),
    }
    for (const sql of applyDay(desk.shape, fold)) await desk.session.run(sql)
    changes.set(day.dt, await countChanges(desk))
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
  const { shape, session } = desk
  const same = found.file === undefined ? 0 : commonPrefix(found.applied, days)
  const applied = await withCandidates(desk, found, days, same)
  const last: Day | undefined = applied.slice(0, same).at(-1)?.dt
  const begin =
    found.file === undefined || last === undefined ? emptyTables(shape) : cutBack(shape, found.file, last)
  for (const sql of begin) await session.run(sql)
  const changes = await applyDays(desk, days, applied, same)
  const file = session.scratch()
  const metadata = { fold: foldFingerprint(shape), applied: JSON.stringify(applied) }
  await session.run(`COPY (${historyQuery(shape)}) TO ${literal(file)} ${parquetOptions(metadata)}`)
  return { file, changes }
}
