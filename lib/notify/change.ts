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
}

/** What a night changes: `open` is all that is open after it. */
export interface Change extends Standing {
  readonly opened: readonly OpenIncident[]
  readonly recovered: readonly OpenIncident[]
}

/**
 * Holds a night against what is open. The same incident again is nothing new. One of another kind about the same subject
 * takes the place of the earlier, which has not recovered by that. What the night says nothing about stays as it is, and a
 * night older than the newest changes nothing.
 */
export function changeOf(before: Standing, { dt, run, incidents, subjects }: Night): Change {
  if (before.dt !== null && dt < before.dt) return { ...before, opened: [], recovered: [] }
  const isNow = (what: string): boolean => incidents.some((each) => each.what === what)
  const isTroubled = (subject: string): boolean => incidents.some(({ what }) => subjectOf(what) === subject)
  const stays = before.open.filter(({ what }) => isNow(what) || !subjects.has(subjectOf(what)))
  const opened = incidents
    .filter(({ what }) => !before.open.some((each) => each.what === what))
    .map((each) => ({ ...each, since: dt, run }))
  const recovered = before.open.filter((each) => !stays.includes(each) && !isTroubled(subjectOf(each.what)))
  return { dt, open: [...stays, ...opened], opened, recovered }
}
