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

/**
 * Refuses a run whose execution was not started as `runToStart` names it: the runs after it find out by its name whether it
 * still goes on, and which day it was of. Throws `usage`.
 */
export function checkName({ site, dt, run }: RunToStart & Pick<StartInput, 'site'>): void {
  const name = `${site}-${dt}`
  if (run.startsWith(name) && /^(-r\d{1,2})?$/.test(run.slice(name.length))) return
  throw new AlmanacError(
    'usage',
    `The execution is named "${run}", and a run of ${site} of ${dt} is named ${name}, or ${name}-r2`,
    {
      next: 'Start the run with the function “start”, which names it: “aws lambda invoke”, as in docs/runbooks/README.md.',
    },
  )
}

/** The slug of the site that a run is of; undefined where its name tells none, as that of a laptop’s run. */
export const siteOfRun = (run: string): string | undefined =>
  /^(.+)-\d{4}-\d{2}-\d{2}(-r\d{1,2})?$/.exec(run)?.[1]
