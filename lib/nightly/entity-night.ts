import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { type AlmanacError, isError } from '../core/errors.ts'
import type { Emit, EntityOutcome } from '../core/event.ts'
import type { CandidateReceipt, Receipt } from '../core/receipt.ts'
import { type ExtractResult, extract } from '../extract/extract.ts'
import { type LoadResult, load } from '../load/load.ts'
import { isDayClosed, readingOfOther, withdrawalOf } from '../load/standing.ts'
import type { Client } from '../tableau/client.ts'
import { acceptedOf, type NightlyInput, type NightlyPorts } from './input.ts'

/** What an entity's night works with. */
export interface EntityPorts extends NightlyPorts {
  readonly client: Client
  readonly signal: AbortSignal
}

const BLANK = {
  expected: null,
  fetched: null,
  duplicates: 0,
  new: null,
  changed: null,
  gone: null,
  calls: 0,
  retries: 0,
  milliseconds: 0,
  candidate: null,
  already: false,
  reason: null,
} as const

/** What the extraction says of the outcome. */
function readingFacts(receipt: Receipt) {
  const { lastTotal, rows, duplicates, calls, retries } = receipt
  return { expected: lastTotal, fetched: rows, duplicates, calls, retries }
}

function failedOutcome(
  entity: Entity,
  result: Exclude<ExtractResult, { verdict: 'complete' }>,
): EntityOutcome {
  const { verdict, error, reason } = result
  const { expected, fetched } = error?.details ?? {}
  const counts = {
    expected: typeof expected === 'number' ? expected : null,
    fetched: typeof fetched === 'number' ? fetched : null,
  }
  return {
    ...BLANK,
    ...counts,
    entity: entity.name,
    verdict,
    reason: error === null ? reason : `${reason} (${error.next})`,
  }
}

/** What the load says of a reading: committed, or held and why. */
function loadedOutcome(read: EntityOutcome, dt: Day, loaded: LoadResult): EntityOutcome {
  const base = { ...read, ...loaded.changes }
  // Of several readings of the day that are held, this run's is the newest.
  const held = loaded.held.findLast((each) => each.dt === dt)
  if (held === undefined) return base
  return { ...base, verdict: held.verdict, candidate: held.candidate, reason: held.reason }
}

/** Says what of a complete reading somebody should know: attributes without a column, columns withheld, parents refused. */
function warnings(receipt: Receipt): string[] {
  const drift = Object.entries(receipt.drift).map(([path, count]) => `${path} (${count})`)
  const grown = `Tableau sent what no column names: ${drift.join(', ')}; kept in raw_extra, people’s names apart`
  const withheld = `not sent by this server, so unknown rather than null: ${receipt.missing.join(', ')}`
  const surplus = `${receipt.surplus} rows announced beyond those delivered, accepted by configuration`
  const parents = `${receipt.parentsSurplus} parents announced beyond those delivered, accepted by configuration`
  const refused = receipt.parents?.['forbidden'] ?? 0
  const unread = `${refused} ${refused === 1 ? 'parent was' : 'parents were'} refused, so that their rows are as last read; "coverage" names them`
  const narrowed = `the site role ${receipt.narrowedTo} sees only a part of it, accepted by configuration`
  return [
    ...(drift.length > 0 ? [grown] : []),
    ...(receipt.missing.length > 0 ? [withheld] : []),
    ...(receipt.surplus > 0 ? [surplus] : []),
    ...(receipt.parentsSurplus > 0 ? [parents] : []),
    ...(refused > 0 ? [unread] : []),
    ...(receipt.narrowedTo === null ? [] : [narrowed]),
  ]
}

/** What reading needs of a night's ports. */
export type ReadPorts = Pick<EntityPorts, 'client' | 'store' | 'clock' | 'emit' | 'newAttempt' | 'signal'>

/** What is asked of a reading. */
export type ReadInput = Pick<NightlyInput, 'site' | 'run' | 'backdate' | 'acceptSurplus' | 'acceptNarrowed'>

function outcomeOfReading(
  entity: Entity,
  result: ExtractResult,
  emit: Emit,
  milliseconds: number,
): EntityOutcome {
  if (result.verdict !== 'complete') return { ...failedOutcome(entity, result), milliseconds }
  const { receipt } = result
  emit({ type: 'extracted', entity: entity.name, rows: receipt.rows, milliseconds })
  for (const message of warnings(receipt)) emit({ type: 'warned', entity: entity.name, message })
  return { ...BLANK, ...readingFacts(receipt), entity: entity.name, verdict: 'complete', milliseconds }
}

/**
 * Extracts one entity. Its outcome is final unless it says `complete`: then it is landed, and what its load comes to is
 * still to be said. With `mayGoOn`, undefined says that it is not done and goes on at the next call of the same run. Throws
 * what ends the run.
 */
export async function readEntity(
  entity: Entity,
  input: ReadInput,
  dt: Day,
  ports: ReadPorts & { readonly mayGoOn: () => boolean },
): Promise<EntityOutcome | undefined>
export async function readEntity(
  entity: Entity,
  input: ReadInput,
  dt: Day,
  ports: ReadPorts,
): Promise<EntityOutcome>
export async function readEntity(
  entity: Entity,
  input: ReadInput,
  dt: Day,
  ports: ReadPorts & { readonly mayGoOn?: () => boolean },
): Promise<EntityOutcome | undefined> {
  const { store, clock, emit, client, signal, newAttempt, mayGoOn } = ports
  const began = clock.elapsed()
  const { site, run, backdate } = input
  emit({ type: 'entity-started', entity: entity.name })
  const attempt = newAttempt()
  const order = { entity, site, dt, run, attempt, ...acceptedOf(input, entity), backdated: backdate }
  const own = { client, store, emit, signal }
  const result = mayGoOn === undefined ? await extract(order, own) : await extract(order, { ...own, mayGoOn })
  if (result.verdict === 'unfinished') return undefined
  return outcomeOfReading(entity, result, emit, Math.round(clock.elapsed() - began))
}

/** Says that what is committed is not what this run read, and counts that: of two readings of a day the earlier stands. */
function outcomeOfOther(outcome: EntityOutcome, other: CandidateReceipt, emit: Emit): EntityOutcome {
  const { entity, dt, site, rows, observedFrom, sha256, shards } = other
  const instead = `almanac load --select ${entity} --date ${dt} --replace ${sha256.slice(0, 12)} --reason "…" --site ${site}`
  const message = `committed is the reading of run ${shards[0]?.run} of ${new Date(observedFrom).toISOString()}: ${rows} rows; this run’s, ${outcome.fetched} rows, is kept as a candidate; ${instead} takes it instead`
  emit({ type: 'warned', entity, message })
  const { expected, duplicates } = shards[0] === undefined ? BLANK : readingFacts(shards[0])
  return { ...outcome, expected, fetched: rows, duplicates, already: true }
}

/** Loads what was read of one entity; its verdict is the outcome. Throws what ends the run. */
export async function loadEntity(
  entity: Entity,
  { site, run }: Pick<NightlyInput, 'site' | 'run'>,
  dt: Day,
  { store, engine, clock, emit }: Pick<NightlyPorts, 'store' | 'engine' | 'clock' | 'emit'>,
  read: EntityOutcome,
): Promise<EntityOutcome> {
  const began = clock.elapsed()
  const loaded = await load(store, engine, entity, site, run, dt)
  emit({ type: 'published', entity: entity.name, objects: loaded.published })
  const milliseconds = read.milliseconds + Math.round(clock.elapsed() - began)
  const outcome = { ...loadedOutcome(read, dt, loaded), milliseconds }
  if (outcome.verdict !== 'complete') return outcome
  // Somebody may have withdrawn the day while it was read: it is not held then, and does not count.
  const withdrawal = await withdrawalOf(store, entity, site, dt)
  if (withdrawal !== null) return { ...outcome, verdict: 'incomplete', reason: withdrawal }
  const other = await readingOfOther(store, entity, { site, run }, dt)
  return other === null ? outcome : outcomeOfOther(outcome, other, emit)
}

/**
 * Extracts and loads one entity; its verdict is the outcome. What was not read is loaded as well: what an earlier run landed
 * and did not commit must not wait for a night that goes well, since landing expires. Throws what ends the run.
 */
export async function nightOf(
  entity: Entity,
  input: NightlyInput,
  dt: Day,
  ports: EntityPorts,
): Promise<EntityOutcome> {
  const read = await readEntity(entity, input, dt, ports)
  const isRead = read.verdict === 'complete'
  if (!isRead) await load(ports.store, ports.engine, entity, input.site, input.run, dt)
  const outcome = isRead ? await loadEntity(entity, input, dt, ports, read) : read
  ports.emit({ type: 'entity-ended', outcome })
  return outcome
}

/** What an entity came to that an earlier run committed. */
export const committedBefore = ({ name }: Entity): EntityOutcome => ({
  ...BLANK,
  entity: name,
  verdict: 'complete',
  already: true,
})

/** What an entity came to that was not read, and why. */
export const notRead = ({ name }: Entity, reason = 'not read in this run'): EntityOutcome => ({
  ...BLANK,
  entity: name,
  verdict: 'incomplete',
  reason,
})

/** What an entity that this run did not read came to, and the damaged object that stood in its way; null when none did. */
export interface Settled {
  readonly outcome: EntityOutcome
  readonly damage: AlmanacError | null
}

type SettlePorts = Pick<NightlyPorts, 'store' | 'engine' | 'emit'>

/** Puts right what an earlier run left unpublished, and says what stands of the day. */
async function reloaded(
  entity: Entity,
  { site, run }: Pick<NightlyInput, 'site' | 'run'>,
  dt: Day,
  { store, engine }: SettlePorts,
  failure: AlmanacError | null,
): Promise<EntityOutcome> {
  await load(store, engine, entity, site, run, dt)
  if (!(await isDayClosed(store, entity, site, dt))) return notRead(entity, failure?.message)
  const withdrawal = await withdrawalOf(store, entity, site, dt)
  return withdrawal === null ? committedBefore(entity) : notRead(entity, withdrawal)
}

/**
 * The outcome of an entity that this run did not read: committed by an earlier one, withdrawn, or not reached. Either way
 * what an earlier run left unpublished is put right. A damaged primary object stops this entity, and no other.
 */
export async function settle(
  entity: Entity,
  input: Pick<NightlyInput, 'site' | 'run'>,
  dt: Day,
  ports: SettlePorts,
  failure: AlmanacError | null,
): Promise<Settled> {
  const settled = await reloaded(entity, input, dt, ports, failure).then(
    (outcome) => ({ outcome, damage: null }),
    (thrown: unknown) => {
      if (!isError(thrown, 'corrupt-object')) throw thrown
      return { outcome: notRead(entity, thrown.message), damage: thrown }
    },
  )
  ports.emit({ type: 'entity-ended', outcome: settled.outcome })
  return settled
}
