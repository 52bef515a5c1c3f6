import { SFNClient } from '@aws-sdk/client-sfn'
import * as z from 'zod'
import { variable } from '../../lib/lambda/environment.ts'
import { startExecution, statusOf } from '../../lib/lambda/executions.ts'
import { step } from '../../lib/lambda/step.ts'
import { startRun } from '../../lib/steps/start.ts'

const EVENT = z.object({
  /** When the schedule wanted it; now, where somebody starts a run by hand. */
  scheduledAt: z.iso.datetime().optional(),
  rerun: z.number().optional(),
})

const client = new SFNClient({})

/** Begins the run of a day, once. */
export const handler = step(
  'start',
  EVENT,
  async ({ scheduledAt, rerun }, { env, site, clock, telemetry }) => {
    const at = scheduledAt === undefined ? clock.now() : Date.parse(scheduledAt)
    const machine = variable(env, 'machine')
    const isScheduled = scheduledAt !== undefined
    return startRun(
      { site: site.slug, timeZone: site.timeZone, scheduledAt: at, rerun, isScheduled },
      {
        start: ({ run, dt }) => startExecution(client, machine, run, { dt }),
        statusOf: (run) => statusOf(machine, run, client),
        emit: telemetry.emit,
      },
    )
  },
)
