import { keys, parseKey } from '../../lib/core/keys.ts'
import { readManifest } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { publishedRows, shownRows } from '../load/toy.ts'

const DERIVED = ['snapshot/', 'coverage/', 'current/', 'history/', 'event/']
const BY_DAY = ['snapshot/', 'coverage/']

/**
 * The states that a warehouse may be seen in: before the work, between its commits where it makes several one after the
 * other, and after it.
 */
export type States = readonly ObjectStore[]

/** The commits that a store holds: every manifest, and every day of which there is an observation, whoever read it. */
export async function commitsIn(store: ObjectStore): Promise<ReadonlySet<string>> {
  const manifests = (await store.list('manifest/')).map(({ key }) => key)
  const observations = (await store.list('observation/')).map(({ key }) => key)
  const days = observations.filter((key) => key.endsWith('.parquet')).map((key) => key.replace(/[^/]+$/, ''))
  return new Set([...manifests, ...days])
}

const entityOf = (key: string): string => parseKey(key)?.labels['entity'] ?? ''

/** Days that a reader sees by listing and that nobody committed, and days of which there are two objects. */
async function dayFaults(store: ObjectStore): Promise<readonly string[]> {
  const commits = [...(await commitsIn(store))]
  const faults: string[] = []
  for (const area of BY_DAY) {
    const seen = new Set<string>()
    for (const { key } of await store.list(area)) {
      const day = key.slice(area.length, key.lastIndexOf('/') + 1)
      if (seen.has(day)) faults.push(`a second object for one day: ${key}`)
      if (!commits.some((commit) => commit.startsWith(`manifest/${day}`)))
        faults.push(`not committed, and published: ${key}`)
      seen.add(day)
    }
  }
  return faults
}

/** Commits without the candidate or the receipt that they are made of. */
async function commitFaults(store: ObjectStore): Promise<readonly string[]> {
  const faults: string[] = []
  for (const { key } of await store.list('manifest/')) {
    const { entity = '', site = '', dt = '' } = parseKey(key)?.labels ?? {}
    const version = Number(/v(\d+)\.json$/.exec(key)?.[1])
    const { candidate } = await readManifest(store, { entity, site }, { dt, version })
    if (candidate === null) continue
    const object = await store.read(keys.candidate({ entity, site }, dt, candidate))
    if (object?.sha256 !== candidate) faults.push(`a commit without its candidate: ${key}`)
  }
  const observations = new Set((await store.list('observation/')).map(({ key }) => key))
  const isBare = (key: string): boolean =>
    key.endsWith('.parquet') && !observations.has(key.replace(/parquet$/, 'json'))
  faults.push(...[...observations].filter(isBare).map((key) => `an observation without a receipt: ${key}`))
  return faults
}

const shown = async (store: ObjectStore, key: string, engine: Engine): Promise<string> =>
  JSON.stringify(shownRows(await publishedRows(store, engine, key)))

/** Of these states, those that have the same object: the same bytes, else the same rows; none at all is no rows. */
async function statesLike(
  store: ObjectStore,
  key: string,
  states: States,
  engine: Engine,
): Promise<readonly ObjectStore[]> {
  const mine = await store.read(key)
  const there = await Promise.all(states.map(async (state) => ({ state, object: await state.read(key) })))
  const same = there.filter(({ object }) => object?.sha256 === mine?.sha256)
  if (same.length > 0 || mine === undefined) return same.map(({ state }) => state)
  const rows = await shown(store, key, engine)
  const like: ObjectStore[] = []
  for (const state of states) if ((await shown(state, key, engine)) === rows) like.push(state)
  return like
}

/** Published objects that are those of no state, and those of a state whose commits are not all there yet. */
async function stateFaults(store: ObjectStore, states: States, engine: Engine): Promise<readonly string[]> {
  const commits = await commitsIn(store)
  const hasCommits = async (state: ObjectStore, entity: string): Promise<boolean> =>
    [...(await commitsIn(state))].every((commit) => entityOf(commit) !== entity || commits.has(commit))
  const listed = await Promise.all(
    [store, ...states].flatMap((each) => DERIVED.map((area) => each.list(area))),
  )
  const faults: string[] = []
  for (const key of new Set(listed.flat().map((info) => info.key))) {
    const like = await statesLike(store, key, states, engine)
    const committed = await Promise.all(like.map((state) => hasCommits(state, entityOf(key))))
    if (like.length === 0) faults.push(`neither old nor new: ${key}`)
    else if (!committed.includes(true)) faults.push(`published before it was committed: ${key}`)
  }
  return faults
}

/**
 * What somebody who lists the published prefixes would see that is not so: an object that is neither old nor new, a day
 * that nobody committed, two objects for one day, a commit without its candidate. Nothing when all is well.
 */
export async function readerFaults(
  store: ObjectStore,
  states: States,
  engine: Engine,
): Promise<readonly string[]> {
  return [
    ...(await dayFaults(store)),
    ...(await commitFaults(store)),
    ...(await stateFaults(store, states, engine)),
  ]
}
