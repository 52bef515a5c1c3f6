import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import type { StepGround } from './step.ts'

/** An entity of the deployment by its name. Throws `usage` for one that the site has not switched on. */
export function entityNamed({ entities, site }: Pick<StepGround, 'entities' | 'site'>, name: string): Entity {
  const found = entities.find((each) => each.name === name)
  if (found !== undefined) return found
  throw new AlmanacError('usage', `${site.slug} has no entity "${name}"`, {
    next: `It has: ${entities.map((each) => each.name).join(', ')}.`,
  })
}
