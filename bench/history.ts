import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskStore } from '../lib/adapters/local/store.ts'
import { keys } from '../lib/core/keys.ts'
import { committedDays, readManifest } from '../lib/core/manifest.ts'
import type { ObjectStore } from '../lib/core/ports.ts'
import { shapeOf } from '../lib/core/shape.ts'
import type { Session } from '../lib/engine/database.ts'
import { entityNamed } from '../lib/entities/index.ts'
import { openDesk } from '../lib/load/desk.ts'
import { type FoundHistory, findHistory, foldHistory } from '../lib/load/history.ts'
import { load } from '../lib/load/load.ts'
import { type Engine, openEngine } from '../lib/transform/engine.ts'
import { type ChurningList, churn, rowObjects } from './churning-list.ts'
import { BENCH_SITE, landRows } from './landing.ts'
import { type Cost, measured, progress } from './measure.ts'
import { dayOf, type PastNights, pastNights } from './past-nights.ts'
import { type BenchCell, type BenchTable, benchmark, rounded } from './result.ts'

const LISTS: readonly ChurningList[] = [
  { entity: entityNamed('users'), rows: 20_000 },
  { entity: entityNamed('workbooks'), rows: 10_000 },
  { entity: entityNamed('views'), rows: 60_000 },
]
const NIGHTS = [5, 60, 365]

interface Bench {
  readonly store: ObjectStore
  readonly engine: Engine
  /** Holds the list of today and the fold. */
  readonly session: Session
}

/** What history alone costs: finding it as it was, cutting it back, applying the night, writing the file. */
interface HistoryWork {
  readonly found: Cost & { readonly value: FoundHistory }
  /** Folds the night that was committed meanwhile. */
  fold(): Promise<Cost>
}

async function historyWork({ store, engine }: Bench, { entity }: ChurningList): Promise<HistoryWork> {
  const shape = shapeOf(entity)
  const transforms = await engine.transforms(shape)
  const at = { entity: entity.name, site: BENCH_SITE }
  const desk = openDesk(store, transforms, shape, at)
  const found = await measured(() => findHistory(desk))
  return {
    found,
    fold: async () => {
      const days = await committedDays(store, at)
      const { wall, cpu } = await measured(async () =>
        transforms.collect((await foldHistory(desk, found.value, days)).file),
      )
      await transforms.close()
      return { wall: wall + found.wall, cpu: cpu + found.cpu }
    },
  }
}

/** Lands one night as an extractor does, and measures the load of it. */
async function measureNight(
  bench: Bench,
  list: ChurningList,
  past: PastNights,
  night: number,
): Promise<BenchCell[]> {
  const { store, engine, session } = bench
  const { entity } = list
  const [day, at] = [dayOf(night), { entity: entity.name, site: BENCH_SITE }]
  await churn(session, list, day)
  await landRows(store, entity, day, await rowObjects(session, list))
  const work = await historyWork(bench, list)
  const whole = await measured(() => load(store, engine, entity, BENCH_SITE, `load-${day}`, day))
  const { changes, committed } = whole.value
  if (committed.length !== 1 || changes === null)
    throw new Error(`history: night ${night} of ${entity.name} was not committed and folded`)
  const share = await work.fold()
  await past.follow(day, (await readManifest(store, at, { dt: day, version: 1 })).candidate ?? '')
  progress(`night ${night} of ${entity.name}: done`)
  const seconds = [whole.wall, whole.cpu, share.wall, share.cpu].map((value) => rounded(value, 2))
  const size = (await store.head(keys.history(at)))?.size ?? 0
  return [
    night,
    entity.name,
    list.rows,
    changes.new + changes.changed + changes.gone,
    ...seconds,
    rounded(size / 1e6, 2),
  ]
}

/** One list through its year; the measured nights in order. */
async function year(bench: Bench, list: ChurningList): Promise<BenchCell[][]> {
  const past = await pastNights(bench.store, bench.session, list)
  const rows: BenchCell[][] = []
  let night = 1
  for (const next of NIGHTS) {
    for (; night < next; night++) await past.goOn(dayOf(night), night === next - 1)
    await past.publish()
    rows.push(await measureNight(bench, list, past, next))
    night++
  }
  return rows
}

function together(night: number, rows: readonly BenchCell[][]): BenchCell[] {
  const sum = (column: number): number =>
    rounded(
      rows.reduce((all, row) => all + Number(row[column]), 0),
      2,
    )
  return [night, 'together', ...[2, 3, 4, 5, 6, 7, 8].map(sum)]
}

async function years(store: ObjectStore, engine: Engine): Promise<BenchTable> {
  const rows: BenchCell[][] = []
  for (const list of LISTS) {
    const session = await engine.session()
    rows.push(...(await year({ store, engine, session }, list)))
    await session.close()
  }
  return {
    title: 'Loading one night of 90,000 objects, 0.5 % of them changed: from landing to history',
    head: [
      'night',
      'entity',
      'rows',
      'keys changed',
      'load wall s',
      'load CPU s',
      'of it history wall s',
      'history CPU s',
      'history MB',
    ],
    rows: NIGHTS.flatMap((night) => {
      const of = rows.filter(([each]) => each === night)
      return [...of, together(night, of)]
    }),
  }
}

async function measure(): Promise<readonly BenchTable[]> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-bench-'))
  const [store, engine] = [diskStore(folder), await openEngine({ sessions: 3 })]
  try {
    return [await years(store, engine)]
  } finally {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  }
}

await benchmark('history', measure)
