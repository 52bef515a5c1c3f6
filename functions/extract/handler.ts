import * as z from 'zod'
import { newAttempt } from '../../lib/connection/run-id.ts'
import { entityNamed } from '../../lib/lambda/entity.ts'
import { variable } from '../../lib/lambda/environment.ts'
import { resumeOn } from '../../lib/lambda/resume.ts'
import { RUN_EVENT, step } from '../../lib/lambda/step.ts'
import { extractStep } from '../../lib/steps/extract.ts'

const EVENT = RUN_EVENT.extend({ entity: z.string() })

/** Extracts the entity that it is deployed for. */
export const handler = step('extract', EVENT, async ({ run, dt }, ground) => {
  const { env, site, telemetry } = ground
  const { slug, acceptSurplus, acceptNarrowed } = site
  const entity = entityNamed(ground, variable(env, 'entity'))
  const input = { site: slug, run, backdate: null, acceptSurplus, acceptNarrowed }
  const resume = () => resumeOn(ground, run, dt)
  return extractStep(entity, input, dt, { ...ground, emit: telemetry.emit, newAttempt, resume })
})
