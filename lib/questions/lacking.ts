import type { Entity } from '../core/entity.ts'
import { keys, type Place, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Relation } from '../tables/relation.ts'

const DAILY = ['snapshot', 'coverage'] as const
const WHOLE = ['history', 'current'] as const

/** The published objects of an entity that its committed days ask for, in the areas that relations read. */
async function expectedOf(
  store: ObjectStore,
  { name: entity }: Entity,
  areas: readonly (typeof DAILY | typeof WHOLE)[number][],
): Promise<ReadonlySet<string>> {
  const expected = new Set<string>()
  for (const { key } of await store.list(keys.ofEntity('manifest', entity))) {
    const { site, dt } = parseKey(key)?.labels ?? {}
    if (site === undefined || dt === undefined) continue
    const at: Place = { entity, site }
    for (const area of DAILY.filter((each) => areas.includes(each))) expected.add(keys[area](at, dt))
    for (const area of WHOLE.filter((each) => areas.includes(each))) expected.add(keys[area](at))
  }
  return expected
}

/** The areas of an entity that relations read. Coverage is one table of all entities that are read parent by parent. */
const areasOf = (entity: Entity, relations: readonly Relation[]) =>
  [...DAILY, ...WHOLE].filter((area) =>
    relations.some(
      ({ objects }) =>
        objects?.prefix === keys.ofEntity(area, entity.name) ||
        (area === 'coverage' && entity.read.shape === 'children' && objects?.prefix === 'coverage/'),
    ),
  )

/**
 * What these relations should read and do not: objects that are not there, though their days are committed, in order of key.
 * An answer without them reads as if those days had no rows. It is told by keys alone; events have none that tell, since
 * which months there are is known from their rows.
 */
export async function lacking(
  store: ObjectStore,
  entities: readonly Entity[],
  relations: readonly Relation[],
): Promise<readonly string[]> {
  const each = entities.map(async (entity) => {
    const areas = entity.event === undefined ? areasOf(entity, relations) : []
    if (areas.length === 0) return []
    const expected = await expectedOf(store, entity, areas)
    const listed = await Promise.all(areas.map((area) => store.list(keys.ofEntity(area, entity.name))))
    const there = new Set(listed.flat().map(({ key }) => key))
    return [...expected].filter((key) => !there.has(key))
  })
  return (await Promise.all(each)).flat().sort()
}
