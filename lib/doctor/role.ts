import type { Entity } from '../core/entity.ts'
import { seesAll } from '../core/role.ts'
import { compareVersions } from '../core/version.ts'
import type { Client } from '../tableau/client.ts'

/** What a user with this site role gets of an entity. */
export type Sight = 'all' | 'forbidden' | 'narrowed'

/** What the site role lets a user see of an entity, as its declaration says. */
export const sightOf = ({ role, belowRole }: Entity, siteRole: string): Sight =>
  seesAll(siteRole, role) ? 'all' : belowRole

/** Whether the server's version has the method that an entity is read by. */
export const isSupported = ({ read }: Entity, { apiVersion }: Pick<Client, 'apiVersion'>): boolean =>
  compareVersions(apiVersion, read.since) >= 0

/** The least site role that sees all of these entities; several, where none of theirs includes the others. */
export function leastRole(entities: readonly Entity[]): string {
  const roles = [...new Set(entities.map(({ role }) => role))]
  return roles.find((role) => roles.every((other) => seesAll(role, other))) ?? roles.join(' and ')
}
