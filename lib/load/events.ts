import type { Day } from '../core/day.ts'
import { addDays } from '../core/day.ts'
import type { EventFacts } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { keys, type Place, parseKey } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { type CandidateReceipt, jsonBytes, parseStored } from '../core/receipt.ts'
import { redacted } from '../core/redact.ts'
import { sha256 } from '../core/sha256.ts'
import { canonicalFile, receiptOf } from './candidate.ts'
import { type Desk, readVerified } from './desk.ts'
import { footerMetadata, isMadeOf } from './footer.ts'
import type { Landing } from './landing.ts'
import { publish, readDerived } from './publish.ts'
import type { EventReading, StagedFile } from './transforms.ts'

/** A reading of events as it is stored: its receipt, and where. */
export interface Observation {
  readonly dt: Day
  readonly receipt: CandidateReceipt & { readonly months: readonly string[] }
}

/** How many of the newest observations a load looks at for months that a crash left unpublished. */
const LOOK_BACK = 40

/** How far the clock that dates events may be ahead of the one that dates readings. */
const MOST_AHEAD_MS = 86_400_000

/**
 * Holds the events of a reading to its time, before it is stored for ever: one that was created long after it was read has
 * no true date, and would stand in a month that no later reading is looked for in. Throws `incomplete`.
 */
async function refuseFuture(
  desk: Desk,
  facts: EventFacts,
  file: StagedFile,
  observedTo: number,
): Promise<void> {
  const newest = await desk.transforms.newestEvent(file, facts)
  if (newest === null || newest.createdAt <= observedTo + MOST_AHEAD_MS) return
  const [created, read] = [newest.createdAt, observedTo].map((ms) => new Date(ms).toISOString())
  throw new AlmanacError(
    'incomplete',
    `${desk.at.entity}: ${redacted(newest.id)} says ${facts.createdColumn} ${created}, more than a day after it was read (observed_to ${read})`,
  )
}

/**
 * Stores a landing's events as an observation: create-only, under its SHA-256, which is its own commit.
 * The receipt is written first, so that no observation is ever without one. Throws `incomplete` when an event is dated
 * more than a day after the reading.
 */
export async function storeObservation(
  desk: Desk,
  facts: EventFacts,
  landing: Landing,
): Promise<Observation['receipt']> {
  const { store } = desk
  const file = await canonicalFile(desk, landing.shards)
  const bytes = await desk.transforms.collect(file)
  const read = receiptOf(landing.shards, sha256(bytes))
  await refuseFuture(desk, facts, file, read.observedTo)
  const receipt = { ...read, months: await desk.transforms.months(file, facts) }
  await store.write(
    keys.observationReceipt(desk.at, landing.dt, receipt.sha256),
    jsonBytes(receipt),
    'absent',
  )
  await store.write(keys.observation(desk.at, landing.dt, receipt.sha256), bytes, 'absent')
  return receipt
}

/** As much of a desk as is needed to look at what is there. */
type Shelf = Pick<Desk, 'store' | 'at' | 'shape'>

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

async function readObservation(desk: Shelf, { dt, hash }: { dt: Day; hash: string }): Promise<Observation> {
  const key = keys.observationReceipt(desk.at, dt, hash)
  const object = await desk.store.read(key)
  if (object === undefined)
    throw new AlmanacError('corrupt-object', `${key} is gone, and its observation is there`)
  return { dt, receipt: parseStored(key, object.bytes) }
}

const onceEach = (desk: Shelf) => {
  const cache = new Map<string, Promise<Observation>>()
  return (which: { dt: Day; hash: string }): Promise<Observation> => {
    const name = `${which.dt}/${which.hash}`
    const there = cache.get(name) ?? readObservation(desk, which)
    cache.set(name, there)
    return there
  }
}

type ReadOnce = ReturnType<typeof onceEach>

/** The months of which these observations tell, in order. */
async function monthsOf(
  readOnce: ReadOnce,
  observations: readonly { dt: Day; hash: string }[],
): Promise<readonly string[]> {
  const read = await Promise.all(observations.map(readOnce))
  return [...new Set(read.flatMap(({ receipt }) => receipt.months))].sort()
}

/**
 * The observations that a month is made of. No event was created more than a day after it was read, which is at most a day
 * after the day it is for, by the site's clock; and that may be a day behind UTC. One day more, for a reading over midnight.
 */
async function ofMonth(desk: Shelf, readOnce: ReadOnce, month: string): Promise<readonly Observation[]> {
  const first = addDays(`${month}-01`, -4)
  const all = (await listObservations(desk.store, desk.at)).filter(({ dt }) => dt >= first)
  const read = await Promise.all(all.map(readOnce))
  return read.filter(({ receipt }) => receipt.months.includes(month))
}

/** An observation, verified and staged. */
async function stageReading(desk: Desk, { dt, receipt }: Observation): Promise<EventReading> {
  const hash = receipt.sha256
  const bytes = await readVerified(desk.store, keys.observation(desk.at, dt, hash), hash)
  return {
    rows: { file: await desk.transforms.stage(bytes), columns: receipt.columns },
    observedTo: receipt.observedTo,
    source: receipt.shards[0]?.source ?? 'nightly',
    hash,
  }
}

/** A month of events as its observations make it. */
async function monthFile(
  desk: Desk,
  facts: EventFacts,
  month: string,
  of: readonly Observation[],
  inputs: string,
): Promise<StagedFile> {
  const readings: EventReading[] = []
  for (const observation of of) readings.push(await stageReading(desk, observation))
  return desk.transforms.month(month, readings, facts, inputs)
}

/** Raised when the fold of months itself changes, so that every month is folded anew. */
const MONTH_FOLD = 1

/** Names the fold and the columns that months are folded into. */
const foldOf = ({ shape }: Shelf): string => sha256(JSON.stringify([MONTH_FOLD, shape.columns])).slice(0, 16)

/** Names all that a month is made of: its fold, and its observations. */
const inputsOf = (desk: Shelf, of: readonly Observation[]): string =>
  `${foldOf(desk)} ${sha256(JSON.stringify(of.map(({ receipt }) => receipt.sha256).sort()))}`

/** Publishes one month of events from its observations. */
async function publishMonth(
  desk: Desk,
  facts: EventFacts,
  readOnce: ReadOnce,
  month: string,
): Promise<number> {
  const wrote = await publish(desk, keys.event(desk.at, month), async () => {
    const of = await ofMonth(desk, readOnce, month)
    const inputs = inputsOf(desk, of)
    return {
      isSame: isMadeOf(inputs),
      build: async () => desk.transforms.collect(await monthFile(desk, facts, month, of, inputs)),
    }
  })
  return wrote ? 1 : 0
}

/** The months of which the newest observations know more than what is published; a damaged month is one of them. */
export async function unpublishedMonths(desk: Shelf): Promise<readonly string[]> {
  const readOnce = onceEach(desk)
  const recent = (await listObservations(desk.store, desk.at)).slice(-LOOK_BACK)
  const behind: string[] = []
  for (const month of await monthsOf(readOnce, recent)) {
    const object = await readDerived(desk.store, keys.event(desk.at, month))
    const isThere = isMadeOf(inputsOf(desk, await ofMonth(desk, readOnce, month)))
    if (object === undefined || !(await isThere(object))) behind.push(month)
  }
  return behind
}

/**
 * Whether the newest of these months that is published was folded otherwise than now: then older ones were, too. Months
 * are published in order, so that this one says so until those before it are done.
 */
async function isFoldedOtherwise(desk: Desk, months: readonly string[]): Promise<boolean> {
  const listed = await desk.store.list(keys.events(desk.at))
  const there = new Set(listed.map(({ key }) => key))
  const newest = months.map((month) => keys.event(desk.at, month)).findLast((key) => there.has(key))
  const object = newest === undefined ? undefined : await readDerived(desk.store, newest)
  if (object === undefined) return false
  return footerMetadata(object.bytes)['inputs']?.startsWith(`${foldOf(desk)} `) !== true
}

/**
 * Publishes every month that one of the newest observations touches, and those that are named; all months where they were
 * folded otherwise, by an earlier version or of other columns, and at a desk that trusts nothing.
 */
export async function publishEvents(
  desk: Desk,
  facts: EventFacts,
  named: readonly string[],
): Promise<number> {
  const readOnce = onceEach(desk)
  const all = await listObservations(desk.store, desk.at)
  const recent = [...new Set([...named, ...(await monthsOf(readOnce, all.slice(-LOOK_BACK)))])].sort()
  const isEach = !desk.isTrusting || (await isFoldedOtherwise(desk, recent))
  const months = isEach ? [...new Set([...recent, ...(await monthsOf(readOnce, all))])].sort() : recent
  let written = 0
  for (const month of months) written += await publishMonth(desk, facts, readOnce, month)
  return written
}

/** The days on which a nightly reading of events was committed. */
export async function observedDays(store: ObjectStore, at: Place): Promise<readonly Day[]> {
  return [...new Set((await listObservations(store, at)).map(({ dt }) => dt))]
}

/** The runs, as `day/run`, whose landing of one of these days is stored as an observation already. */
export async function observedRuns(desk: Desk, days: ReadonlySet<Day>): Promise<ReadonlySet<string>> {
  const all = await listObservations(desk.store, desk.at)
  const read = await Promise.all(all.filter(({ dt }) => days.has(dt)).map(onceEach(desk)))
  return new Set(read.flatMap(({ receipt }) => receipt.shards.map((shard) => `${shard.dt}/${shard.run}`)))
}

/** A month of events and what its published object should be, made when asked for. */
export interface ExpectedMonth {
  readonly key: string
  file(): Promise<StagedFile>
}

/** Every month of which an observation tells, in order. */
export async function expectedMonths(desk: Desk, facts: EventFacts): Promise<readonly ExpectedMonth[]> {
  const readOnce = onceEach(desk)
  const months = await monthsOf(readOnce, await listObservations(desk.store, desk.at))
  return months.map((month) => ({
    key: keys.event(desk.at, month),
    file: async () => monthFile(desk, facts, month, await ofMonth(desk, readOnce, month), 'expected'),
  }))
}
