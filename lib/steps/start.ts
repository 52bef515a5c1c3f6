import { type Day, dayIn } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'

/** A run that is to begin. Its name is that of its execution, so that a second start of the same is none. */
export interface RunToStart {
  readonly dt: Day
  readonly run: string
}

/** What a start is asked for. */
export interface StartInput {
  readonly site: string
  readonly timeZone: string
  /** When the schedule wanted it, in ms since 1970: a start that comes late or twice is of the same day. */
  readonly scheduledAt: number
  /** Which run of the day it is: 2 or more for one that somebody starts again. */
  readonly rerun?: number | undefined
}

/** The logical day and the name of a run. Throws `usage` for a number of a run that is none. */
export function runToStart({ site, timeZone, scheduledAt, rerun }: StartInput): RunToStart {
  if (rerun !== undefined && !(Number.isInteger(rerun) && rerun >= 2 && rerun <= 99))
    throw new AlmanacError('usage', `"rerun" is ${rerun}, and takes a whole number from 2 to 99`, {
      next: 'Give 2 for the second run of a day, 3 for the third.',
    })
  const dt = dayIn(timeZone, scheduledAt)
  const again = rerun === undefined ? '' : `-r${rerun}`
  return { dt, run: `${site}-${dt}${again}` }
}

/** The slug of the site that a run is of; undefined for a run of a laptop. */
export const siteOfRun = (run: string): string | undefined =>
  /^(.+)-\d{4}-\d{2}-\d{2}(-r\d{1,2})?$/.exec(run)?.[1]
