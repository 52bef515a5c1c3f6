import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isKey } from '../../lib/adapters/key.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { slugFor } from '../../lib/config/slug.ts'
import { isError } from '../../lib/core/errors.ts'
import { isSlug, keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { startS3 } from '../aws/s3-server.ts'
import { clientOf, warehouseIn } from '../aws/warehouse.ts'
import { almanac, environmentOf } from '../cli/terminal.ts'
import { leastFile, print as printJson } from '../config/sample.ts'
import { type Attack, attack } from './attack.ts'
import { folderPrint, printChanges } from './folder-print.ts'
import type { HostileSite } from './hostile-site.ts'
import { BAD_PLACES, PATH_NAMES } from './path-texts.ts'

const BYTES = new Uint8Array([1])
const DAY = '2026-11-01'
/** What a name may look like once it is the name of a file or a folder. */
const SAFE_PATH = /^(?:(?:\.tmp|\.lock\.duckdb|\.?[A-Za-z0-9_=-][A-Za-z0-9_=.-]*)(?:\/|$))+$/

const isRefused = (thrown: unknown): boolean =>
  isError(thrown, 'internal') && /is none of a warehouse/.test(thrown.message)

/** The keys that careless code would build from a name. */
const keysWith = (name: string): readonly string[] => [
  name,
  `site/${name}.json`,
  `current/entity=${name}/site=demo/data.parquet`,
  `current/entity=users/site=${name}/data.parquet`,
  `runs/site=demo/dt=${DAY}/run=${name}.json`,
  `landing/entity=users/site=demo/dt=${name}/x`,
]

/** A store refuses what is no key, before it does anything; what is a key stays in its place. */
async function byStore(store: ObjectStore, name: string): Promise<string | undefined> {
  for (const key of keysWith(name).filter((each) => !isKey(each))) {
    const calls = [
      () => store.read(key),
      () => store.head(key),
      () => store.write(key, BYTES, 'absent'),
      () => store.write(key, BYTES, { etag: 'x' }),
      () => store.remove(key),
      () => store.list(`${key}/`),
    ]
    for (const [number, call] of calls.entries()) {
      const thrown = await call().then(
        () => undefined,
        (error: unknown) => error,
      )
      if (!isRefused(thrown)) return `call ${number} of ${JSON.stringify(key)} came to ${String(thrown)}`
    }
  }
  return undefined
}

/** On a disk, what is a key is written, so that the folder can be looked at. */
async function onDisk(store: ObjectStore, name: string): Promise<string | undefined> {
  for (const key of keysWith(name).filter(isKey)) {
    const below = `${key}/below`
    await store.write(isKey(below) ? below : key, BYTES, 'absent')
  }
  return byStore(store, name)
}

/** The builders of keys take a slug, or throw; never do they make another key of a name. */
function byBuilder(name: string): string | undefined {
  const at = { entity: 'users', site: name }
  const builders = [
    () => keys.current(at),
    () => keys.runs(name),
    () => keys.site(name),
    () => keys.notice(name),
    () => keys.current({ entity: name, site: 'demo' }),
    () => keys.run('demo', DAY, name),
  ]
  for (const build of builders) {
    try {
      const key = build()
      if (!isKey(key.replace(/\/$/, ''))) return `${JSON.stringify(key)} was built`
    } catch (thrown) {
      if (!isError(thrown, 'internal')) return String(thrown)
    }
  }
  const slug = slugFor(name)
  return slug === undefined || isKey(keys.site(slug)) ? undefined : `became the slug ${slug}`
}

/** Commands refuse a name as a matter of usage, whatever it stands for. */
async function byCommand({ ask, base }: HostileSite, name: string): Promise<string | undefined> {
  const config = join(base, 'config.json')
  await writeFile(config, printJson(leastFile({ warehouse: join(base, 'nowhere') }, { slug: name })))
  const calls: readonly (readonly string[])[] = [
    ['query', 'SELECT 1', '--site', name],
    ['status', '--site', name],
    ['nightly', '--site', name, '--select', 'users', '--date', name],
    ['nightly', '--select', name],
    ['verify', '--select', name],
    ['history', name, 'x'],
    ['accept', name, '--sha', 'abcdef01'],
  ]
  for (const call of calls) {
    const { exit, out } = await ask(call)
    if (exit !== 2 || out !== '') return `${call.join(' ')} ended with ${exit}: ${out}`
  }
  const { exit, err } = await almanac(['status', '--config', config])
  const isSaid = isSlug(name) ? /not-found/.test(err) : /^error bad-configuration/.test(err)
  return exit === 2 && isSaid ? undefined : `as a slug in a configuration: ${exit}, ${err}`
}

/** Real nights of sites that are called so: the server does not know them, and their reports lie below a slug. */
async function byNight({ base, simulator }: HostileSite, name: string): Promise<string | undefined> {
  const env = { ...environmentOf(simulator), TABLEAU_SITE_ID: name }
  const { exit, err } = await almanac(
    ['nightly', '--warehouse', join(base, 'nights'), '--select', 'users', '--quiet'],
    env,
  )
  return (exit === 1 || exit === 2) && !/error internal/.test(err)
    ? undefined
    : `a night ended with ${exit}: ${err}`
}

/** Names of sites that the environment takes, and that a file system would take otherwise. */
const NIGHTS = [
  '..%2f..',
  '..\\x',
  'C:',
  'x*',
  '[x]',
  'con',
  'nul',
  'DEMO',
  '$(id)',
  '__proto__',
  'dеmo',
  '-rf',
]

const badPlaces = ({ base }: HostileSite): Promise<Attack> =>
  attack(BAD_PLACES, async (place) => {
    const { exit, out } = await almanac(['status', '--warehouse', place], {
      HOME: base,
      XDG_CACHE_HOME: base,
    })
    return exit === 2 && out === '' ? undefined : `ended with ${exit}`
  })

/** Names as content URLs, slugs, entities, runs and keys: by configuration, options, real nights, builders and stores. */
export async function pathNames(site: HostileSite): Promise<Attack> {
  const root = join(site.base, 'store', 'root')
  await mkdir(root, { recursive: true })
  const outside = async (): Promise<readonly string[]> =>
    (await folderPrint(site.base)).filter((line) => !/^(store\/root|nights|config\.json)/.test(line))
  const [before, server, disk, memory] = [await outside(), await startS3(), diskStore(root), memoryStore()]
  const client = await clientOf(server)
  const bucket = warehouseIn(server, client, 'prefix')
  const found = await attack(
    PATH_NAMES,
    async (name) =>
      byBuilder(name) ??
      (await byStore(memory, name)) ??
      (await byStore(bucket, name)) ??
      (await onDisk(disk, name)) ??
      byCommand(site, name),
  )
  const nights = await attack(NIGHTS, (name) => byNight(site, name))
  const places = await badPlaces(site)
  const asked = Object.keys(server.counts).length
  client.destroy()
  await server.close()
  const names = [
    ...(await readdir(root, { recursive: true })),
    ...(await readdir(join(site.base, 'nights'), { recursive: true })),
  ]
  return {
    tried: found.tried + places.tried,
    through: [
      ...[found, nights, places].flatMap(({ through }) => through),
      ...names.filter((name) => !SAFE_PATH.test(name)).map((name) => `made ${name}`),
      ...printChanges(before, await outside()),
      ...(asked === 0 ? [] : [`the bucket was asked ${asked} kinds of things`]),
    ],
  }
}
