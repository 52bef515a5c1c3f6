import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { type AlmanacError, asAlmanacError, isError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import { keys, type LandingPlace } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { jsonBytes, type PartReceipt, type Receipt } from '../core/receipt.ts'
import { seesAll } from '../core/role.ts'
import { sha256 } from '../core/sha256.ts'
import { candidateColumns, shapeOf } from '../core/shape.ts'
import type { Verdict } from '../core/verdict.ts'
import { compareVersions } from '../core/version.ts'
import type { Client } from '../tableau/client.ts'
import { readChildren } from './children.ts'
import { lastCut, readEvents } from './events.ts'
import type { ReadContext, Reading } from './reading.ts'
import { readList, readSingle } from './rows.ts'

/** What an extraction is for. */
export interface ExtractInput {
  readonly entity: Entity
  /** The site's slug. */
  readonly site: string
  readonly dt: Day
  readonly run: string
  /** 8 hex digits, new for every try: two tries never share a key. */
  readonly attempt: string
  /** Whether a constant surplus counts as complete. */
  readonly acceptSurplus: boolean
  /** Whether the part that a lesser site role sees is kept as if it were the whole. */
  readonly acceptNarrowed: boolean
  readonly backdated: string | null
}

/** What an extraction works with. */
export interface ExtractPorts {
  readonly client: Client
  readonly store: ObjectStore
  readonly emit: Emit
  readonly signal?: AbortSignal
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
  'store-failed',
  'store-locked',
  'internal',
] as const

async function read(context: ReadContext, store: ObjectStore, site: string): Promise<Reading> {
  const { entity } = context
  const { read: declared } = entity
  if (declared.shape === 'single') return readSingle(context, declared)
  if (declared.shape === 'children') return readChildren(context, declared)
  if (entity.event === undefined) return readList(context, declared)
  return readEvents(context, declared, entity.event, await lastCut(store, { entity: entity.name, site }))
}

async function writeParts(
  store: ObjectStore,
  at: LandingPlace,
  attempt: string,
  reading: Reading,
): Promise<PartReceipt[]> {
  const parts: PartReceipt[] = []
  for (const [number, { bytes, rows }] of reading.parts.entries()) {
    const key = keys.part(at, attempt, number)
    await store.write(key, bytes, 'absent')
    parts.push({ key, sha256: sha256(bytes), rows, bytes: bytes.byteLength })
  }
  return parts
}

/** Columns that this server's version does not have, or that it withheld. */
function missingColumns(entity: Entity, apiVersion: string, withheld: readonly string[]): string[] {
  const tooNew = Object.entries(entity.columns)
    .filter(([, { since }]) => since !== undefined && compareVersions(apiVersion, since) < 0)
    .map(([name]) => name)
  return [...new Set([...tooNew, ...withheld])].sort()
}

function receiptOf(
  input: ExtractInput,
  client: Client,
  reading: Reading,
  parts: readonly PartReceipt[],
): Receipt {
  const { entity, site, dt, run, attempt, backdated } = input
  const { rows, firstTotal, lastTotal, pages, passes, duplicates, observedFrom, observedTo } = reading
  return {
    format: 1,
    entity: entity.name,
    site,
    dt,
    run,
    shard: SHARD,
    shards: 1,
    attempt,
    rows,
    firstTotal,
    lastTotal,
    pages,
    passes,
    duplicates,
    calls: reading.cost.calls,
    retries: reading.cost.retries,
    renewals: reading.cost.renewals,
    columns: candidateColumns(shapeOf(entity)),
    missing: missingColumns(entity, client.apiVersion, reading.withheld),
    drift: Object.fromEntries(reading.drift),
    observedFrom,
    observedTo,
    apiVersion: client.apiVersion,
    productVersion: client.productVersion,
    parts,
    parents: reading.parents,
    window: reading.window,
    unfinished: reading.unfinished,
    source: 'nightly',
    backdated,
    surplus: reading.surplus,
    narrowedTo: isNarrowed(entity, client) ? client.user.siteRole : null,
  }
}

/** Whether Tableau would silently show this user only a part of the list. */
const isNarrowed = (entity: Entity, { user }: Client): boolean =>
  entity.belowRole === 'narrowed' && !seesAll(user.siteRole, entity.role)

/** A part of a list passes every other proof, and is none of the site. */
const narrowedReason = (entity: Entity, { user }: Client): string =>
  `the site role ${user.siteRole} sees only a part of ${entity.name}, and Tableau does not say so: ${entity.role} sees all (or name ${entity.name} in acceptNarrowed)`

/** An event is dated by its own times; kept for a day long before them it would not be looked for there, and be lost. */
const undatedReason = ({ name }: Entity): string =>
  `${name} have times of their own, so they are read by the nights of the present and never backdated`

/** On one machine an entity is one shard; keys leave room for more. */
const SHARD = '0'

/** Reads one entity to its proof and lands it: Parquet parts, then the receipt that makes them count. */
async function land(input: ExtractInput, ports: ExtractPorts): Promise<Receipt> {
  const { client, store, emit, signal } = ports
  const { entity, site, dt, run } = input
  const at: LandingPlace = { entity: entity.name, site, dt, run, shard: SHARD }
  const reading = await read(
    {
      client,
      entity,
      options: {
        acceptSurplus: input.acceptSurplus,
        ...(signal === undefined ? {} : { signal }),
        onAgain: (pass, reason) => emit({ type: 'read-again', entity: entity.name, pass, reason }),
        onPage: (rows, total, pages) => emit({ type: 'page-read', entity: entity.name, rows, total, pages }),
      },
    },
    store,
    site,
  )
  const receipt = receiptOf(input, client, reading, await writeParts(store, at, input.attempt, reading))
  // Create-only: when another attempt of this run was first, its receipt stands and this one is forgotten.
  await store.write(keys.receipt(at), jsonBytes(receipt), 'absent')
  return receipt
}

/**
 * Extracts one entity of one day. Never throws for what concerns this entity alone: that is its verdict.
 * Throws for what ends the run: a lost session or lease, a store that cannot write, the signal's reason.
 */
export async function extract(input: ExtractInput, ports: ExtractPorts): Promise<ExtractResult> {
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
    return { verdict: 'complete', receipt: await land(input, ports) }
  } catch (thrown) {
    ports.signal?.throwIfAborted()
    const error = asAlmanacError(thrown)
    if (isError(error, ...RUN_FAILURES)) throw error
    const verdict = isError(error, 'forbidden') ? 'forbidden' : 'incomplete'
    return { verdict, error, reason: error.message }
  }
}
