import * as z from 'zod'
import { newAttempt } from '../../lib/connection/run-id.ts'
import { entityNamed } from '../../lib/lambda/entity.ts'
import { variable } from '../../lib/lambda/environment.ts'
import { resumeOn } from '../../lib/lambda/resume.ts'
import { RUN_EVENT, STARTED_AT, step } from '../../lib/lambda/step.ts'
import { extractStep } from '../../lib/steps/extract.ts'
import { readUntil } from '../../lib/steps/limits.ts'

const EVENT = RUN_EVENT.extend({ entity: z.string(), startedAt: STARTED_AT })

/** Extracts the entity that it is deployed for. */
export const handler = step('extract', EVENT, async ({ run, dt, startedAt }, ground) => {
  const { env, site, clock, telemetry } = ground
  const { slug, acceptSurplus, acceptNarrowed } = site
  const entity = entityNamed(ground, variable(env, 'entity'))
  const input = { site: slug, run, backdate: null, acceptSurplus, acceptNarrowed }
  const resume = () => resumeOn(ground, run, dt)
  const isOver = () => clock.now() >= readUntil(startedAt)
  return extractStep(entity, input, dt, { ...ground, emit: telemetry.emit, newAttempt, resume, isOver })
})
