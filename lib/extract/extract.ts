import type { Checkpoint } from '../core/checkpoint.ts'
import type { Entity } from '../core/entity.ts'
import { type AlmanacError, asAlmanacError, isError } from '../core/errors.ts'
import { keys, type LandingPlace } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { jsonBytes, type Receipt } from '../core/receipt.ts'
import { candidateColumns, shapeOf } from '../core/shape.ts'
import type { Verdict } from '../core/verdict.ts'
import { compareVersions } from '../core/version.ts'
import type { Client } from '../tableau/client.ts'
import {
  checkpointOf,
  ifOfColumns,
  newestCheckpoint,
  standingReceipt,
  writeCheckpoint,
} from './checkpoint.ts'
import { readChildren } from './children.ts'
import { lastCut, readEvents } from './events.ts'
import type { ExtractInput, ExtractPorts, TimedPorts } from './input.ts'
import { openLanding } from './landing.ts'
import type { Ground, ReadContext, Reading, Stop } from './reading.ts'
import { isNarrowed, landedOf, receiptOf, SHARD } from './receipt.ts'
import { readList, readSingle } from './rows.ts'
import { holdToRun } from './same-run.ts'

/**
 * An extraction that stopped between two parents: the same run has to call again, and goes on from there. The counts are
 * those that this invocation knows.
 */
export interface Unfinished {
  readonly verdict: 'unfinished'
  /** The key of the checkpoint that the next call starts from. */
  readonly checkpoint: string
  /** Parents that need not be asked again, and those that are left. */
  readonly settled: number
  readonly pending: number
}

/** What an extraction came to: a receipt that proves it complete, or why there is none. */
export type ExtractResult =
  | { readonly verdict: 'complete'; readonly receipt: Receipt }
  | {
      readonly verdict: Exclude<Verdict, 'complete' | 'guarded'>
      readonly error: AlmanacError | null
      readonly reason: string
    }

/** Failures of the run rather than of one entity: they stop everything. */
const RUN_FAILURES = [
  'session-lost',
  'lease-lost',
  'sign-in-refused',
  'site-mismatch',
  'wrong-day',
  'wrong-clock',
  'store-failed',
  'store-locked',
  'internal',
] as const

async function read(context: ReadContext, { store, at, landing, before }: Ground): Promise<Reading> {
  const { entity } = context
  const { read: declared } = entity
  if (declared.shape === 'single') return readSingle(context, declared)
  if (declared.shape === 'children') return readChildren(context, { read: declared, landing, before })
  if (entity.event === undefined) return readList(context, declared)
  return readEvents(context, declared, entity.event, await lastCut(store, at))
}

/** A part of a list passes every other proof, and is none of the site. */
const narrowedReason = (entity: Entity, { user }: Client): string =>
  `the site role ${user.siteRole} ${entity.belowRole === 'narrowed' ? `sees only a part of ${entity.name}, and Tableau does not say so` : `may not read all ${entity.name}`}: ${entity.role} sees all (or name ${entity.name} in acceptNarrowed)`

/** An event is dated by its own times; kept for a day long before them it would not be looked for there, and be lost. */
const undatedReason = ({ name }: Entity): string =>
  `${name} have times of their own, so they are read by the nights of the present and never backdated`

function contextOf(
  { entity, acceptSurplus }: ExtractInput,
  { client, emit, signal }: ExtractPorts,
  mayGoOn: () => boolean,
): ReadContext {
  const options = {
    acceptSurplus,
    ...(signal === undefined ? {} : { signal }),
    onAgain: (pass: number, reason: string) =>
      emit({ type: 'read-again', entity: entity.name, pass, reason }),
    onPage: (rows: number, total: number | null, pages: number) =>
      emit({ type: 'page-read', entity: entity.name, rows, total, pages }),
    mayGoOn,
  }
  return { client, entity, options }
}

/** How far earlier invocations of a run came. */
interface Before {
  readonly receipt: Receipt | undefined
  readonly checkpoint: Checkpoint | null
}

const NOTHING_BEFORE: Before = { receipt: undefined, checkpoint: null }

/** Where time is limited, a run calls again until it is done; also after its receipt was written and the answer was lost. */
async function lookBefore(store: ObjectStore, at: LandingPlace, { read }: Entity): Promise<Before> {
  const receipt = await standingReceipt(store, at)
  const isOver = receipt !== undefined || read.shape !== 'children'
  return { receipt, checkpoint: isOver ? null : await newestCheckpoint(store, at) }
}

/**
 * Reads one entity to its proof and lands it: Parquet parts, then the receipt that makes them count, or the checkpoint that
 * the next call goes on from.
 */
async function land(
  input: ExtractInput,
  ports: ExtractPorts,
  mayGoOn?: () => boolean,
): Promise<ExtractResult | Unfinished> {
  const { client, store } = ports
  const { entity, site, dt, run, attempt } = input
  const at: LandingPlace = { entity: entity.name, site, dt, run, shard: SHARD }
  const columns = candidateColumns(shapeOf(entity))
  const before = mayGoOn === undefined ? NOTHING_BEFORE : await lookBefore(store, at, entity)
  if (before.receipt !== undefined) return { verdict: 'complete', receipt: before.receipt }
  const landing = openLanding(store, at, attempt)
  const ground = { store, at, landing, before: ifOfColumns(before.checkpoint, columns) }
  const reading = await read(contextOf(input, ports, mayGoOn ?? always), ground)
  if (reading.stop === null) await holdToRun(entity, client, reading, ports.signal)
  await landing.write(reading.parts)
  const landed = landedOf(entity, client, reading, ground)
  if (reading.stop !== null) {
    const facts = { ...at, number: (before.checkpoint?.number ?? 0) + 1, attempt, columns, ...landed }
    const checkpoint = await writeCheckpoint(store, at, checkpointOf(facts, reading, reading.stop))
    return { verdict: 'unfinished', checkpoint, ...progressOf(reading.stop) }
  }
  const receipt = receiptOf(input, client, reading, landed)
  // Create-only: when another attempt of this run was first, its receipt stands and this one is forgotten.
  const { won } = await store.write(keys.receipt(at), jsonBytes(receipt), 'absent')
  return { verdict: 'complete', receipt: won ? receipt : ((await standingReceipt(store, at)) ?? receipt) }
}

const always = (): boolean => true

const progressOf = ({ settled, pending }: Stop): Pick<Unfinished, 'settled' | 'pending'> => ({
  settled: settled.read.length + settled.forbidden.length + settled.vanished.length,
  pending,
})

/**
 * Extracts one entity of one day. Never throws for what concerns this entity alone: that is its verdict.
 * Throws for what ends the run: a lost session or lease, a store that cannot write, the signal's reason.
 * With `mayGoOn` it ends before its time does: an entity that is read parent by parent is then `unfinished`, and goes on at
 * the next call of the same run; any other is `incomplete` with the error `out-of-time`, and nothing of it lands.
 */
export async function extract(input: ExtractInput, ports: TimedPorts): Promise<ExtractResult | Unfinished>
export async function extract(input: ExtractInput, ports: ExtractPorts): Promise<ExtractResult>
export async function extract(
  input: ExtractInput,
  ports: ExtractPorts & Partial<TimedPorts>,
): Promise<ExtractResult | Unfinished> {
  const { entity } = input
  const { since } = entity.read
  if (compareVersions(ports.client.apiVersion, since) < 0) {
    const reason = `${entity.name} needs REST API ${since}, and this server has ${ports.client.apiVersion}`
    return { verdict: 'unsupported', error: null, reason }
  }
  if (entity.event !== undefined && input.backdated !== null)
    return { verdict: 'unsupported', error: null, reason: undatedReason(entity) }
  if (isNarrowed(entity, ports.client) && !input.acceptNarrowed)
    return { verdict: 'forbidden', error: null, reason: narrowedReason(entity, ports.client) }
  try {
    return await land(input, ports, ports.mayGoOn)
  } catch (thrown) {
    ports.signal?.throwIfAborted()
    const error = asAlmanacError(thrown)
    if (isError(error, ...RUN_FAILURES)) throw error
    const verdict = isError(error, 'forbidden') ? 'forbidden' : 'incomplete'
    return { verdict, error, reason: error.message }
  }
}
