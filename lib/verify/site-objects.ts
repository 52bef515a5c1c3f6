import { keys } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Finding } from './finding.ts'
import { damageOf } from './objects.ts'

/** What belongs to a site and to no entity, and what to do when it is damaged. */
const OF_SITE: Readonly<Record<'site' | 'runs' | 'notice', string>> = {
  site: 'It says which site this slug means. Restore it from a backup; or, where you are sure that it is the same site, remove it: the next night writes it anew.',
  runs: 'It is the report of one run; nothing else is made of it. Restore it from a backup, or remove it, and that report is lost.',
  notice:
    'It says who was told of which incident. Remove it: the next night writes it anew, and may tell of an open incident again.',
}

const LEASE =
  'It says which run holds a token. Remove it while no run is going, or let the next run wait for a minute: it takes it over.'

async function* look(
  store: ObjectStore,
  what: string,
  site: string,
  listed: readonly string[],
  next: string,
): AsyncGenerator<Finding> {
  for (const key of listed) {
    const message = await damageOf(store, key)
    if (message !== undefined) yield { entity: what, site, key, level: 'damaged', message, next }
  }
}

/** Looks at what belongs to a site and to no entity. Yields what is damaged; the area stands in the place of the entity. */
export async function* verifySite(store: ObjectStore, site: string): AsyncGenerator<Finding> {
  const listed = {
    site: (await store.head(keys.site(site))) === undefined ? [] : [keys.site(site)],
    runs: (await store.list(keys.runs(site))).map(({ key }) => key),
    notice: (await store.head(keys.notice(site))) === undefined ? [] : [keys.notice(site)],
  }
  for (const area of ['site', 'runs', 'notice'] as const)
    yield* look(store, area, site, listed[area], OF_SITE[area])
}

/** Looks at the leases, which are no site's: one stands for each host and token. */
export async function* verifyLeases(store: ObjectStore): AsyncGenerator<Finding> {
  const listed = (await store.list('lease/')).map(({ key }) => key)
  yield* look(store, 'lease', 'every site', listed, LEASE)
}
