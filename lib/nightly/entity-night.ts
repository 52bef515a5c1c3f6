import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { type AlmanacError, isError } from '../core/errors.ts'
import type { EntityOutcome } from '../core/event.ts'
import type { Receipt } from '../core/receipt.ts'
import { type ExtractResult, extract } from '../extract/extract.ts'
import { isDayCommitted, type LoadResult, load } from '../load/load.ts'
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
function readingFacts(receipt: Receipt): Partial<EntityOutcome> {
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

/** What the load says: committed, or held and why. */
function loadedOutcome(entity: Entity, dt: Day, receipt: Receipt, loaded: LoadResult): EntityOutcome {
  const base = { ...BLANK, ...readingFacts(receipt), ...loaded.changes, entity: entity.name }
  // Of several readings of the day that are held, this run's is the newest.
  const held = loaded.held.findLast((each) => each.dt === dt)
  if (held === undefined) return { ...base, verdict: 'complete' }
  return { ...base, verdict: held.verdict, candidate: held.candidate, reason: held.reason }
}

/** Says what of a complete reading somebody should know: attributes without a column, columns that were withheld. */
function warnings(receipt: Receipt): string[] {
  const drift = Object.entries(receipt.drift).map(([path, count]) => `${path} (${count})`)
  const grown = `Tableau sent what no column names: ${drift.join(', ')}; kept in raw_extra, people’s names apart`
  const withheld = `not sent by this server, so unknown rather than null: ${receipt.missing.join(', ')}`
  const surplus = `${receipt.surplus} rows announced beyond those delivered, accepted by configuration`
  const narrowed = `the site role ${receipt.narrowedTo} sees only a part of it, accepted by configuration`
  return [
    ...(drift.length > 0 ? [grown] : []),
    ...(receipt.missing.length > 0 ? [withheld] : []),
    ...(receipt.surplus > 0 ? [surplus] : []),
    ...(receipt.narrowedTo === null ? [] : [narrowed]),
  ]
}

/** Extracts and loads one entity; its verdict is the outcome. Throws what ends the run. */
export async function nightOf(
  entity: Entity,
  input: NightlyInput,
  dt: Day,
  ports: EntityPorts,
): Promise<EntityOutcome> {
  const { store, engine, clock, emit, client, signal, newAttempt } = ports
  const began = clock.elapsed()
  const { site, run, backdate } = input
  emit({ type: 'entity-started', entity: entity.name })
  const result = await extract(
    { entity, site, dt, run, attempt: newAttempt(), ...acceptedOf(input, entity), backdated: backdate },
    { client, store, emit, signal },
  )
  const took = (): { milliseconds: number } => ({ milliseconds: Math.round(clock.elapsed() - began) })
  let outcome: EntityOutcome
  if (result.verdict === 'complete') {
    emit({ type: 'extracted', entity: entity.name, rows: result.receipt.rows, ...took() })
    for (const message of warnings(result.receipt)) emit({ type: 'warned', entity: entity.name, message })
    const loaded = await load(store, engine, entity, site, run, dt)
    emit({ type: 'published', entity: entity.name, objects: loaded.published })
    outcome = { ...loadedOutcome(entity, dt, result.receipt, loaded), ...took() }
  } else {
    outcome = { ...failedOutcome(entity, result), ...took() }
  }
  emit({ type: 'entity-ended', outcome })
  return outcome
}

/** What an entity that this run did not read came to, and the damaged object that stood in its way; null when none did. */
export interface Settled {
  readonly outcome: EntityOutcome
  readonly damage: AlmanacError | null
}

/** Puts right what an earlier run left unpublished. A damaged primary object stops this entity, and no other. */
async function reload(
  entity: Entity,
  { site, run }: NightlyInput,
  dt: Day,
  { store, engine }: NightlyPorts,
): Promise<AlmanacError | null> {
  try {
    await load(store, engine, entity, site, run, dt)
    return null
  } catch (thrown) {
    if (!isError(thrown, 'corrupt-object')) throw thrown
    return thrown
  }
}

/**
 * The outcome of an entity that this run did not read: committed by an earlier one, or not reached. Either way what an
 * earlier run left unpublished is put right.
 */
export async function settle(
  entity: Entity,
  input: NightlyInput,
  dt: Day,
  ports: NightlyPorts,
  failure: AlmanacError | null,
): Promise<Settled> {
  const damage = await reload(entity, input, dt, ports)
  const isThere = damage === null && (await isDayCommitted(ports.store, entity, input.site, dt))
  const outcome: EntityOutcome = isThere
    ? { ...BLANK, entity: entity.name, verdict: 'complete', already: true }
    : {
        ...BLANK,
        entity: entity.name,
        verdict: 'incomplete',
        reason: (damage ?? failure)?.message ?? 'not read in this run',
      }
  ports.emit({ type: 'entity-ended', outcome })
  return { outcome, damage }
}
