import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { Emit, EntityOutcome } from '../../lib/core/event.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { exitOfRun, type RunReport } from '../../lib/core/report.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { extract } from '../../lib/extract/extract.ts'
import { load } from '../../lib/load/load.ts'
import { nightly } from '../../lib/nightly/nightly.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { LINKS, THINGS } from '../load/toy.ts'
import { failingStore } from './failing-store.ts'
import type { Acknowledge, Scene } from './scene.ts'
import { slowClock } from './slow-clock.ts'
import { siteOn } from './stub-site.ts'

const JOBS = entityNamed('jobs')
const ENTITIES = [THINGS, LINKS, JOBS]
const SITE = 'test'
const DAYS = ['2026-10-18', '2026-11-01', '2026-11-02', '2026-11-03'] as const
const [OLD, DAY1, DAY2, DAY3] = DAYS
/** How long an operation takes on the slow clock, in milliseconds: a lease is renewed at every third. */
const OPERATION = 7_000

/** Reads one entity of a day into landing; the code of the failure, or null. */
async function extractOne(
  store: ObjectStore,
  entity: Entity,
  dt: string,
  run: string,
): Promise<string | null> {
  const task = {
    entity,
    site: SITE,
    dt,
    run,
    attempt: '0123abcd',
    acceptSurplus: false,
    acceptNarrowed: false,
  }
  const ports = { client: siteOn(dt), store, emit: () => undefined }
  const result = await extract({ ...task, backdated: null }, ports)
  return result.verdict === 'complete' ? null : (result.error?.code ?? result.verdict)
}

const acknowledging =
  (dt: string, acknowledge: Acknowledge): Emit =>
  (event) => {
    if (event.type === 'entity-ended' && isComplete(event.outcome)) acknowledge(event.outcome.entity, dt)
  }

const isComplete = ({ verdict }: EntityOutcome): boolean => verdict === 'complete'

/** One whole night of a day, by a clock of its own. */
function night(
  store: ObjectStore,
  engine: Engine,
  dt: string,
  run: string,
  acknowledge: Acknowledge = () => undefined,
): Promise<RunReport> {
  const clock = slowClock()
  let attempts = 0
  return nightly(
    {
      site: SITE,
      timeZone: 'UTC',
      session: { host: 'tableau.example.com', name: 'token' },
      entities: ENTITIES,
      run,
      dt,
      backdate: null,
      acceptSurplus: [],
      acceptNarrowed: [],
    },
    {
      store: failingStore(store, undefined, () => clock.pass(OPERATION)),
      engine,
      clock,
      emit: acknowledging(dt, acknowledge),
      newAttempt: () => String(++attempts).padStart(8, '0'),
      connect: async (beforeSignIn) => {
        await beforeSignIn()
        return siteOn(dt)
      },
    },
  )
}

const failureIn = (report: RunReport): string | null =>
  report.failure?.code ?? (exitOfRun(report) === 0 ? null : 'incomplete')

/** Two nights, the first of them older than landing is kept. */
async function twoNights(engine: Engine): Promise<ObjectStore> {
  const store = memoryStore()
  for (const dt of [OLD, DAY1]) {
    const failure = failureIn(await night(store, engine, dt, `run-${dt}`))
    if (failure !== null) throw new Error(`the night of ${dt}: ${failure}`)
  }
  return store
}

const extracting = (entity: Entity): Scene => ({
  name: `extracting ${entity.name}`,
  isExact: false,
  start: twoNights,
  work: (store) => extractOne(store, entity, DAY3, 'struck'),
  settle: (store, engine) => load(store, engine, entity, SITE, 'load'),
  heal: async (store, engine) => {
    await extractOne(store, entity, DAY3, 'again')
    await load(store, engine, entity, SITE, 'load')
  },
})

/** A night that also finds what a dead one left in landing, and landing that has expired. */
const wholeNight: Scene = {
  name: 'a whole night',
  isExact: false,
  start: async (engine) => {
    const store = await twoNights(engine)
    for (const entity of ENTITIES) await extractOne(store, entity, DAY2, 'dead')
    return store
  },
  // Where reading fails, what the dead night left is loaded all the same.
  midst: async (store, engine) => {
    for (const entity of ENTITIES) await load(store, engine, entity, SITE, 'load')
  },
  work: async (store, engine, acknowledge) =>
    failureIn(await night(store, engine, DAY3, 'struck', acknowledge)),
  heal: (store, engine) => night(store, engine, DAY3, 'again'),
}

/** The night that binds the site to its slug, in a warehouse where nothing was ever written. */
const firstNight: Scene = {
  name: 'the first night of all',
  isExact: false,
  start: async () => memoryStore(),
  work: async (store, engine, acknowledge) =>
    failureIn(await night(store, engine, OLD, 'struck', acknowledge)),
  heal: (store, engine) => night(store, engine, OLD, 'again'),
}

/** Extractions of one entity, loaded afterwards, and whole nights: over a site that answers without a network. */
export const NIGHT_SCENES: readonly Scene[] = [...ENTITIES.map(extracting), firstNight, wholeNight]
