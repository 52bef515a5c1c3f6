import type { DerivedView } from '../core/derived.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { datasources } from './datasources.ts'
import { group_members } from './group_members.ts'
import { groups } from './groups.ts'
import { jobs } from './jobs.ts'
import { projects } from './projects.ts'
import { site } from './site.ts'
import { users } from './users.ts'
import { view_usage } from './view_usage.ts'
import { views } from './views.ts'
import { workbooks } from './workbooks.ts'

/** The registry: every entity there is, parents before children. One line an entity. */
export const ENTITIES: readonly Entity[] = [
  site,
  users,
  groups,
  group_members,
  projects,
  workbooks,
  views,
  datasources,
  jobs,
].map((declared) => declared as unknown as Entity)

/** Tables that are SQL over published ones. */
export const VIEWS: readonly DerivedView[] = [view_usage]

/** The entity of that name; throws `unknown-entity`, naming all there are. */
export function entityNamed(name: string): Entity {
  const found = ENTITIES.find((entity) => entity.name === name)
  if (found === undefined) {
    const all = ENTITIES.map((entity) => entity.name).join(', ')
    throw new AlmanacError('unknown-entity', `there is no entity "${name}"; there are ${all}`)
  }
  return found
}
