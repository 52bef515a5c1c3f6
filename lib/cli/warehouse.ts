import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { AlmanacError } from '../core/errors.ts'
import { AREAS, parseKey } from '../core/keys.ts'
import type { ObjectInfo, ObjectStore } from '../core/ports.ts'
import { isS3Url } from '../core/s3-place.ts'
import type { Call } from './command.ts'
import { configuredSites } from './configuration.ts'
import type { Io } from './io.ts'
import { siteOption, warehouseOption } from './site-option.ts'

/** A warehouse: in a folder, or in a bucket. */
export interface Warehouse {
  /** As people name it: an absolute folder, or `s3://bucket/prefix`. */
  readonly name: string
  readonly store: ObjectStore
  /** The folder on this machine below which the engine finds its files: its own, or the cache of its bucket. */
  readonly folder: string
  /** The path of an object's file, its bytes verified. Throws `corrupt-object`. */
  file(info: ObjectInfo): Promise<string>
}

/** Where a warehouse is when nobody says. */
export const DEFAULT_WAREHOUSE = './warehouse'

/** Whether a name leads to a bucket. */
export const isBucket = isS3Url

async function warehouseInFolder(folder: string): Promise<Warehouse> {
  const { diskStore } = await import('../adapters/local/store.ts')
  const store = diskStore(folder)
  return {
    name: folder,
    store,
    folder,
    file: async ({ key }) => {
      await store.read(key)
      return join(folder, key)
    },
  }
}

/** Where objects of buckets are kept between questions: what the XDG base directories say, else below home. */
const cacheRoot = ({ env }: Io): string =>
  join(env['XDG_CACHE_HOME']?.trim() || join(homedir(), '.cache'), 'almanac')

async function warehouseInBucket(name: string, io: Io): Promise<Warehouse> {
  const [{ openBucket }, { fileCache }] = await Promise.all([
    import('../adapters/aws/bucket.ts'),
    import('../adapters/local/cache.ts'),
  ])
  const store = await openBucket(name, io.env)
  const cache = fileCache({ root: cacheRoot(io), name, store })
  return { name, store, folder: cache.folder, file: cache.file }
}

/** A place as warehouses are named: an absolute folder, or the bucket's address as it is. */
export const warehouseName = (place: string): string => (isBucket(place) ? place : resolve(place))

/** The warehouse of this name: a folder, which is made at the first write, or `s3://bucket/prefix`. */
export const openWarehouseAt = (name: string, io: Io): Promise<Warehouse> =>
  isBucket(name) ? warehouseInBucket(name, io) : warehouseInFolder(resolve(name))

/** The warehouses that a call means: the one of --warehouse, else those of the configured sites, else the default. */
async function namesFor(call: Call): Promise<readonly string[]> {
  const given = warehouseOption(call.options)
  if (given !== undefined) return [given]
  const sites = await sitesIfConfigured(call)
  const chosen = [...new Set(sites.map(({ warehouse }) => warehouse))]
  return chosen.length > 0 ? chosen : [DEFAULT_WAREHOUSE]
}

/** The configured sites of a call; none when nothing is configured, or when --site names one that only the warehouse knows. */
export async function sitesIfConfigured(call: Call) {
  const { configurationOf } = await import('./configuration.ts')
  const configuration = await configurationOf(call)
  if (configuration === undefined) return []
  const slug = siteOption(call.options)
  const isThere = configuration.sites.some((site) => site.slug === slug)
  return isThere ? configuredSites(call) : configuration.sites
}

/** The one warehouse that a call means. Throws `usage` when the configuration has several and none was named. */
export async function openWarehouse(call: Call): Promise<Warehouse> {
  const names = await namesFor(call)
  const [name] = names
  if (name === undefined || names.length > 1)
    throw new AlmanacError(
      'usage',
      `the configured sites have ${names.length} warehouses: ${names.join(', ')}`,
      {
        next: 'Name one with --warehouse, or its site with --site.',
      },
    )
  return openWarehouseAt(name, call.io)
}

/** What stands first in an area: the folder of an entity or of a site, or an object in JSON. */
const OURS = /^(entity|site)=|\.json$/

/** Whether a folder of an area's name has anything of ours in it: other programs call folders `site` or `current`, too. */
async function isOurs(path: string): Promise<boolean> {
  const { unless } = await import('../adapters/local/failure.ts')
  const names = (await unless(['ENOENT', 'ENOTDIR'], readdir(path))) ?? []
  return names.some((name) => OURS.test(name))
}

/** The warehouse of this name, if anything of it is there. */
export async function warehouseIfThere(name: string, io: Io): Promise<Warehouse | undefined> {
  const warehouse = await openWarehouseAt(name, io)
  return (await isThere(warehouse)) ? warehouse : undefined
}

/** Whether anything of a warehouse is there. A bucket that cannot be read says so itself. */
async function isThere({ name, store, folder }: Warehouse): Promise<boolean> {
  if (!isBucket(name))
    return (await Promise.all(Object.keys(AREAS).map((area) => isOurs(`${folder}/${area}`)))).includes(true)
  for (const area of ['site/', 'runs/', 'lease/']) if ((await store.list(area)).length > 0) return true
  return false
}

async function existing(warehouse: Warehouse): Promise<Warehouse> {
  if (await isThere(warehouse)) return warehouse
  throw new AlmanacError('not-found', `there is no warehouse at ${warehouse.name}`, {
    next: 'Run "almanac nightly" first, or name the folder or bucket of one with --warehouse.',
  })
}

/** The warehouse that is asked for, which must be there already. Throws `not-found`. */
export const existingWarehouse = async (call: Call): Promise<Warehouse> => existing(await openWarehouse(call))

/** Every warehouse that is asked for; each must be there already. Throws `not-found`. */
export async function existingWarehouses(call: Call): Promise<readonly Warehouse[]> {
  const found: Warehouse[] = []
  for (const name of await namesFor(call)) found.push(await existing(await openWarehouseAt(name, call.io)))
  return found
}

/**
 * The slugs of all sites that a warehouse knows, and of those of which something is published: where a site's identity is
 * lost, its rows are there all the same, and an answer without them would be false.
 */
export async function sitesIn(store: ObjectStore): Promise<readonly string[]> {
  const listed = await Promise.all(['site/', 'current/', 'event/'].map((area) => store.list(area)))
  const slugs = listed.flat().flatMap(({ key }) => parseKey(key)?.labels['site'] ?? slugIn(key))
  return [...new Set(slugs)].sort()
}

const slugIn = (key: string): readonly string[] => {
  const slug = /^site\/(.+)\.json$/.exec(key)?.[1]
  return slug === undefined ? [] : [slug]
}

/** The slugs of all sites that a warehouse knows or that a run was tried for, though it may never have got through. */
export async function sitesTried(store: ObjectStore): Promise<readonly string[]> {
  const runs = (await store.list('runs/')).flatMap(({ key }) => parseKey(key)?.labels['site'] ?? [])
  return [...new Set([...(await sitesIn(store)), ...runs])].sort()
}

/** The sites to look at: the one given, else all. Throws `not-found` for a site that is not among them. */
export async function chosenSites(
  { store, name }: Warehouse,
  { options }: Call,
  sitesOf: (store: ObjectStore) => Promise<readonly string[]> = sitesIn,
): Promise<readonly string[]> {
  const given = siteOption(options)
  const all = await sitesOf(store)
  if (given === undefined) return all
  if (all.includes(given)) return [given]
  throw new AlmanacError('not-found', `the warehouse ${name} has no site "${given}"`, {
    next: `It has: ${all.join(', ') || 'none yet'}.`,
  })
}

/**
 * The sites that a question is about: the one given, else undefined, which stands for all that is there. Without --site
 * nothing is left out by what the warehouse knows: where that is lost, an answer would be empty, and false.
 */
export const askedSites = async (warehouse: Warehouse, call: Call): Promise<readonly string[] | undefined> =>
  siteOption(call.options) === undefined ? undefined : chosenSites(warehouse, call)

/** The one site to change. Throws `usage` when there are several and none was given. */
export async function oneSite(warehouse: Warehouse, call: Call): Promise<string> {
  const sites = await chosenSites(warehouse, call)
  const [site] = sites
  if (site !== undefined && sites.length === 1) return site
  const message =
    site === undefined
      ? `the warehouse ${warehouse.name} has no site yet`
      : `the warehouse ${warehouse.name} has ${sites.length} sites: ${sites.join(', ')}`
  throw new AlmanacError('usage', message, {
    next: site === undefined ? 'Run "almanac nightly" first.' : 'Name one with --site.',
  })
}

/** The store as it is for these sites: listings leave the others out; undefined leaves out none. */
export function storeOfSites(store: ObjectStore, sites: readonly string[] | undefined): ObjectStore {
  if (sites === undefined) return store
  const isOurs = (key: string): boolean => {
    const site = parseKey(key)?.labels['site']
    return site === undefined || sites.includes(site)
  }
  return { ...store, list: async (prefix) => (await store.list(prefix)).filter(({ key }) => isOurs(key)) }
}
