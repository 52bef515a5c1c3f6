import type { Entity } from '../../lib/core/entity.ts'
import type { Finding } from '../../lib/verify/finding.ts'
import { verify } from '../../lib/verify/verify.ts'
import { lookAtPublished } from './published.ts'
import { type Stand, truthOf } from './stand.ts'
import { SITE } from './world.ts'

/** Everything that verify says of these entities. */
export async function findingsOf(
  { vault, engine }: Stand,
  entities: readonly Entity[],
): Promise<readonly Finding[]> {
  const found: Finding[] = []
  for await (const finding of verify(vault.store, engine, entities, [SITE])) found.push(finding)
  return found
}

/** What verify finds not well of an entity, each as one text. */
export const complaintsOf = async (stand: Stand, entity: Entity): Promise<readonly string[]> =>
  (await findingsOf(stand, [entity])).flatMap(({ level, key, message }) =>
    level === 'ok' ? [] : [`${key}: ${message}`],
  )

/** Which published objects of an entity are not what they were; every one must be readable. */
export async function changedOf(stand: Stand, entity: Entity): Promise<readonly string[]> {
  const { before, proven } = truthOf(stand, { kind: 'manifest', entity, hurt: [] })
  const look = { vault: stand.vault, engine: stand.engine, entity, truths: [before], proven }
  return (await lookAtPublished(look, () => false)).wrong
}
