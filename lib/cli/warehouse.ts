import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AlmanacError } from '../core/errors.ts'
import { AREAS, isSlug, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { type Call, type Options, textOption } from './command.ts'

/** A warehouse in a folder. */
export interface Warehouse {
  /** Absolute. */
  readonly root: string
  readonly store: ObjectStore
}

const rootOf = (options: Options): string => resolve(textOption(options, 'warehouse') ?? './warehouse')

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** The warehouse that is asked for; its folder is made at the first write. */
export async function openWarehouse({ options }: Call): Promise<Warehouse> {
  const { diskStore } = await import('../adapters/local/store.ts')
  const root = rootOf(options)
  return { root, store: diskStore(root) }
}

/** The warehouse that is asked for, which must be there already. Throws `not-found`. */
export async function existingWarehouse(call: Call): Promise<Warehouse> {
  const root = rootOf(call.options)
  const areas = await Promise.all(Object.keys(AREAS).map((area) => isFolder(`${root}/${area}`)))
  if (areas.includes(true)) return openWarehouse(call)
  throw new AlmanacError('not-found', `there is no warehouse at ${root}`, {
    next: 'Run "almanac nightly" first, or name the folder of one with --warehouse.',
  })
}

/** The slugs of all sites that a warehouse knows. */
export async function sitesIn(store: ObjectStore): Promise<readonly string[]> {
  return (await store.list('site/')).flatMap(({ key }) => /^site\/(.+)\.json$/.exec(key)?.[1] ?? [])
}

/** The slugs of all sites that a warehouse knows or that a run was tried for, though it may never have got through. */
export async function sitesTried(store: ObjectStore): Promise<readonly string[]> {
  const runs = (await store.list('runs/')).flatMap(({ key }) => parseKey(key)?.labels['site'] ?? [])
  return [...new Set([...(await sitesIn(store)), ...runs])].sort()
}

/** The slug given with --site, if any. Throws `usage` for what can be none. */
export function siteOption(options: Options): string | undefined {
  const slug = textOption(options, 'site')
  if (slug === undefined || isSlug(slug)) return slug
  throw new AlmanacError('usage', `--site "${slug}" is no slug`, {
    next: 'Give lower-case letters, digits and hyphens.',
  })
}

/** The sites to look at: the one given, else all. Throws `not-found` for a site that is not among them. */
export async function chosenSites(
  { store, root }: Warehouse,
  { options }: Call,
  sitesOf: (store: ObjectStore) => Promise<readonly string[]> = sitesIn,
): Promise<readonly string[]> {
  const given = siteOption(options)
  const all = await sitesOf(store)
  if (given === undefined) return all
  if (all.includes(given)) return [given]
  throw new AlmanacError('not-found', `the warehouse ${root} has no site "${given}"`, {
    next: `It has: ${all.join(', ') || 'none yet'}.`,
  })
}

/** The one site to change. Throws `usage` when there are several and none was given. */
export async function oneSite(warehouse: Warehouse, call: Call): Promise<string> {
  const sites = await chosenSites(warehouse, call)
  const [site] = sites
  if (site !== undefined && sites.length === 1) return site
  const message =
    site === undefined
      ? `the warehouse ${warehouse.root} has no site yet`
      : `the warehouse ${warehouse.root} has ${sites.length} sites: ${sites.join(', ')}`
  throw new AlmanacError('usage', message, {
    next: site === undefined ? 'Run "almanac nightly" first.' : 'Name one with --site.',
  })
}

/** The store as it is for one site: listings leave the other sites out. */
export function storeOfSites(store: ObjectStore, sites: readonly string[]): ObjectStore {
  const isOurs = (key: string): boolean => {
    const site = parseKey(key)?.labels['site']
    return site === undefined || sites.includes(site)
  }
  return { ...store, list: async (prefix) => (await store.list(prefix)).filter(({ key }) => isOurs(key)) }
}
