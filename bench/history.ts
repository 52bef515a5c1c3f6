import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskStore } from '../lib/adapters/local/store.ts'
import { addDays, type Day } from '../lib/core/day.ts'
import { keys } from '../lib/core/keys.ts'
import type { ObjectStore } from '../lib/core/ports.ts'
import { type Engine, openEngine } from '../lib/engine/engine.ts'
import { entityNamed } from '../lib/entities/index.ts'
import { load } from '../lib/load/load.ts'
import { type ChurningList, type ChurningSite, churningSite } from './churning-site.ts'
import { BENCH_SITE } from './landing.ts'
import { measured, progress } from './measure.ts'
import { type BenchCell, type BenchTable, benchmark, rounded } from './result.ts'

const LISTS: readonly ChurningList[] = [
  { entity: entityNamed('users'), rows: 20_000 },
  { entity: entityNamed('workbooks'), rows: 10_000 },
  { entity: entityNamed('views'), rows: 60_000 },
]
const NIGHTS = [5, 60, 365]
const FIRST: Day = '2025-11-01'
const dayOf = (night: number): Day => addDays(FIRST, night - 1)

const loadList = (store: ObjectStore, engine: Engine, { entity }: ChurningList, day: Day) =>
  load(store, engine, entity, BENCH_SITE, `load-${day}`, day)

/** Commits the nights up to one, cheaply, then folds and publishes them in one load. */
async function catchUp(
  { store, engine, site }: Bench,
  list: ChurningList,
  from: number,
  to: number,
): Promise<void> {
  for (let night = from; night <= to; night++) {
    if (night > 1) await site.churn(list, dayOf(night))
    await site.commitDay(list, dayOf(night))
  }
  await loadList(store, engine, list, dayOf(to))
}

interface Bench {
  readonly store: ObjectStore
  readonly engine: Engine
  readonly site: ChurningSite
}

/** Lands one night as an extractor does, and measures the load of it. */
async function measureNight(bench: Bench, list: ChurningList, night: number): Promise<BenchCell[]> {
  const { store, engine, site } = bench
  const day = dayOf(night)
  await site.churn(list, day)
  await site.landDay(list, day)
  const { wall, cpu, value } = await measured(() => loadList(store, engine, list, day))
  const { changes, committed } = value
  if (committed.length !== 1 || changes === null)
    throw new Error(`history: night ${night} of ${list.entity.name} was not committed and folded`)
  const history = await store.head(keys.history({ entity: list.entity.name, site: BENCH_SITE }))
  return [
    night,
    list.entity.name,
    list.rows,
    changes.new + changes.changed + changes.gone,
    rounded(wall, 2),
    rounded(cpu, 2),
    rounded((history?.size ?? 0) / 1e6, 2),
  ]
}

function total(night: number, rows: readonly BenchCell[][]): BenchCell[] {
  const sum = (column: number): number =>
    rounded(
      rows.reduce((all, row) => all + Number(row[column]), 0),
      2,
    )
  return [night, 'together', ...[2, 3, 4, 5, 6].map(sum)]
}

async function nights(bench: Bench): Promise<BenchTable> {
  const rows: BenchCell[][] = []
  let done = 0
  for (const night of NIGHTS) {
    const of: BenchCell[][] = []
    for (const list of LISTS) {
      await catchUp(bench, list, done + 1, night - 1)
      of.push(await measureNight(bench, list, night))
    }
    progress(`night ${night}: done`)
    rows.push(...of, total(night, of))
    done = night
  }
  return {
    title: 'Loading one night of 90,000 objects, 0.5 % of them changed: from landing to history',
    head: ['night', 'entity', 'rows', 'keys changed', 'wall s', 'CPU s', 'history MB'],
    rows,
  }
}

async function measure(): Promise<readonly BenchTable[]> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-bench-'))
  const [store, engine] = [diskStore(folder), await openEngine()]
  try {
    const site = await churningSite(store, engine, LISTS)
    const table = await nights({ store, engine, site })
    await site.close()
    return [table]
  } finally {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  }
}

await benchmark('history', measure)
