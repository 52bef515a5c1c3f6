import * as z from 'zod'
import { tellNight } from '../connection/people.ts'
import type { RunReport } from '../core/report.ts'
import { acceptCommand } from '../core/shell.ts'
import { failureNamed, type ReportInput, troublesOf } from '../steps/report.ts'
import { variable } from './environment.ts'
import { messageOf } from './failure.ts'
import { RUN_EVENT, STARTED_AT, type StepGround } from './step.ts'

const ENDED = z.array(z.object({ entity: z.string(), error: z.string().nullable() }))

/** What a state machine asks for the report of a run with. */
export const REPORT_EVENT = RUN_EVENT.extend({
  startedAt: STARTED_AT,
  opening: z.object({ tokenExpiresAt: z.number().nullish() }),
  failure: z.object({ Error: z.string(), Cause: z.string().optional() }).nullable(),
  extracted: ENDED,
  loaded: ENDED,
})

/** The run that an event asks the report of. */
export function reportInput(
  { run, dt, startedAt, opening, failure, extracted, loaded }: z.infer<typeof REPORT_EVENT>,
  { site, entities }: Pick<StepGround, 'site' | 'entities'>,
): ReportInput {
  return {
    site: site.slug,
    dt,
    run,
    entities,
    startedAt: Date.parse(startedAt),
    tokenExpiresAt: opening.tokenExpiresAt ?? null,
    failure: failure && failureNamed(failure.Error, messageOf(failure)),
    troubles: troublesOf([...extracted, ...loaded]),
  }
}

/** Tells the people whom the site names how its night ended. That somebody could not be told is a warning in the log. */
export async function tellPeople(report: RunReport, ground: StepGround): Promise<void> {
  const { site, entities, store, telemetry, env } = ground
  const warehouse = `s3://${variable(env, 'bucket')}`
  const accept = (entity: string, candidate: string): string =>
    acceptCommand({ entity, site: site.slug, candidate }, { warehouse })
  const problems = await tellNight({ site, entities, report, store, acceptCommand: accept }, { env })
  for (const message of problems) telemetry.emit({ type: 'warned', entity: null, message })
}
