import type { SiteConfiguration } from '../config/configuration.ts'
import { AlmanacError } from '../core/errors.ts'

/** The variables that the pipeline's functions are deployed with. */
export const VARIABLES = {
  /** The site's configuration as JSON: references to secrets, never one. */
  site: 'ALMANAC_SITE',
  bucket: 'ALMANAC_BUCKET',
  /** The entity of an extractor. */
  entity: 'ALMANAC_ENTITY',
  /** ARN of the secret in which a run keeps its session. */
  sessionSecret: 'ALMANAC_SESSION_SECRET',
  /** Name of the function that renews it. */
  sessionFunction: 'ALMANAC_SESSION_FUNCTION',
  /** ARN of the state machine. */
  machine: 'ALMANAC_MACHINE',
  /** Read by the logger and the metrics: whose lines and figures they are, of several environments in one account. */
  service: 'POWERTOOLS_SERVICE_NAME',
} as const

/** A variable of the deployment. Throws `bad-configuration` when it is not there. */
export function variable(env: NodeJS.ProcessEnv, name: keyof typeof VARIABLES): string {
  const value = env[VARIABLES[name]]
  if (value === undefined || value === '')
    throw new AlmanacError('bad-configuration', `the function has no variable ${VARIABLES[name]}`, {
      next: 'Deploy the stack again: its variables come with it.',
    })
  return value
}

/** The site that the function is deployed for: written by the stack, so that it needs no second look. */
export const siteOf = (env: NodeJS.ProcessEnv): SiteConfiguration => JSON.parse(variable(env, 'site'))
