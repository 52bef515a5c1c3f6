import { type Day, dayIn } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'

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

/** So many runs may a day have. */
const MOST_RUNS = 99

/** The logical day and the name of a run. Throws `usage` for a number of a run that is none. */
export function runToStart({ site, timeZone, scheduledAt, rerun }: StartInput): RunToStart {
  if (rerun !== undefined && !(Number.isInteger(rerun) && rerun >= 2 && rerun <= MOST_RUNS))
    throw new AlmanacError('usage', `"rerun" is ${rerun}, and takes a whole number from 2 to ${MOST_RUNS}`, {
      next: 'Give 2 for the second run of a day, 3 for the third.',
    })
  const dt = dayIn(timeZone, scheduledAt)
  const again = rerun === undefined ? '' : `-r${rerun}`
  return { dt, run: `${site}-${dt}${again}` }
}

/** What became of an execution: it goes on, it ended well, or it ended otherwise. */
export type ExecutionStatus = 'running' | 'succeeded' | 'failed'

/** What a start takes. */
export interface StartPorts {
  /** Starts an execution; false when there was one of that name. One that runs counts as just started. */
  readonly start: (asked: RunToStart) => Promise<boolean>
  /** What became of an execution; undefined where nobody knows. */
  readonly statusOf: (run: string) => Promise<ExecutionStatus | undefined>
  readonly emit: Emit
}

/** A run, and whether it was started: it was not where it has ended already. */
export interface Started extends RunToStart {
  readonly started: boolean
}

/**
 * Starts a run, once. One that the schedule starts is the next of its day where those before have failed, as one that
 * somebody tried by hand before the night: the night must not be lost to it. Throws `usage`, and what the ports throw.
 */
export async function startRun(
  input: StartInput & { readonly isScheduled: boolean },
  { start, statusOf, emit }: StartPorts,
): Promise<Started> {
  const isOneOfMany = input.isScheduled && input.rerun === undefined
  const first = runToStart(input)
  for (let asked = first, number = 2; ; number++) {
    if (await start(asked)) {
      const message = `Run ${first.run} has failed already, so that the schedule starts ${asked.run}`
      if (asked !== first) emit({ type: 'warned', entity: null, message })
      return { ...asked, started: true }
    }
    if (!isOneOfMany || (await statusOf(asked.run)) !== 'failed') return { ...asked, started: false }
    asked = runToStart({ ...input, rerun: number })
  }
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
