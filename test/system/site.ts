import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { EntityOutcome, RunEvent } from '../../lib/core/event.ts'
import type { Clock, ObjectStore } from '../../lib/core/ports.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import type { NightlyInput } from '../../lib/nightly/input.ts'
import { nightly } from '../../lib/nightly/nightly.ts'
import { query } from '../../lib/questions/query.ts'
import type { Counts } from '../../lib/simulator/counts.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/server.ts'
import { connect } from '../../lib/tableau/client.ts'
import { patIdentity, type SignIn, sessionName } from '../../lib/tableau/identity.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'

/** A site that thirty nights of can be read in seconds; every list is large enough for the guard to have an opinion. */
export const FEW: Counts = {
  users: 60,
  groups: 12,
  projects: 15,
  workbooks: 80,
  views: 250,
  datasources: 40,
  jobsPerDay: 40,
  jobDays: 12,
}

/** A lease is renewed every so often; only waits of that length are real, so that retries cost no time. */
const LONG_WAIT = 20_000

/** A clock on which retries are due at once and long waits are as long as ever. */
export const impatientClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    signal?.throwIfAborted()
    if (milliseconds < LONG_WAIT) return
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() =>
      signal?.throwIfAborted(),
    )
  },
}

/** What one night has that others have not. */
export type NightChanges = Partial<NightlyInput> & { readonly signIn?: SignIn }

/** A simulated site and a warehouse of it. */
export interface Site {
  readonly simulator: Simulator
  readonly store: ObjectStore
  readonly engine: Engine
  /** Every event of the nights so far. */
  readonly events: RunEvent[]
  /** One night; the simulator goes to that day first. */
  night(day: Day, changes?: NightChanges, store?: ObjectStore): Promise<RunReport>
  close(): Promise<void>
}

/** Starts a site of few objects over a store, in memory unless given. A shared engine is left open. */
export async function openSite(
  options: SimulatorOptions = {},
  store: ObjectStore = memoryStore(),
  shared?: Engine,
): Promise<Site> {
  const simulator = await startSimulator({ seed: 'system', counts: FEW, day: '2026-11-01', ...options })
  const engine = shared ?? (await openEngine({ threads: 1 }))
  const events: RunEvent[] = []
  const emit = (event: RunEvent): void => void events.push(event)
  return {
    simulator,
    store,
    engine,
    events,
    night: async (day, changes = {}, on = store) => {
      if (simulator.day() !== day) simulator.setDay(day)
      const { signIn = signInTo(simulator), ...others } = changes
      const input = { ...inputOf(signIn, day), ...others }
      return nightly(input, {
        store: on,
        engine,
        clock: impatientClock,
        emit,
        newAttempt: () => randomBytes(4).toString('hex'),
        connect: (beforeSignIn, signal) =>
          connect({
            signIn,
            clock: impatientClock,
            random: Math.random,
            emit,
            beforeSignIn,
            signal,
          }),
      })
    },
    close: async () => {
      if (shared === undefined) await engine.close()
      await simulator.close()
    },
  }
}

/** How one signs in to a simulated site. */
export const signInTo = ({ url, site, patName, patSecret }: Simulator): SignIn => ({
  serverUrl: url,
  contentUrl: site,
  identity: patIdentity(patName, patSecret),
})

const inputOf = (signIn: SignIn, dt: Day): NightlyInput => ({
  site: 'demo',
  timeZone: 'UTC',
  session: sessionName(signIn),
  entities: ENTITIES,
  run: `r${randomBytes(3).toString('hex')}`,
  dt,
  backdate: null,
  acceptSurplus: [],
  acceptNarrowed: [],
})

/** The entities of these names, for the nights that need only some. */
export const only = (...names: readonly string[]): readonly Entity[] =>
  ENTITIES.filter(({ name }) => names.includes(name))

/** An outcome by entity; throws when the report has none. */
export function outcomeOf(report: RunReport, entity: string): EntityOutcome {
  const found = report.outcomes.find((outcome) => outcome.entity === entity)
  if (found === undefined) throw new Error(`no outcome of ${entity} in ${JSON.stringify(report)}`)
  return found
}

/** A folder that is gone when the process is done with it. */
export async function scratchFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'almanac-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Plain rows of an answer: numbers, texts, truth values, lists; days and instants as texts of the engine's. */
export type PlainRow = Readonly<Record<string, unknown>>

/**
 * Asks the published tables of a store as an analyst would. The objects are written out to a folder first, so that the
 * question sees plain files and prefixes, as Athena does.
 */
export async function ask(store: ObjectStore, sql: string): Promise<readonly PlainRow[]> {
  const { path, remove } = await scratchFolder()
  try {
    const shelf = { store, folders: [path], file: ({ key }: { key: string }) => copyOut(store, path, key) }
    const { answer, reader } = await query(
      shelf,
      relationsOf(ENTITIES, VIEWS),
      `SELECT to_json(t) FROM (${sql}) t`,
    )
    const rows: PlainRow[] = []
    for await (const chunk of answer.chunks) for (const [json] of chunk) rows.push(JSON.parse(String(json)))
    reader.close()
    return rows
  } finally {
    await remove()
  }
}

/** Asks several questions at once, each by its name. */
export async function askAll(
  store: ObjectStore,
  questions: Readonly<Record<string, string>>,
): Promise<(name: string) => readonly PlainRow[]> {
  const parts = Object.entries(questions).map(
    ([name, sql]) => `SELECT '${name}' AS question, to_json(t) AS answer FROM (${sql}) t`,
  )
  const rows = await ask(store, parts.join(' UNION ALL '))
  return (name) => rows.flatMap(({ question, answer }) => (question === name ? [answer as PlainRow] : []))
}

async function copyOut(store: ObjectStore, folder: string, key: string): Promise<string> {
  const object = await store.read(key)
  if (object === undefined) throw new Error(`${key} was listed and is gone`)
  const file = join(folder, key)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, object.bytes)
  return file
}
