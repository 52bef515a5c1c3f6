import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskStore } from '../lib/adapters/local/store.ts'
import type { Day } from '../lib/core/day.ts'
import { keys } from '../lib/core/keys.ts'
import type { ObjectStore } from '../lib/core/ports.ts'
import { candidateColumns, shapeOf } from '../lib/core/shape.ts'
import type { Session } from '../lib/engine/database.ts'
import { literal, name, parquetOptions } from '../lib/engine/sql.ts'
import { partSink, rowSink } from '../lib/extract/sink.ts'
import { load } from '../lib/load/load.ts'
import { parsePage } from '../lib/tableau/answer.ts'
import { type Engine, openEngine } from '../lib/transform/engine.ts'
import { BENCH_SITE, landParts } from './landing.ts'
import { type Cost, measured, meter, progress } from './measure.ts'
import { BIG_LIST, millionPage } from './million-page.ts'
import { type BenchCell, type BenchTable, benchmark, rounded } from './result.ts'

const ROWS = Number(process.env['BENCH_MILLION_ROWS'] ?? 1_000_000)
const PAGE = 1000
const FIRST: Day = '2026-11-01'
const SECOND: Day = '2026-11-02'

interface Stage {
  readonly what: string
  readonly cost: Cost
}

async function loadNight(store: ObjectStore, engine: Engine, dt: Day): Promise<Stage> {
  const loaded = await measured(() => load(store, engine, BIG_LIST, BENCH_SITE, `load-${dt}`, dt))
  if (loaded.value.committed.length !== 1) throw new Error(`million: ${dt} was not committed`)
  progress(`${dt}: loaded`)
  return { what: 'load: candidate, guard, snapshot, history, current', cost: loaded }
}

/** Night 1, from XML to landing. What makes the pages is not counted; their JSON is read beside them for the floor. */
async function extractFirst(store: ObjectStore): Promise<{ stages: readonly Stage[]; json: Stage }> {
  const [parse, write, json] = [meter(), meter(), meter()]
  const parts = partSink(candidateColumns(shapeOf(BIG_LIST)))
  const rows = rowSink(BIG_LIST, new Map(), (fresh) => parts.add(fresh))
  for (let from = 0; from < ROWS; from += PAGE) {
    const page = millionPage(from, PAGE, ROWS)
    await parse.run(() => rows.take(parsePage(page.xml, { list: 'items', item: 'item' }).items))
    await json.run(() => JSON.parse(page.json))
  }
  const finished = await write.run(() => parts.finish())
  await write.run(() => landParts(store, BIG_LIST, FIRST, finished))
  progress(`${FIRST}: landed`)
  const stages = [
    { what: 'XML to rows to Parquet parts', cost: parse.cost() },
    { what: 'closing and landing the parts', cost: write.cost() },
  ]
  return { stages, json: { what: 'floor: JSON.parse of the same items', cost: json.cost() } }
}

/** Lands night 2, in which one row in 200 has another owner: made by the engine, since reading the XML again would cost the same again. */
async function landSecond(store: ObjectStore, engine: Engine): Promise<void> {
  const session = await engine.session()
  const [first = ''] = await stagedSnapshots(store, session)
  const file = session.scratch()
  const changed = `* REPLACE (CASE WHEN hash(id) % 200 = 0 THEN 'somebody else' ELSE owner_id END AS owner_id)`
  await session.run(
    `COPY (SELECT ${changed} FROM read_parquet(${literal(first)})) TO ${literal(file)} ${parquetOptions()}`,
  )
  await landParts(store, BIG_LIST, SECOND, [{ bytes: await session.collect(file), rows: ROWS }])
  await session.close()
}

async function stagedSnapshots(store: ObjectStore, session: Session): Promise<string[]> {
  const files: string[] = []
  for (const dt of [FIRST, SECOND]) {
    const object = await store.read(keys.snapshot({ entity: BIG_LIST.name, site: BENCH_SITE }, dt))
    if (object !== undefined) files.push(await session.stage(object.bytes))
  }
  return files
}

/** What the engine alone needs: a table of its own to Parquet, and two snapshots read whole. */
async function engineFloor(store: ObjectStore, engine: Engine): Promise<readonly Stage[]> {
  const session = await engine.session()
  const [first = '', second = ''] = await stagedSnapshots(store, session)
  await session.run(`CREATE TEMP TABLE whole AS SELECT * FROM read_parquet(${literal(second)})`)
  const copy = await measured(() =>
    session.run(`COPY whole TO ${literal(session.scratch())} ${parquetOptions()}`),
  )
  const columns = Object.keys(BIG_LIST.columns)
  const all = columns.map((column) => `max(${name(column)}), count(${name(column)})`).join(', ')
  const read = await measured(async () => {
    for (const file of [first, second])
      await session.rows(`SELECT ${all} FROM read_parquet(${literal(file)})`)
  })
  await session.close()
  return [
    { what: 'floor: engine table to Parquet', cost: copy },
    { what: 'floor: two snapshots read whole', cost: read },
  ]
}

const sum = (stages: readonly Stage[]): Cost =>
  stages.reduce((all, { cost }) => ({ wall: all.wall + cost.wall, cpu: all.cpu + cost.cpu }), {
    wall: 0,
    cpu: 0,
  })

const row = (what: string, { wall, cpu }: Cost): BenchCell[] => [what, rounded(wall, 2), rounded(cpu, 2)]

function table(nights: readonly (readonly Stage[])[], floor: readonly Stage[]): BenchTable {
  const bottom = sum(floor)
  const rows = nights.flatMap((stages, i) => {
    const whole = sum(stages)
    // Both nights read the same XML: it is measured, and shown, once.
    const own = i === 0 ? stages : stages.slice(-1)
    return [
      ...own.map(({ what, cost }) => row(`night ${i + 1}: ${what}`, cost)),
      row(`night ${i + 1}, whole`, whole),
      [`night ${i + 1}, times the floor`, rounded(whole.wall / bottom.wall), rounded(whole.cpu / bottom.cpu)],
    ]
  })
  return {
    title: `${ROWS.toLocaleString('en-US')} rows of 21 columns from XML text to history; in night 2 one row in 200 has changed`,
    head: ['stage', 'wall s', 'CPU s'],
    rows: [...floor.map(({ what, cost }) => row(what, cost)), row('floor, whole', bottom), ...rows],
  }
}

async function measure(): Promise<readonly BenchTable[]> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-bench-'))
  const [store, engine] = [diskStore(folder), await openEngine()]
  try {
    const { stages, json } = await extractFirst(store)
    const first = [...stages, await loadNight(store, engine, FIRST)]
    await landSecond(store, engine)
    const second = [...stages, await loadNight(store, engine, SECOND)]
    return [table([first, second], [json, ...(await engineFloor(store, engine))])]
  } finally {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  }
}

await benchmark('million', measure)
