import type { Day } from '../core/day.ts'
import { type Incident, subjectOf } from './incident.ts'

/** An incident that is not over. */
export interface OpenIncident extends Incident {
  /** The day it was first seen, and the run that saw it. */
  readonly since: Day
  readonly run: string
}

/** What is open after the nights so far. */
export interface Standing {
  /** The newest day that was looked at; null before the first. */
  readonly dt: Day | null
  readonly open: readonly OpenIncident[]
  /**
   * While a `run:` incident is open, the entities that a failed run was asked for and no run without failure since: with
   * the last of them it is over, in however many runs. Absent in what was written before it was kept.
   */
  readonly owed?: readonly string[]
}

/** What one night says. */
export interface Night {
  readonly dt: Day
  readonly run: string
  readonly incidents: readonly Incident[]
  /** The entities that its run was asked for. */
  readonly asked: readonly string[]
  /** The subjects it says anything about: see `subjectsOf`. */
  readonly subjects: ReadonlySet<string>
  /** The subjects that are configured: see `keptOf`. */
  readonly kept: ReadonlySet<string>
  /** The site's day by our clock. */
  readonly today: Day
}

/** What a night changes: `open` is all that is open after it. */
export interface Change extends Standing {
  readonly opened: readonly OpenIncident[]
  readonly recovered: readonly OpenIncident[]
}

const RUN = 'run'

/** What a failed run leaves owed, and what one without failure settles; what is configured no more is owed by nobody. */
function owedAfter({ owed = [] }: Standing, { asked, kept }: Night, hasFailed: boolean): readonly string[] {
  const left = owed.filter((entity) => kept.has(entity))
  return hasFailed ? [...new Set([...left, ...asked])] : left.filter((entity) => !asked.includes(entity))
}

/** A day to come counts as today, else the nights until then would count as older ones. */
const notAfter = (today: Day, dt: Day): Day => (dt > today ? today : dt)

/**
 * Holds a night against what is open. The same incident again is nothing new. One of another kind about the same subject
 * takes the place of the earlier, which has not recovered by that. What the night says nothing about stays as it is, what
 * is configured no more is forgotten without a word, and a night older than the newest changes nothing. Runs that failed
 * are over once runs without failure covered all that those were asked for.
 */
export function changeOf(before: Standing, night: Night): Change {
  const { dt, run, incidents, subjects, kept, today } = night
  if (before.dt !== null && dt < notAfter(today, before.dt)) return { ...before, opened: [], recovered: [] }
  const isNow = (what: string): boolean => incidents.some((each) => each.what === what)
  const isTroubled = (subject: string): boolean => incidents.some(({ what }) => subjectOf(what) === subject)
  const owed = owedAfter(before, night, isTroubled(RUN))
  const speaksOf = (subject: string): boolean =>
    subject === RUN ? isTroubled(RUN) || owed.length === 0 : subjects.has(subject)
  const known = before.open.filter(({ what }) => kept.has(subjectOf(what)))
  const stays = known.filter(({ what }) => isNow(what) || !speaksOf(subjectOf(what)))
  const opened = incidents
    .filter(({ what }) => !known.some((each) => each.what === what))
    .map((each) => ({ ...each, since: dt, run }))
  const recovered = known.filter((each) => !stays.includes(each) && !isTroubled(subjectOf(each.what)))
  return { dt: notAfter(today, dt), open: [...stays, ...opened], owed, opened, recovered }
}
