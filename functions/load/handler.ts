import * as z from 'zod'
import { entityNamed } from '../../lib/lambda/entity.ts'
import { RUN_EVENT, step } from '../../lib/lambda/step.ts'
import { loadStep } from '../../lib/steps/load.ts'
import { openEngine } from '../../lib/transform/engine.ts'

const EVENT = RUN_EVENT.extend({ entity: z.string() })

/** Loads one entity of a run. */
export const handler = step('load', EVENT, async ({ entity, run, dt }, ground) => {
  const { store, clock, telemetry, site } = ground
  const engine = await openEngine()
  try {
    const ports = { store, clock, engine, emit: telemetry.emit }
    return {
      done: true,
      ...(await loadStep(entityNamed(ground, entity), { site: site.slug, run }, dt, ports)),
    }
  } finally {
    await engine.close()
  }
})
