import * as z from 'zod'
import { expiryOf, tellNight } from '../../lib/connection/people.ts'
import { exitOfRun } from '../../lib/core/report.ts'
import { acceptCommand } from '../../lib/core/shell.ts'
import { exitOf } from '../../lib/core/verdict.ts'
import { variable } from '../../lib/lambda/environment.ts'
import { messageOf } from '../../lib/lambda/failure.ts'
import { RUN_EVENT, step } from '../../lib/lambda/step.ts'
import { countReport } from '../../lib/lambda/telemetry.ts'
import { failureNamed, reportStep } from '../../lib/steps/report.ts'

const ENDED = z.array(z.object({ entity: z.string(), error: z.string().nullable() }))

const EVENT = RUN_EVENT.extend({
  startedAt: z.iso.datetime({ offset: true }),
  opening: z.object({ tokenExpiresAt: z.number().nullish() }),
  failure: z.object({ Error: z.string(), Cause: z.string().optional() }).nullable(),
  extracted: ENDED,
  loaded: ENDED,
})

/** Ends a run: its report, its figures, the people. What a machine then ends with is in the answer. */
export const handler = step('report', EVENT, async (event, ground) => {
  const { site, entities, store, clock, telemetry, env } = ground
  const { run, dt, opening, failure } = event
  const failed = [...event.extracted, ...event.loaded].flatMap(({ entity, error }) =>
    error === null ? [] : [[entity, failureNamed(error)] as const],
  )
  const report = await reportStep(
    {
      site: site.slug,
      dt,
      run,
      entities,
      startedAt: Date.parse(event.startedAt),
      tokenExpiresAt: opening.tokenExpiresAt ?? null,
      failure: failure && failureNamed(failure.Error, messageOf(failure)),
      troubles: Object.fromEntries(failed),
    },
    { store, clock, emit: telemetry.emit },
  )
  const exit = exitOfRun(report)
  countReport(telemetry, { report, isWhole: exit === 0, tokenExpiresAt: expiryOf(site, report) })
  const accept = (entity: string, candidate: string): string =>
    acceptCommand({ entity, site: site.slug, candidate }, { warehouse: `s3://${variable(env, 'bucket')}` })
  const problems = await tellNight({ site, entities, report, store, acceptCommand: accept }, { env })
  for (const message of problems) telemetry.emit({ type: 'warned', entity: null, message })
  const cause =
    report.failure?.message ??
    `not complete: ${report.outcomes
      .filter(({ verdict }) => exitOf(verdict) !== 0)
      .map(({ entity, verdict }) => `${entity} (${verdict})`)
      .join(', ')}`
  return { exit, error: report.failure?.code ?? (exit === 0 ? 'none' : 'not-complete'), cause }
})
