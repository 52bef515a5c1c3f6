import type { Row } from '../core/column.ts'
import type { EventFacts, ListRead } from '../core/entity.ts'
import { AlmanacError, isError } from '../core/errors.ts'
import type { RawItem } from '../core/item.ts'
import { keys, type Place } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import {
  type CandidateReceipt,
  type EventWindow,
  parseStored,
  type UnfinishedEvent,
} from '../core/receipt.ts'
import { redacted } from '../core/redact.ts'
import { type Drift, keyOf, rowReader } from '../core/row.ts'
import { addCosts } from '../tableau/calls.ts'
import { isSegment } from '../tableau/transport.ts'
import type { ReadContext, Reading } from './reading.ts'
import { readEventList } from './rows.ts'

const HOUR = 3_600_000

/** How far a window reaches back behind the last cut: clocks and late entries. */
const OVERLAP = 48 * HOUR

/** An event unfinished for longer is asked for by its id, so that windows do not grow for ever. */
export const UNFINISHED_LIMIT = 14 * 24 * HOUR

/** Where the last reading of events ended. */
export interface LastCut {
  readonly to: number
  readonly unfinished: readonly UnfinishedEvent[]
}

/** The receipts of all committed observations, the newest day first. */
async function* newestFirst(store: ObjectStore, at: Place): AsyncGenerator<CandidateReceipt> {
  const listed = new Set((await store.list(keys.observations(at))).map(({ key }) => key))
  // The receipt is written first: only with its Parquet is an observation there.
  const isThere = (key: string): boolean => listed.has(key.replace(/\.json$/, '.parquet'))
  for (const key of [...listed].filter((each) => each.endsWith('.json') && isThere(each)).reverse()) {
    const object = await store.read(key)
    if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was listed and is gone`)
    yield parseStored<CandidateReceipt>(key, object.bytes)
  }
}

/**
 * The cut of the newest nightly observation; undefined when events were never read. One is enough: every reading repeats
 * what the one before left unfinished.
 */
export async function lastCut(store: ObjectStore, at: Place): Promise<LastCut | undefined> {
  let newest: (LastCut & { readonly dt: string }) | undefined
  for await (const { dt, shards } of newestFirst(store, at)) {
    if (newest !== undefined && dt !== newest.dt) break
    const [shard] = shards
    if (shard?.window == null || shard.source !== 'nightly') continue
    const { to } = shard.window
    if (newest === undefined || to > newest.to) newest = { dt, to, unfinished: shard.unfinished }
  }
  return newest
}

/** The closed window of a reading that begins at `start`: from the last cut less 48 hours, or the oldest event still open. */
export function eventWindow(cut: LastCut | undefined, start: number): EventWindow {
  if (cut === undefined) return { from: null, to: start }
  const open = cut.unfinished
    .map(({ createdAt }) => createdAt)
    .filter((createdAt) => start - createdAt <= UNFINISHED_LIMIT)
  return { from: Math.min(cut.to - OVERLAP, ...open), to: start }
}

const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

function windowQuery({ windowField }: EventFacts, { from, to }: EventWindow): Record<string, string> {
  // The end is rounded up to a whole second, the unit the filter takes; the next window overlaps it anyway.
  const until = `${windowField}:lt:${seconds(Math.ceil(to / 1000) * 1000)}`
  return { filter: from === null ? until : `${windowField}:gte:${seconds(from)},${until}` }
}

/** An item of the by-id answer, with its paths renamed to those of the list. */
function asListItem(context: ReadContext, facts: EventFacts, item: RawItem): RawItem {
  const renamed: Record<string, string | readonly string[]> = Object.assign(Object.create(null), item)
  for (const [column, from] of Object.entries(facts.byIdFrom)) {
    const to = context.entity.columns[column]?.from
    const value = item[from]
    if (value === undefined || to === undefined) continue
    delete renamed[from]
    renamed[to] = value
  }
  return renamed
}

/** The id of an event that may have to be asked for by it; throws `bad-row` when it can stand in no path. */
function segment({ entity }: ReadContext, id: string): string {
  if (!isSegment(id))
    throw new AlmanacError('bad-row', `${entity.name}: the id "${redacted(id)}" can stand in no path`)
  return id
}

/** Asks for one event that stayed open too long; `lost` when Tableau no longer knows it. */
async function readLongOpen(
  context: ReadContext,
  facts: EventFacts,
  open: UnfinishedEvent,
  drift: Drift,
): Promise<{ row: Row; cost: Reading['cost'] | null }> {
  const path = facts.byId.path.replace('{id}', segment(context, open.id))
  try {
    const { item, cost } = await context.client.item(
      { path, item: facts.byId.item, query: {} },
      context.options.signal,
    )
    if ((item['@id'] ?? open.id) !== open.id)
      throw new AlmanacError('malformed-response', `${path}: ${open.id} was asked for, another one came`)
    return {
      row: facts.settle(rowReader(context.entity, drift)(asListItem(context, facts, item)), item),
      cost,
    }
  } catch (error) {
    if (!isError(error, 'tableau-error') || error.tableauCode !== facts.byId.gone) throw error
    const [key = 'id'] = context.entity.key
    return {
      row: { [key]: open.id, [facts.createdColumn]: BigInt(open.createdAt) * 1000n, ...facts.lost },
      cost: null,
    }
  }
}

const isOpen = (facts: EventFacts, row: Row): boolean =>
  row[facts.endedColumn] == null &&
  Object.entries(facts.lost).every(([column, value]) => row[column] !== value)

function openEvent(context: ReadContext, facts: EventFacts, row: Row): UnfinishedEvent[] {
  const created = row[facts.createdColumn]
  if (!isOpen(facts, row) || typeof created !== 'bigint') return []
  const id = segment(context, String(row[context.entity.key[0] ?? 'id']))
  return [{ id, createdAt: Number(created / 1000n) }]
}

/**
 * Reads the events of a closed window, and by id those that have been open for more than 14 days.
 * Absence means nothing: Tableau forgets jobs after weeks.
 */
export async function readEvents(
  context: ReadContext,
  read: ListRead,
  facts: EventFacts,
  cut: LastCut | undefined,
): Promise<Reading> {
  const window = eventWindow(cut, context.client.observedAt)
  const drift: Drift = new Map()
  const longOpen = (cut?.unfinished ?? []).filter(({ createdAt }) => window.to - createdAt > UNFINISHED_LIMIT)
  const asked = await Promise.all(longOpen.map((open) => readLongOpen(context, facts, open, drift)))
  const unfinished: UnfinishedEvent[] = []
  const seen = new Set<string>()
  const extra = asked.map(({ row }) => row)
  const note = (rows: readonly Row[]): void => {
    for (const row of rows) seen.add(keyOf(context.entity, row))
    unfinished.push(...rows.flatMap((row) => openEvent(context, facts, row)))
  }
  const reading = await readEventList(context, read, windowQuery(facts, window), extra, note)
  for (const [path, times] of reading.drift) drift.set(path, (drift.get(path) ?? 0) + times)
  // Forgotten by Tableau before it was seen to end: kept in mind until it is old enough to be asked for by its id.
  const forgotten = (cut?.unfinished ?? []).filter(({ id }) => !seen.has(id))
  return {
    ...reading,
    drift,
    window,
    unfinished: [...unfinished, ...forgotten],
    cost: asked.reduce((sum, { cost }) => (cost === null ? sum : addCosts(sum, cost)), reading.cost),
  }
}
