import type { Entity } from '../core/entity.ts'
import type { Client } from '../tableau/client.ts'
import { type Asked, ask } from './ask.ts'
import { attempt, needless, ok, type Step, warn } from './check.ts'
import { limited } from './limit.ts'
import { isSupported, sightOf } from './role.ts'
import { type DoctorPorts, type DoctorSubject, entitiesOn } from './subject.ts'

/** The name of an entity’s check. */
export const entityCheck = ({ name }: Entity): string => `entity ${name}`

/** How long the smallest question about an entity may take, repeats included, in ms. */
const LIMIT = 60_000

function answered({ count, parents }: Asked): string {
  if (parents !== null) return `answers; read below ${parents} parents, a call each`
  return count === 1 ? 'answers; 1 row' : `answers; ${count} rows`
}

/** Looks whether one entity can be read: by the version, by the site role, and by asking for one row. */
async function one(
  entity: Entity,
  { site }: DoctorSubject,
  client: Client,
  ports: DoctorPorts,
): Promise<Step<true>> {
  const name = entityCheck(entity)
  const { siteRole } = client.user
  if (!isSupported(entity, client))
    return needless(
      name,
      `not read: it needs REST API ${entity.read.since}, the server has ${client.apiVersion}`,
      true,
    )
  const sight = sightOf(entity, siteRole)
  const isAccepted = site.acceptNarrowed.includes(entity.name)
  if (sight === 'forbidden') return needless(name, `not asked: ${siteRole} is refused it (see role)`, true)
  if (sight === 'narrowed' && !isAccepted)
    return needless(name, `not asked: ${siteRole} sees only a part of it (see role)`, true)
  return attempt(name, ports.signal, async () => {
    const asked = await limited(name, LIMIT, ports, (signal) => ask(client, entity, signal))
    if (sight === 'all') return ok(name, answered(asked), true)
    return warn(
      name,
      `${answered(asked)}, of the part that ${siteRole} sees`,
      `Give the user the site role ${entity.role}, or know that this is a part.`,
      true,
    )
  })
}

/** A line for each entity that is switched on, in the registry’s order. */
export async function* entities(
  subject: DoctorSubject,
  client: Client,
  ports: DoctorPorts,
): AsyncGenerator<Step<true>> {
  for (const entity of entitiesOn(subject)) yield await one(entity, subject, client, ports)
}
