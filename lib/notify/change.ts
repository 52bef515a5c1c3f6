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
}

/** What one night says. */
export interface Night {
  readonly dt: Day
  readonly run: string
  readonly incidents: readonly Incident[]
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

/** A day to come counts as today, else the nights until then would count as older ones. */
const notAfter = (today: Day, dt: Day): Day => (dt > today ? today : dt)

/**
 * Holds a night against what is open. The same incident again is nothing new. One of another kind about the same subject
 * takes the place of the earlier, which has not recovered by that. What the night says nothing about stays as it is, what
 * is configured no more is forgotten without a word, and a night older than the newest changes nothing.
 */
export function changeOf(before: Standing, night: Night): Change {
  const { dt, run, incidents, subjects, kept, today } = night
  if (before.dt !== null && dt < notAfter(today, before.dt)) return { ...before, opened: [], recovered: [] }
  const isNow = (what: string): boolean => incidents.some((each) => each.what === what)
  const isTroubled = (subject: string): boolean => incidents.some(({ what }) => subjectOf(what) === subject)
  const known = before.open.filter(({ what }) => kept.has(subjectOf(what)))
  const stays = known.filter(({ what }) => isNow(what) || !subjects.has(subjectOf(what)))
  const opened = incidents
    .filter(({ what }) => !known.some((each) => each.what === what))
    .map((each) => ({ ...each, since: dt, run }))
  const recovered = known.filter((each) => !stays.includes(each) && !isTroubled(subjectOf(each.what)))
  return { dt: notAfter(today, dt), open: [...stays, ...opened], opened, recovered }
}
