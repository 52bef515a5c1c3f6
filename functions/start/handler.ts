import { SFNClient } from '@aws-sdk/client-sfn'
import * as z from 'zod'
import { variable } from '../../lib/lambda/environment.ts'
import { startExecution } from '../../lib/lambda/executions.ts'
import { step } from '../../lib/lambda/step.ts'
import { runToStart } from '../../lib/steps/start.ts'

const EVENT = z.object({
  /** When the schedule wanted it; now, where somebody starts a run by hand. */
  scheduledAt: z.iso.datetime().optional(),
  rerun: z.number().optional(),
})

const client = new SFNClient({})

/** Begins the run of a day, once. */
export const handler = step('start', EVENT, async ({ scheduledAt, rerun }, { env, site, clock }) => {
  const at = scheduledAt === undefined ? clock.now() : Date.parse(scheduledAt)
  const { run, dt } = runToStart({ site: site.slug, timeZone: site.timeZone, scheduledAt: at, rerun })
  return { dt, run, started: await startExecution(client, variable(env, 'machine'), run, { dt }) }
})
