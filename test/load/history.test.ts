import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import { addDays } from '../../lib/core/day.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { changesView } from '../../lib/tables/views.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { land } from './land.ts'
import { historyOracle, type Reading, type Value } from './oracle.ts'
import { newestReading } from './readings.ts'
import {
  derivedWorld,
  forgetDerived,
  historyOf,
  placeOf,
  publishedRows,
  shown,
  shownRows,
  THINGS,
} from './toy.ts'

const COLUMNS = ['name', 'size', 'tags'] as const
const FIRST = '2026-11-01'
/** Each key lives a life of its own: a calendar of ten keys is ten cases. Fewer than the guard's ten deletions a night. */
const KEYS = [...'abcdefghij']
/** Always there: a day with no rows at all would be the guard's business, which has tests of its own. */
const SENTINEL = ['z', { name: 'stays', size: 0, tags: [] }] as const

type Cells = Readonly<Record<string, Value>>
type DayReading = Omit<Reading, 'dt'>

const cells: fc.Arbitrary<Cells> = fc
  .tuple(
    fc.constantFrom(null, 'a', "o'b", ''),
    fc.constantFrom(null, 0, 1),
    fc.constantFrom<Value[]>(null, [], ['x'], ['x', 'y']),
  )
  .map(([name, size, tags]) => ({ name, size, tags: tags ?? null }))

const missing: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.subarray([...COLUMNS]) },
)

const reading: fc.Arbitrary<DayReading> = fc
  .tuple(missing, fc.array(fc.option(cells, { freq: 3 }), { maxLength: KEYS.length }))
  .map(([columns, rows]) => ({
    missing: columns,
    rows: new Map<string, Cells>([
      ...rows.flatMap((row, i) => (row === null ? [] : [[KEYS[i] ?? '', row] as const])),
      SENTINEL,
    ]),
  }))

interface Plan {
  /** The reading of each day of the calendar, or none. */
  readonly days: readonly (DayReading | null)[]
  /** Decides which landing arrives when, and after which arrivals a load runs. */
  readonly arrival: readonly (readonly [rank: number, isLoaded: boolean])[]
  readonly corrections: readonly (readonly [on: number, what: DayReading | 'withdraw'])[]
}

const plan: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.array(fc.option(reading, { freq: 5 }), { minLength: 1, maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(99), fc.boolean()), { minLength: 6, maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(5), fc.oneof(fc.constant('withdraw' as const), reading)), { maxLength: 3 }),
  )
  .map(([days, arrival, corrections]) => ({ days, arrival, corrections }))

let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())

const asRows = ({ rows, missing }: Omit<Reading, 'dt'>, views: number): Row[] =>
  [...rows].map(([id, values]) => ({
    id,
    ...Object.fromEntries(
      Object.entries(values).map(([column, value]) => [
        column,
        missing.includes(column) ? null : typeof value === 'number' ? BigInt(value) : value,
      ]),
    ),
    views: BigInt(views),
    raw_extra: null,
  }))

const arrive = (store: ObjectStore, each: Reading, version: number) =>
  land(store, THINGS, each.dt, asRows(each, version), {
    run: `run-${version}`,
    missing: each.missing,
    observedFrom: Date.parse(`${each.dt}T03:00:00Z`) + version * 1000,
  })

/** Lands the days in the plan's order, loading now and then and at the end. */
async function loadAll(store: ObjectStore, { days, arrival }: Plan): Promise<Map<string, Reading>> {
  const readings = days.flatMap((each, i) => (each === null ? [] : [{ dt: addDays(FIRST, i), ...each }]))
  const order = readings
    .map((each, i) => ({ each, rank: arrival[i]?.[0] ?? 0 }))
    .sort((a, b) => a.rank - b.rank)
  for (const [i, { each }] of order.entries()) {
    await arrive(store, each, 1)
    if (arrival[i]?.[1] === true) await load(store, engine, THINGS, 'test', `load-${i}`)
  }
  await load(store, engine, THINGS, 'test', 'load-last')
  return new Map(readings.map((each) => [each.dt, each]))
}

/** Corrects days as planned; a withdrawn day may come back. What counts afterwards is in `committed`. */
async function correctAll(
  store: ObjectStore,
  { corrections }: Plan,
  committed: Map<string, Reading | null>,
): Promise<void> {
  for (const [i, [on, what]] of corrections.entries()) {
    const dt = [...committed.keys()].sort()[on % Math.max(1, committed.size)]
    if (dt === undefined) continue
    const facts = { dt, run: `correct-${i}`, reason: 'test' }
    if (what === 'withdraw') {
      if (committed.get(dt) === null) continue
      await withdrawDay(store, engine, THINGS, 'test', facts)
      committed.set(dt, null)
      continue
    }
    const now = await candidateOf(store, dt)
    await arrive(store, { dt, ...what }, i + 2)
    const named = await newestReading(store, engine, THINGS, dt)
    await replaceDay(store, engine, THINGS, 'test', { ...facts, replaces: now, with: named })
    committed.set(dt, { dt, ...what })
  }
}

async function candidateOf(store: ObjectStore, dt: string): Promise<string> {
  const versions = (await store.list(keys.manifests(placeOf(THINGS)))).filter(({ key }) => key.includes(dt))
  const newest = await store.read(versions.at(-1)?.key ?? '')
  return JSON.parse(Buffer.from(newest?.bytes ?? []).toString()).candidate ?? 'withdrawn'
}

type Rows = readonly Record<string, unknown>[]

/** AS OF each day equals that day's own rows, in what that day knew. */
function checkAsOf(history: Rows, readings: readonly Reading[]): void {
  for (const { dt, missing, rows } of readings) {
    const known = COLUMNS.filter((column) => !missing.includes(column))
    const asOf = history.filter(
      (row) => String(row['valid_from']) <= dt && (row['valid_to'] === null || String(row['valid_to']) > dt),
    )
    expect(asOf.map((row) => [row['id'], ...known.map((column) => row[column])])).toEqual(
      [...rows]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, values]) => [id, ...known.map((column) => values[column])]),
    )
  }
}

/** Intervals are half-open and follow one another; at most one is open, and it is the last. */
function checkIntervals(history: Rows): void {
  for (const [i, row] of history.entries()) {
    if (row['valid_to'] !== null) expect(String(row['valid_from']) < String(row['valid_to'])).toBe(true)
    const next = history[i + 1]
    if (next?.['id'] !== row['id']) continue
    expect(row['valid_to']).not.toBeNull()
    expect(String(row['valid_to']) <= String(next?.['valid_from'])).toBe(true)
  }
}

/** What `things_changes` answers, in the oracle's words. */
async function changesOf(store: ObjectStore): Promise<Rows> {
  const object = await store.read(keys.history(placeOf(THINGS)))
  const session = await engine.session()
  try {
    const file = await session.stage(object?.bytes ?? new Uint8Array())
    await session.run(
      `CREATE TEMP VIEW things_history AS SELECT 'test' AS site, * FROM read_parquet('${file}')`,
    )
    const rows = await session.rows(
      `SELECT * FROM (${changesView(THINGS)}) ORDER BY id, changed_on, kind, "column"`,
    )
    return shownRows(rows)
  } finally {
    await session.close()
  }
}

const asChange = (value: unknown): unknown =>
  value === null ? null : Array.isArray(value) ? `[${value.join(', ')}]` : String(value)

async function checkChanges(store: ObjectStore, expected: Rows): Promise<void> {
  const byAll = (a: readonly unknown[], b: readonly unknown[]) =>
    JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
  const found = (await changesOf(store)).map((each) => [
    each['id'],
    each['changed_on'],
    each['changed_after'],
    each['kind'],
    each['column'],
    each['old_value'],
    each['new_value'],
  ])
  const wanted = expected.map((each) => [
    each['id'],
    each['changed_on'],
    each['changed_after'],
    each['kind'],
    each['column'],
    asChange(each['old']),
    asChange(each['now']),
  ])
  expect(found.toSorted(byAll)).toEqual(wanted.toSorted(byAll))
}

/** What a store must hold once these readings count; a withdrawn day counts as not taken. */
async function checkStore(store: ObjectStore, committed: ReadonlyMap<string, Reading | null>): Promise<void> {
  const readings = [...committed.values()]
    .flatMap((each) => each ?? [])
    .sort((a, b) => (a.dt < b.dt ? -1 : 1))
  const history = await historyOf(store, engine, THINGS)
  const oracle = historyOracle(readings, COLUMNS)
  expect(history).toEqual(oracle.versions)
  checkAsOf(history, readings)
  checkIntervals(history)
  if (committed.size > 0) await checkChanges(store, oracle.changes)
  for (const [dt, each] of committed) {
    const rows = await publishedRows(store, engine, keys.snapshot(placeOf(THINGS), dt))
    expect(rows?.map((row) => row['id'])).toEqual([...(each?.rows.keys() ?? [])].sort())
  }
  const current = await publishedRows(store, engine, keys.current(placeOf(THINGS)))
  expect(new Set(current?.map((row) => shown(row['as_of'])))).toEqual(
    new Set(readings.slice(-1).map(({ dt }) => dt)),
  )
}

const RUNS = Number(process.env['ALMANAC_HISTORY_CALENDARS'] ?? 8)

async function foldAgrees(each: Plan): Promise<void> {
  const store = memoryStore()
  const committed: Map<string, Reading | null> = await loadAll(store, each)
  await correctAll(store, each, committed)
  await checkStore(store, committed)
  const incremental = await derivedWorld(store, engine)
  await forgetDerived(store)
  await load(store, engine, THINGS, 'test', 'rebuild')
  expect(await derivedWorld(store, engine)).toEqual(incremental)
}

describe('history is a fold over the days', () => {
  test(`${RUNS} random calendars of ${KEYS.length} keys: any order of arrival, corrections, withdrawals, missing columns`, async () => {
    await fc.assert(fc.asyncProperty(plan, foldAgrees), { numRuns: RUNS })
  }, 600_000)
})
