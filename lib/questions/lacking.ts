import type { Entity } from '../core/entity.ts'
import { keys, type Place, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Relation } from '../tables/relation.ts'

const DAILY = ['snapshot', 'coverage'] as const
const WHOLE = ['history', 'current', 'event'] as const
type PublishedArea = (typeof DAILY | typeof WHOLE)[number]

/** What an answer lacks, told by keys alone. */
export interface Lacking {
  /** Objects that are not there, though their days are committed, in order of key. Without them those days seem to have no rows. */
  readonly objects: readonly string[]
  /** What was never committed of a site, whose tables are empty for it: not because it has none. In order of site. */
  readonly unread: readonly Place[]
}

/** The places and days of an entity that are committed; of events, that were read. */
async function committedOf(
  store: ObjectStore,
  { name: entity, event }: Entity,
): Promise<readonly { readonly at: Place; readonly dt: string }[]> {
  const listed = await store.list(keys.ofEntity(event === undefined ? 'manifest' : 'observation', entity))
  return listed.flatMap(({ key }) => {
    const { site, dt } = parseKey(key)?.labels ?? {}
    return site === undefined || dt === undefined ? [] : [{ at: { entity, site }, dt }]
  })
}

/** The areas of an entity that relations read. Coverage is one table of all entities that are read parent by parent. */
const areasOf = (entity: Entity, relations: readonly Relation[]): readonly PublishedArea[] =>
  [...DAILY, ...WHOLE].filter((area) =>
    relations.some(
      ({ objects }) =>
        objects?.prefix === keys.ofEntity(area, entity.name) ||
        (area === 'coverage' && entity.read.shape === 'children' && objects?.prefix === 'coverage/'),
    ),
  )

/** The published objects that committed days ask for in these areas. Of events none: only their rows tell which months there are. */
function expectedOf(
  committed: Awaited<ReturnType<typeof committedOf>>,
  areas: readonly PublishedArea[],
): ReadonlySet<string> {
  const expected = new Set<string>()
  for (const { at, dt } of committed) {
    for (const area of areas) {
      if (area === 'event') continue
      expected.add(area === 'snapshot' || area === 'coverage' ? keys[area](at, dt) : keys[area](at))
    }
  }
  return expected
}

/** What these relations lack of an entity. */
async function lackingOf(
  store: ObjectStore,
  sites: readonly string[],
  entity: Entity,
  relations: readonly Relation[],
): Promise<Lacking> {
  const areas = areasOf(entity, relations)
  if (areas.length === 0) return { objects: [], unread: [] }
  const committed = await committedOf(store, entity)
  const listed = await Promise.all(areas.map((area) => store.list(keys.ofEntity(area, entity.name))))
  const there = new Set(listed.flat().map(({ key }) => key))
  // Where manifests are lost, what was published by them is there all the same.
  const shown = [...there].map((key) => parseKey(key)?.labels['site'])
  const read = new Set([...committed.map(({ at }) => at.site), ...shown])
  return {
    objects: [...expectedOf(committed, areas)].filter((key) => !there.has(key)),
    unread: sites.filter((site) => !read.has(site)).map((site) => ({ entity: entity.name, site })),
  }
}

/** What these relations should read of these sites and do not. */
export async function lacking(
  store: ObjectStore,
  sites: readonly string[],
  entities: readonly Entity[],
  relations: readonly Relation[],
): Promise<Lacking> {
  const each = await Promise.all(entities.map((entity) => lackingOf(store, sites, entity, relations)))
  const unread = each.flatMap((one) => one.unread)
  return {
    objects: each.flatMap(({ objects }) => objects).sort(),
    unread: sites.flatMap((site) => unread.filter((one) => one.site === site)),
  }
}
