import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Receipt } from '../../lib/core/receipt.ts'
import { sha256 } from '../../lib/core/sha256.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { type ExtractResult, extract, type Unfinished } from '../../lib/extract/extract.ts'
import { load } from '../../lib/load/load.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { type Client, connect } from '../../lib/tableau/client.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { publishedRows } from '../load/toy.ts'
import { impatientClock, signInTo } from '../system/site.ts'

/** The entity that is read parent by parent. */
export const MEMBERS: Entity = entityNamed('group_members')

/** The day of every reading here. */
export const DT = '2026-11-01'

/** How many parents the simulated site has. */
export const PARENTS = 7

/** A simulated site of a few groups and a client that is signed in to it. */
export interface Visit {
  readonly simulator: Simulator
  readonly client: Client
  close(): Promise<void>
}

/** Starts a small site and signs in. */
export async function visitSite(seed = 'checkpoint'): Promise<Visit> {
  const counts = { users: 25, groups: PARENTS, projects: 2, workbooks: 2, views: 2, datasources: 1 }
  const simulator = await startSimulator({ seed, counts: { ...counts, jobsPerDay: 1, jobDays: 1 }, day: DT })
  const client = await connect({
    signIn: signInTo(simulator),
    clock: impatientClock,
    random: () => 0,
    emit: () => undefined,
  })
  const close = async (): Promise<void> => {
    await client.close()
    await simulator.close()
  }
  return { simulator, client, close }
}

/** Time for so many parents, or pages more, and then for none. */
export function timeFor(parents: number): () => boolean {
  let left = parents
  return () => left-- > 0
}

let attempts = 0

/** One invocation of a run. */
export function invoke(
  client: Client,
  store: ObjectStore,
  mayGoOn: () => boolean,
  more: { run?: string; entity?: Entity } = {},
): Promise<ExtractResult | Unfinished> {
  const input = {
    entity: more.entity ?? MEMBERS,
    site: 'demo',
    dt: DT,
    run: more.run ?? 'run',
    attempt: sha256(String(++attempts)).slice(0, 8),
    acceptSurplus: false,
    acceptNarrowed: false,
    backdated: null,
  }
  return extract(input, { client, store, emit: () => undefined, mayGoOn })
}

/** Invokes a run until it is finished; `time` is asked for the parents of each invocation, from 0. */
export async function untilDone(
  client: Client,
  store: ObjectStore,
  time: (invocation: number) => number,
): Promise<{ receipt: Receipt; invocations: number }> {
  for (let invocation = 0; ; invocation++) {
    const result = await invoke(client, store, timeFor(time(invocation)))
    if (result.verdict === 'complete') return { receipt: result.receipt, invocations: invocation + 1 }
    if (result.verdict !== 'unfinished') throw new Error(`${result.verdict}: ${result.reason}`)
  }
}

const LASTING = [
  'rows',
  'firstTotal',
  'lastTotal',
  'duplicates',
  'surplus',
  'parentsSurplus',
  'parents',
  'drift',
  'columns',
  'missing',
] as const

/** What of a receipt is the same however often the reading stopped. */
export const lasting = (receipt: Receipt): Partial<Receipt> =>
  Object.fromEntries(LASTING.map((name) => [name, receipt[name]]))

/** The published rows of the day, after a load: its snapshot and its coverage. Throws when the day is not committed. */
export async function published(store: ObjectStore, engine: Engine, entity = MEMBERS) {
  const { committed, held } = await load(store, engine, entity, 'demo', 'load', DT)
  if (committed.length !== 1) throw new Error(`not committed: ${JSON.stringify(held)}`)
  const at = { entity: entity.name, site: 'demo' }
  const rowsOf = (key: string) => publishedRows(store, engine, key)
  return {
    snapshot: await rowsOf(keys.snapshot(at, DT)),
    coverage: await rowsOf(keys.coverage(at, DT)),
  }
}

/** The same reading in one go. */
export async function inOneGo(client: Client, engine: Engine) {
  const store = memoryStore()
  const { receipt } = await untilDone(client, store, () => 1000)
  return { receipt: lasting(receipt), published: await published(store, engine) }
}
