import type { Day } from '../core/day.ts'
import type { CommittedDay, Manifest, ManifestNote } from '../core/manifest.ts'
import type { CandidateReceipt } from '../core/receipt.ts'
import { neighbours } from './commit.ts'
import type { Desk } from './desk.ts'
import { type Comparison, holdReason, isGoneForGood, lostReason } from './guard.ts'
import { parentDay } from './snapshot.ts'
import type { Neighbours } from './transforms.ts'

/** Why a candidate may not be committed now. */
export interface Refusal {
  readonly verdict: 'guarded' | 'incomplete'
  readonly reason: string
  /**
   * The next day that is committed and was not withdrawn; null when there is none. By it the reading is refuted: its day is
   * a gap that asks for nobody. One whose loss is real passes instead, since that day agrees with it.
   */
  readonly refutedBy: Day | null
}

/** Whether a candidate may be committed now. */
export type Judgement = { readonly verdict: 'complete'; readonly note: ManifestNote | null } | Refusal

/** A committed reading next to a candidate's day. */
interface Neighbour {
  readonly day: CommittedDay
  readonly manifest: Manifest
  /** The SHA-256 of its candidate. */
  readonly candidate: string
}

/** A committed day as a neighbour; undefined when it was withdrawn. */
async function standing(desk: Desk, day: CommittedDay): Promise<Neighbour | undefined> {
  const manifest = await desk.manifest(day)
  const { candidate } = manifest
  return candidate === null ? undefined : { day, manifest, candidate }
}

/** The first day of a list that was not withdrawn. */
async function nearest(desk: Desk, days: readonly CommittedDay[]): Promise<Neighbour | undefined> {
  for (const day of days) {
    const neighbour = await standing(desk, day)
    if (neighbour !== undefined) return neighbour
  }
  return undefined
}

const iso = (ms: number): string => new Date(ms).toISOString()

/** Readings begin in the order of their days, by the server's clock; a day out of order cannot be part of the history. */
function outOfOrder(
  receipt: CandidateReceipt,
  before: Neighbour | undefined,
  after: Neighbour | undefined,
): string | null {
  const began = receipt.observedFrom
  if (before !== undefined && began <= before.manifest.observedFrom) {
    return `${receipt.dt} was read at ${iso(began)}, not after ${before.day.dt} (${iso(before.manifest.observedFrom)})`
  }
  if (after !== undefined && began >= after.manifest.observedFrom) {
    return `${receipt.dt} was read at ${iso(began)}, not before ${after.day.dt} (${iso(after.manifest.observedFrom)})`
  }
  return null
}

const knows = ({ columns, missing }: Known, name: string): boolean =>
  !missing.includes(name) && columns.some((column) => column.name === name)

/** What a receipt or a manifest knows. */
type Known = Pick<CandidateReceipt, 'columns' | 'missing'>

/** A reading that is compared: one that waits to be judged, or a committed one. */
type Reading = Known & Pick<CandidateReceipt, 'dt' | 'sha256'>

const readingOf = ({ day, manifest, candidate }: Neighbour): Reading => ({
  ...manifest,
  dt: day.dt,
  sha256: candidate,
})

/** The columns that a reading knows; `raw_extra` may empty whenever a column for it is declared. */
const knownBy = (desk: Desk, reading: Known): string[] =>
  desk.shape.columns.map(({ name }) => name).filter((name) => name !== 'raw_extra' && knows(reading, name))

/** The rows of a committed day: its candidate; for per-parent entities its folded snapshot, with its coverage. */
async function rowsOfDay(
  desk: Desk,
  days: readonly CommittedDay[],
  { day, candidate }: Neighbour,
): Promise<Pick<Neighbours, 'neighbour' | 'coverage'>> {
  if (desk.shape.parent === undefined)
    return { neighbour: await desk.candidate(day.dt, candidate), coverage: null }
  const { snapshot, coverage } = await parentDay(desk, days, day)
  return { neighbour: snapshot, coverage }
}

/** Compares a reading with a committed neighbour, in the direction of time or against it, in these columns. */
async function compareWith(
  desk: Desk,
  days: readonly CommittedDay[],
  reading: Reading,
  neighbour: Neighbour,
  direction: 'from' | 'to',
  columns: readonly string[] = knownBy(desk, reading).filter((name) => knows(neighbour.manifest, name)),
): Promise<Comparison> {
  return desk.transforms.compare({
    candidate: await desk.candidate(reading.dt, reading.sha256),
    ...(await rowsOfDay(desk, days, neighbour)),
    direction,
    columns,
  })
}

/** How many days back a column is looked for that the day before did not know. */
const LOOK_BACK_DAYS = 31

/** Columns that had values when an earlier day was read, and have none now. */
interface LostColumns {
  readonly had: Neighbour
  readonly columns: readonly string[]
}

/**
 * Which columns come back empty after days without them: they had values when they were last known. History compares with
 * the last known value, too.
 */
async function lostSince(
  desk: Desk,
  days: readonly CommittedDay[],
  receipt: CandidateReceipt,
  before: Neighbour,
): Promise<LostColumns | null> {
  let unknown = knownBy(desk, receipt).filter((name) => !knows(before.manifest, name))
  for (const day of neighbours(days, before.day.dt).before.slice(0, LOOK_BACK_DAYS)) {
    if (unknown.length === 0) return null
    const had = await standing(desk, day)
    if (had === undefined) continue
    const columns = unknown.filter((name) => knows(had.manifest, name))
    if (columns.length === 0) continue
    const { lostColumns } = await compareWith(desk, days, receipt, had, 'from', columns)
    if (lostColumns.length > 0) return { had, columns: lostColumns }
    unknown = unknown.filter((name) => !columns.includes(name))
  }
  return null
}

/** What a candidate lacks of the days before it. */
interface Loss {
  readonly before: Neighbour
  readonly lost: Comparison
  readonly since: LostColumns | null
}

async function lossOf(
  desk: Desk,
  days: readonly CommittedDay[],
  receipt: CandidateReceipt,
  before: Neighbour,
): Promise<Loss> {
  const lost = await compareWith(desk, days, receipt, before, 'from')
  return { before, lost, since: await lostSince(desk, days, receipt, before) }
}

const reasonOf = ({ lost, since }: Loss): string | null =>
  holdReason(lost) ?? (since === null ? null : lostReason(since.columns))

/** Whether a reading knows these columns and has no value in them. */
async function areEmpty(
  desk: Desk,
  days: readonly CommittedDay[],
  reading: Reading,
  { had, columns }: LostColumns,
): Promise<boolean> {
  if (!columns.every((name) => knows(reading, name))) return false
  if (columns.length === 0) return true
  const { lostColumns } = await compareWith(desk, days, reading, had, 'from', columns)
  return columns.every((name) => lostColumns.includes(name))
}

/** Whether the next day is like the candidate, in both directions, and lacks what the candidate lacks. */
async function agrees(
  desk: Desk,
  days: readonly CommittedDay[],
  receipt: CandidateReceipt,
  after: Neighbour,
  { before, lost, since }: Loss,
): Promise<boolean> {
  const forth = await compareWith(desk, days, receipt, after, 'to')
  const back = await compareWith(desk, days, receipt, after, 'from')
  if (holdReason(forth) !== null || holdReason(back) !== null) return false
  const next = readingOf(after)
  const whole = await compareWith(desk, days, next, before, 'from', [])
  if (!isGoneForGood({ lost, since: forth, whole })) return false
  const emptied = { had: before, columns: lost.lostColumns }
  return (
    (await areEmpty(desk, days, next, emptied)) &&
    (since === null || (await areEmpty(desk, days, next, since)))
  )
}

/** The committed neighbours of a day that were not withdrawn. */
async function around(desk: Desk, days: readonly CommittedDay[], dt: string) {
  const sides = neighbours(days, dt)
  return { before: await nearest(desk, sides.before), after: await nearest(desk, sides.after) }
}

/** Why a reading cannot stand at its day, or null: see `outOfOrder`. */
export async function orderFault(
  desk: Desk,
  days: readonly CommittedDay[],
  receipt: CandidateReceipt,
): Promise<string | null> {
  const { before, after } = await around(desk, days, receipt.dt)
  return outOfOrder(receipt, before, after)
}

/**
 * Judges a complete candidate by its neighbours: in order of time, and not so much smaller than the day before that
 * somebody must look. A held one passes when the next committed day agrees with it: then the loss is real. Otherwise that
 * day refutes it.
 */
export async function judge(
  desk: Desk,
  days: readonly CommittedDay[],
  receipt: CandidateReceipt,
): Promise<Judgement> {
  const { before, after } = await around(desk, days, receipt.dt)
  const refutedBy = after?.day.dt ?? null
  const disorder = outOfOrder(receipt, before, after)
  if (disorder !== null) return { verdict: 'incomplete', reason: disorder, refutedBy }
  if (before === undefined) return { verdict: 'complete', note: null }
  const loss = await lossOf(desk, days, receipt, before)
  const reason = reasonOf(loss)
  if (reason === null) return { verdict: 'complete', note: null }
  if (after !== undefined && (await agrees(desk, days, receipt, after, loss)))
    return { verdict: 'complete', note: { kind: 'agreed', reason: `${reason}; ${after.day.dt} agrees` } }
  return { verdict: 'guarded', reason, refutedBy }
}
