import type { Day } from '../core/day.ts'
import { addDays } from '../core/day.ts'
import type { EventFacts } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys, type Place, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { type CandidateReceipt, jsonBytes, parseStored, type StoredColumn } from '../core/receipt.ts'
import { sha256 } from '../core/sha256.ts'
import type { Shape } from '../core/shape.ts'
import { literal, name, names, parquetOptions } from '../engine/sql.ts'
import { checkParts, partsRelation, readVerified, receiptOf, stageParts } from './candidate.ts'
import type { Desk } from './desk.ts'
import { isMadeOf } from './footer.ts'
import type { Landing } from './landing.ts'
import { projection } from './projection.ts'
import { publish, readDerived } from './publish.ts'

/** A reading of events as it is stored: its receipt, and where. */
export interface Observation {
  readonly dt: Day
  readonly receipt: CandidateReceipt & { readonly months: readonly string[] }
}

/** The columns of a published month of events: the entity's, and when each was last observed. */
export const eventColumns = (shape: Shape): readonly StoredColumn[] => [
  ...shape.columns,
  { name: 'observed_at', type: 'timestamp' },
]

/** How many of the newest observations a load looks at for months that a crash left unpublished. */
const LOOK_BACK = 40

/**
 * Stores a landing's events as an observation: create-only, under its SHA-256, which is its own commit.
 * The receipt is written first, so that no observation is ever without one.
 */
export async function storeObservation(
  desk: Desk,
  facts: EventFacts,
  landing: Landing,
): Promise<CandidateReceipt> {
  const { store, session, shape } = desk
  const relation = partsRelation(await stageParts(store, session, landing.shards), shape.columns)
  await checkParts(session, shape, relation, landing.shards)
  const file = session.scratch()
  const columns = names(shape.columns.map((column) => column.name))
  await session.run(
    `COPY (SELECT ${columns} FROM ${relation} ORDER BY ${names(shape.key)}) TO ${literal(file)} ${parquetOptions()}`,
  )
  const bytes = await session.collect(file)
  const months = await session.rows(
    `SELECT DISTINCT strftime(${name(facts.createdColumn)}, '%Y-%m') AS month FROM read_parquet(${literal(file)}) ORDER BY 1`,
  )
  const receipt = {
    ...receiptOf(landing.shards, sha256(bytes)),
    months: months.map((row) => String(row['month'])),
  }
  await store.write(
    keys.observationReceipt(desk.at, landing.dt, receipt.sha256),
    jsonBytes(receipt),
    'absent',
  )
  await store.write(keys.observation(desk.at, landing.dt, receipt.sha256), bytes, 'absent')
  return receipt
}

/** Every committed observation of an entity: those whose Parquet is there, in order of day. */
async function listObservations(
  store: ObjectStore,
  at: Place,
): Promise<readonly { dt: Day; hash: string }[]> {
  return (await store.list(keys.observations(at))).flatMap(({ key }) => {
    const parsed = parseKey(key)
    const dt = parsed?.labels['dt']
    return dt !== undefined && parsed?.file.endsWith('.parquet')
      ? [{ dt, hash: parsed.file.slice(0, -'.parquet'.length) }]
      : []
  })
}

async function readObservation(desk: Desk, { dt, hash }: { dt: Day; hash: string }): Promise<Observation> {
  const key = keys.observationReceipt(desk.at, dt, hash)
  const object = await desk.store.read(key)
  if (object === undefined)
    throw new AlmanacError('corrupt-object', `${key} is gone, and its observation is there`)
  return { dt, receipt: parseStored(key, object.bytes) }
}

const onceEach = (desk: Desk) => {
  const cache = new Map<string, Promise<Observation>>()
  return (which: { dt: Day; hash: string }): Promise<Observation> => {
    const there = cache.get(which.hash) ?? readObservation(desk, which)
    cache.set(which.hash, there)
    return there
  }
}

type ReadOnce = ReturnType<typeof onceEach>

/** The observations that a month is made of: no event is observed before the day it was created (a day's grace for zones). */
async function ofMonth(desk: Desk, readOnce: ReadOnce, month: string): Promise<readonly Observation[]> {
  const first = addDays(`${month}-01`, -1)
  const all = (await listObservations(desk.store, desk.at)).filter(({ dt }) => dt >= first)
  const read = await Promise.all(all.map(readOnce))
  return read.filter(({ receipt }) => receipt.months.includes(month))
}

/**
 * Per event and column the newest value that is not null, in the order (finished, observed at, source, hash): the same
 * from any order of observations, and a monitor's notes are not lost to a later row that lacks them.
 */
async function monthQuery(
  desk: Desk,
  facts: EventFacts,
  month: string,
  of: readonly Observation[],
): Promise<string> {
  const { shape } = desk
  const created = name(facts.createdColumn)
  const readings: string[] = []
  for (const { dt, receipt } of of) {
    const bytes = await readVerified(
      desk.store,
      keys.observation(desk.at, dt, receipt.sha256),
      receipt.sha256,
    )
    const file = await desk.session.stage(bytes)
    const source = receipt.shards[0]?.source ?? 'nightly'
    readings.push(
      `SELECT ${projection(shape.columns, receipt.columns)}, make_timestamp(${receipt.observedTo}000) AS observed_at,
         ${literal(source)} AS source, ${literal(receipt.sha256)} AS hash FROM read_parquet(${literal(file)})`,
    )
  }
  const lost = Object.entries(facts.lost).map(
    ([column, value]) => `${name(column)} = ${literal(String(value))}`,
  )
  const finished = `CASE WHEN ${name(facts.endedColumn)} IS NOT NULL THEN 2 WHEN ${lost.join(' AND ')} THEN 1 ELSE 0 END`
  const key = names(shape.key)
  const newest = shape.columns
    .map((column) => column.name)
    .filter((column) => !shape.key.includes(column))
    .map((column) => {
      const cell = name(column)
      return column === facts.createdColumn
        ? `min(${cell}) AS ${cell}`
        : `arg_max(${cell}, rank) FILTER (WHERE ${cell} IS NOT NULL) AS ${cell}`
    })
  return `SELECT ${names(eventColumns(shape).map((column) => column.name))} FROM (
    SELECT ${[key, ...newest].join(', ')}, max(observed_at) AS observed_at FROM (
      SELECT *, row_number() OVER (PARTITION BY ${key} ORDER BY ${finished}, observed_at, source, hash) AS rank
      FROM (${readings.join(' UNION ALL ')}))
    GROUP BY ${key}) WHERE strftime(${created}, '%Y-%m') = ${literal(month)} ORDER BY ${key}`
}

/** Publishes one month of events from its observations. */
async function publishMonth(
  desk: Desk,
  facts: EventFacts,
  readOnce: ReadOnce,
  month: string,
): Promise<number> {
  const wrote = await publish(desk.store, keys.event(desk.at, month), async () => {
    const of = await ofMonth(desk, readOnce, month)
    const inputs = sha256(
      JSON.stringify([desk.shape.columns, of.map(({ receipt }) => receipt.sha256).sort()]),
    )
    return {
      isSame: isMadeOf(inputs),
      build: async () => {
        const file = desk.session.scratch()
        await desk.session.run(
          `COPY (${await monthQuery(desk, facts, month, of)}) TO ${literal(file)} ${parquetOptions({ inputs })}`,
        )
        return desk.session.collect(file)
      },
    }
  })
  return wrote ? 1 : 0
}

/** Publishes every month that one of the newest observations touches; all months when `everything`. */
export async function publishEvents(desk: Desk, facts: EventFacts, everything = false): Promise<number> {
  const readOnce = onceEach(desk)
  const all = await listObservations(desk.store, desk.at)
  const recent = await Promise.all((everything ? all : all.slice(-LOOK_BACK)).map(readOnce))
  const months = [...new Set(recent.flatMap(({ receipt }) => receipt.months))].sort()
  let written = 0
  for (const month of months) written += await publishMonth(desk, facts, readOnce, month)
  return written
}

/** The days on which a nightly reading of events was committed. */
export async function observedDays(store: ObjectStore, at: Place): Promise<readonly Day[]> {
  return [...new Set((await listObservations(store, at)).map(({ dt }) => dt))]
}

/** The runs whose landing is stored as an observation already. */
export async function observedRuns(desk: Desk): Promise<ReadonlySet<string>> {
  const read = await Promise.all(
    (await listObservations(desk.store, desk.at)).slice(-LOOK_BACK).map(onceEach(desk)),
  )
  return new Set(read.flatMap(({ receipt }) => receipt.shards.map((shard) => `${shard.dt}/${shard.run}`)))
}

/** The months whose published events are not what their observations make of them. */
export async function verifyEventMonths(
  desk: Desk,
  facts: EventFacts,
): Promise<readonly { key: string; message: string }[]> {
  const readOnce = onceEach(desk)
  const all = await Promise.all((await listObservations(desk.store, desk.at)).map(readOnce))
  const faults: { key: string; message: string }[] = []
  for (const month of [...new Set(all.flatMap(({ receipt }) => receipt.months))].sort()) {
    const key = keys.event(desk.at, month)
    const object = await readDerived(desk.store, key)
    if (object === undefined) {
      faults.push({ key, message: `${key} is not there or damaged` })
      continue
    }
    const published = `SELECT * FROM read_parquet(${literal(await desk.session.stage(object.bytes))})`
    const expected = await monthQuery(desk, facts, month, await ofMonth(desk, readOnce, month))
    const [row] = await desk.session.rows(
      `SELECT count(*) AS rows FROM ((${published} EXCEPT ALL (${expected})) UNION ALL ((${expected}) EXCEPT ALL ${published}))`,
    )
    if (Number(row?.['rows']) > 0)
      faults.push({ key, message: `${row?.['rows']} rows differ from what its observations make of it` })
  }
  return faults
}
