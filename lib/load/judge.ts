import type { CommittedDay, Manifest, ManifestNote } from '../core/manifest.ts'
import type { CandidateReceipt } from '../core/receipt.ts'
import { neighbours } from './commit.ts'
import type { Desk } from './desk.ts'
import { type Comparison, holdReason } from './guard.ts'
import { parentDay } from './snapshot.ts'
import type { StagedFile } from './transforms.ts'

/** Whether a candidate may be committed now. */
export type Judgement =
  | { readonly verdict: 'complete'; readonly note: ManifestNote | null }
  | { readonly verdict: 'guarded' | 'incomplete'; readonly reason: string }

/** A committed reading next to a candidate's day. */
interface Neighbour {
  readonly day: CommittedDay
  readonly manifest: Manifest
}

/** The nearest day of a list that was not withdrawn. */
async function nearest(desk: Desk, days: readonly CommittedDay[]): Promise<Neighbour | undefined> {
  for (const day of days) {
    const manifest = await desk.manifest(day)
    if (manifest.candidate !== null) return { day, manifest }
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

/** The columns that both readings know; `raw_extra` may empty whenever a column for it is declared. */
const shared = (desk: Desk, a: CandidateReceipt, b: Manifest): string[] =>
  desk.shape.columns
    .map((column) => column.name)
    .filter((name) => name !== 'raw_extra' && ![...a.missing, ...b.missing].includes(name))
    .filter((name) =>
      [a.columns, b.columns].every((columns) => columns.some((column) => column.name === name)),
    )

/** The rows of a committed day: its candidate, or for per-parent entities its folded snapshot. */
async function rowsOfDay(
  desk: Desk,
  days: readonly CommittedDay[],
  { day, manifest }: Neighbour,
): Promise<StagedFile> {
  return desk.shape.parent === undefined
    ? desk.candidate(day.dt, manifest.candidate ?? '')
    : (await parentDay(desk, days, day)).snapshot
}

/** Compares a candidate with a committed neighbour, in the direction of time or against it. */
async function compareWith(
  desk: Desk,
  days: readonly CommittedDay[],
  receipt: CandidateReceipt,
  neighbour: Neighbour,
  direction: 'from' | 'to',
): Promise<Comparison> {
  return desk.transforms.compare({
    candidate: await desk.candidate(receipt.dt, receipt.sha256),
    neighbour: await rowsOfDay(desk, days, neighbour),
    direction,
    columns: shared(desk, receipt, neighbour.manifest),
  })
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
 * somebody must look. A held one passes when the next committed day agrees with it in both directions: then the loss is real.
 */
export async function judge(
  desk: Desk,
  days: readonly CommittedDay[],
  receipt: CandidateReceipt,
): Promise<Judgement> {
  const { before, after } = await around(desk, days, receipt.dt)
  const disorder = outOfOrder(receipt, before, after)
  if (disorder !== null) return { verdict: 'incomplete', reason: disorder }
  if (before === undefined) return { verdict: 'complete', note: null }
  const reason = holdReason(await compareWith(desk, days, receipt, before, 'from'))
  if (reason === null) return { verdict: 'complete', note: null }
  if (after !== undefined) {
    const forth = holdReason(await compareWith(desk, days, receipt, after, 'to'))
    const back = holdReason(await compareWith(desk, days, receipt, after, 'from'))
    if (forth === null && back === null) {
      return { verdict: 'complete', note: { kind: 'agreed', reason: `${reason}; ${after.day.dt} agrees` } }
    }
  }
  return { verdict: 'guarded', reason }
}
