import { AREAS, ENTITY_AREAS, type Place } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'

const PUBLISHED = ENTITY_AREAS.filter((area) => AREAS[area] === 'derived')

/** The keys of all tables that are published of an entity, whether or not anything stands for them: questions read them all. */
export async function publishedKeys(store: ObjectStore, { entity, site }: Place): Promise<readonly string[]> {
  const listed = await Promise.all(
    PUBLISHED.map((area) => store.list(`${area}/entity=${entity}/site=${site}/`)),
  )
  return listed
    .flat()
    .map(({ key }) => key)
    .filter((key) => key.endsWith('.parquet'))
}
