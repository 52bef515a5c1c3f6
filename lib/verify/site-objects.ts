import { isSlug, keys } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Finding } from './finding.ts'
import { SITE_HINTS } from './hint.ts'
import { damageOf } from './objects.ts'

/** Stands in the place of a site for what is no single one’s. */
export const EVERY_SITE = 'every site'

type Kind = keyof typeof SITE_HINTS

/** Looks at objects of one kind. Yields what is damaged; their kind stands in the place of the entity. */
async function* look(store: ObjectStore, kind: Kind, site: string, prefix: string): AsyncGenerator<Finding> {
  for (const { key } of await store.list(prefix)) {
    const message = await damageOf(store, key)
    if (message !== undefined)
      yield { entity: kind, site, key, level: 'damaged', message, next: SITE_HINTS[kind] }
  }
}

/** Every site of which anything is there that belongs to no entity. */
export async function sitesWithObjects(store: ObjectStore): Promise<readonly string[]> {
  const listed = await Promise.all(['site/', 'notice/', 'runs/site='].map((prefix) => store.list(prefix)))
  const named = listed
    .flat()
    .flatMap(({ key }) => /^(?:(?:site|notice)\/|runs\/site=)([^/]+?)(?:\.json$|\/)/.exec(key)?.[1] ?? [])
  return [...new Set(named)].filter(isSlug).sort()
}

/** Looks at what belongs to a site and to no entity. Yields what is damaged. */
export async function* verifySite(store: ObjectStore, site: string): AsyncGenerator<Finding> {
  yield* look(store, 'site', site, keys.site(site))
  yield* look(store, 'runs', site, keys.runs(site))
  yield* look(store, 'notice', site, keys.notice(site))
}

/** Looks at the leases, which are no site's: one stands for each host and token. */
export const verifyLeases = (store: ObjectStore): AsyncGenerator<Finding> =>
  look(store, 'lease', EVERY_SITE, 'lease/')
