import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { blankOf } from '../../lib/core/blank.ts'
import type { Cell, Row } from '../../lib/core/column.ts'
import { dayIn } from '../../lib/core/day.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { load } from '../../lib/load/load.ts'
import { randomOf } from '../../lib/simulator/random.ts'
import { tablesOf } from '../../lib/tables/table.ts'
import { eventView, selectFrom } from '../../lib/tables/views.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import { land } from '../load/land.ts'
import { orderOf } from '../system/arrival.ts'
import { EVENT_LAWS } from './laws.ts'
import { brokenLaws, type Session, silentLaws, tableOf, unpack } from './stage.ts'
import { etagsOf } from './world.ts'

let engine: Engine
let stages: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  stages = await openEngine({ threads: 1 })
})
afterAll(async () => {
  await engine.close()
  await stages.close()
})

const JOBS = entityNamed('jobs')
const EVENTS = IS_FULL ? 20_000 : 2_000
const READINGS = 16
const BEGIN = Date.parse('2026-10-05T00:00:00Z')
const HOUR = 3_600_000
const micros = (ms: number): bigint => BigInt(ms) * 1000n

/** One reading of events: who read them, and when. */
interface Sighting {
  readonly run: string
  readonly source: 'nightly' | 'monitor'
  /** When it ended, milliseconds since 1970 UTC. */
  readonly observedTo: number
  readonly rows: readonly Row[]
}

/** A job as a reading sees it: columns that some answers leave out are nothing, and one that Tableau forgot is lost. */
function jobOn(seed: number, reading: number, id: number, created: number, at: number): Row {
  const life = randomOf(seed, 'life', id)
  const started = created + life.below(10) * HOUR
  const ended = started + life.below(200) * HOUR
  const seen = randomOf(seed, 'sight', reading, id)
  const status =
    ended <= at ? seen.pick(['Success', 'Failed', null]) : seen.pick(['Pending', 'InProgress', 'Lost', null])
  return {
    id: `job-${id}`,
    job_type: seen.pick([null, 'refresh_extracts', '']),
    status,
    title: seen.pick([null, `title ${seen.below(3)}`]),
    subtitle: null,
    priority: seen.chance(0.5) ? BigInt(seen.below(100)) : null,
    created_at: micros(created),
    started_at: started <= at && seen.chance(0.8) ? micros(started) : null,
    ended_at: ended <= at && status !== 'Lost' ? micros(ended) : null,
    finish_code: null,
    raw_extra: null,
  }
}

/** Readings by the nightly and by a monitor, some of them at the very same time, each of a part of the events so far. */
function sightingsOf(seed: number, events: number): readonly Sighting[] {
  const random = randomOf(seed, 'events')
  const created = Array.from({ length: events }, () => BEGIN + random.below(75 * 24) * HOUR)
  let at = BEGIN
  return Array.from({ length: READINGS }, (_, i) => {
    at += random.chance(0.2) && i % 2 === 1 ? 0 : 24 * HOUR * (1 + random.below(6))
    const seen = created.flatMap((when, id) =>
      when <= at && random.chance(0.4) ? [jobOn(seed, i, id, when, at)] : [],
    )
    return { run: `run-${i}`, source: i % 2 === 0 ? 'nightly' : 'monitor', observedTo: at, rows: seen }
  })
}

const landSighting = (store: ObjectStore, { run, source, observedTo, rows }: Sighting, again = '') =>
  land(store, JOBS, dayIn('UTC', observedTo), rows, {
    run: run + again,
    source,
    observedFrom: observedTo - 60_000,
  })

const loadJobs = (store: ObjectStore) => load(store, engine, JOBS, 'test', 'load')

/** The published months of a store as a table: rows, and the month in whose file each is. */
async function stageMonths(session: Session, store: ObjectStore, as: string): Promise<void> {
  const files = await unpack(session, store, 'event/', '.parquet', as)
  const months = tablesOf(JOBS).map((table) => selectFrom(table, files))
  await session.run(`CREATE OR REPLACE TABLE ${as} AS ${months[0]}`)
}

/** Puts two stores that took the same readings before the laws. */
async function onStage<T>(
  store: ObjectStore,
  straight: ObjectStore,
  sightings: readonly Sighting[],
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await stages.session()
  try {
    const columns = Object.entries(JOBS.columns).map(([name, { type }]) => ({ name, type }))
    const rows = sightings.flatMap(({ rows: seen, observedTo, source }) =>
      seen.map((row) => ({ ...row, observed_at: micros(observedTo), source })),
    )
    await tableOf(
      session,
      'sight',
      [...columns, { name: 'observed_at', type: 'timestamp' }, { name: 'source', type: 'text' }],
      rows,
    )
    await stageMonths(session, straight, 'straight')
    await stageMonths(session, store, 'month_file')
    await session.run(`CREATE OR REPLACE VIEW event AS ${eventView(JOBS, 'SELECT * FROM month_file')}`)
    return await work(session)
  } finally {
    await session.close()
  }
}

/** A store that takes all readings in order at once. */
async function inOrder(sightings: readonly Sighting[]): Promise<ObjectStore> {
  const store = memoryStore()
  for (const sighting of sightings) await landSighting(store, sighting)
  await loadJobs(store)
  return store
}

/** Takes the readings in an order, some of them twice, with two loads at once after some. */
async function arriveAll(
  store: ObjectStore,
  sightings: readonly Sighting[],
  order: readonly number[],
  luck: readonly number[],
): Promise<void> {
  for (const which of order) {
    const sighting = sightings[which]
    if (sighting === undefined) continue
    await landSighting(store, sighting)
    const chance = luck[which] ?? 0
    if (chance < 20) await landSighting(store, sighting, '-again')
    if (chance % 5 === 0) await Promise.all([loadJobs(store), loadJobs(store)])
  }
  await loadJobs(store)
}

describe('the laws of events', () => {
  test(
    `${EVENTS} events in ${READINGS} readings of two kinds: any order, some twice, two loads at once`,
    async () => {
      const wanted = cases('event-laws', { suite: 2_000, full: 100_000 })
      const luck = fc.array(fc.nat(99), { minLength: READINGS, maxLength: READINGS })
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0 }), orderOf(READINGS), luck, async (seed, [order], chances) => {
          const sightings = sightingsOf(seed, EVENTS)
          const store = memoryStore()
          await arriveAll(store, sightings, order, chances)
          const before = await etagsOf(store)
          await loadJobs(store)
          expect(await etagsOf(store)).toEqual(before)
          const straight = await inOrder(sightings)
          expect(
            await onStage(store, straight, sightings, (session) => brokenLaws(session, EVENT_LAWS)),
          ).toEqual([])
        }),
        { numRuns: Math.ceil(wanted / EVENTS), endOnFailure: true },
      )
      figure('event-laws', {
        events: Math.ceil(wanted / EVENTS) * EVENTS,
        'readings of each': READINGS,
        laws: EVENT_LAWS.length,
        violations: 0,
      })
    },
    limitFor(8, 30),
  )

  test('each law speaks when its violation is planted, and none before', async () => {
    const sightings = sightingsOf(7, 50)
    const store = await inOrder(sightings)
    await onStage(store, store, sightings, async (session) => {
      expect(await brokenLaws(session, EVENT_LAWS)).toEqual([])
      expect(await silentLaws(session, EVENT_LAWS)).toEqual([])
    })
  })

  /** A reading of one job at an hour of 1 November. */
  const sighting = (run: string, hour: number, created: string, status: string): Sighting => ({
    run,
    source: 'monitor',
    observedTo: Date.parse('2026-11-01T00:00:00Z') + hour * HOUR,
    rows: [
      {
        ...blankOf<Cell>(Object.keys(JOBS.columns), null),
        id: `job-${created}`,
        created_at: micros(Date.parse(created)),
        status,
      },
    ],
  })

  /** What a store publishes, and whether one more load finds something to do. */
  async function outcome(sightings: readonly Sighting[]): Promise<readonly unknown[]> {
    const store = await inOrder(sightings)
    const { committed } = await loadJobs(store)
    return onStage(store, store, sightings, async (session) => [
      ...(await brokenLaws(session, EVENT_LAWS)),
      ...committed,
    ])
  }

  test('a reading that says what an earlier one of its day said is a reading of its own', async () => {
    const created = '2026-11-01T00:30:00Z'
    const [first, other, again] = ['InProgress', 'Pending', 'InProgress'].map((status, i) =>
      sighting(`run-${i}`, i + 1, created, status),
    )
    expect(await outcome([first, other, again].flatMap((each) => each ?? []))).toEqual([])
  })

  test('a month is published however many other readings there are', async () => {
    const many = Array.from({ length: 60 }, (_, i) =>
      sighting(`run-${i}`, i / 4, `2026-11-01T00:${String(i).padStart(2, '0')}:00Z`, 'Success'),
    )
    expect(await outcome([sighting('before', -1, '2026-10-31T12:00:00Z', 'Success'), ...many])).toEqual([])
  })
})
