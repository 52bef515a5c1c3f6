import { type Day, dayIn } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { type AlmanacError, asAlmanacError, isError } from '../core/errors.ts'
import type { EntityOutcome } from '../core/event.ts'
import { keys } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { jsonBytes } from '../core/receipt.ts'
import type { RunReport } from '../core/report.ts'
import { expireLanding } from '../load/landing.ts'
import { isDayClosed } from '../load/standing.ts'
import type { Client } from '../tableau/client.ts'
import { nightOf, settle } from './entity-night.ts'
import type { NightlyInput, NightlyPorts } from './input.ts'
import { type SessionWork, withSession } from './with-session.ts'

async function pendingEntities(
  store: ObjectStore,
  { entities, site }: NightlyInput,
  dt: Day,
): Promise<Entity[]> {
  const closed = await Promise.all(entities.map((entity) => isDayClosed(store, entity, site, dt)))
  return entities.filter((_, i) => !closed[i])
}

/** What reading and loading came to. */
interface Extraction {
  readonly server: string
  readonly apiVersion: string
  readonly tokenExpiresAt: number | null
  readonly outcomes: readonly EntityOutcome[]
  readonly failure: AlmanacError | null
}

/** When the token expires, where Tableau tells. A night that could not ask is whole all the same. */
const expiryOf = (client: Client, { emit }: NightlyPorts): Promise<number | null> =>
  client.tokenExpiresAt().catch((thrown: unknown) => {
    const { message } = asAlmanacError(thrown)
    emit({ type: 'warned', entity: null, message: `When the token expires could not be asked: ${message}` })
    return null
  })

/** Reads and loads all entities side by side; the first failure that ends the run stops the others. */
async function extractAll(
  input: NightlyInput,
  ports: NightlyPorts,
  dt: Day,
  pending: readonly Entity[],
  { client, signal, stop }: SessionWork,
): Promise<Extraction> {
  let failure: AlmanacError | null = null
  const outcomes = await Promise.all(
    pending.map(async (entity) => {
      try {
        return [await nightOf(entity, input, dt, { ...ports, client, signal })]
      } catch (thrown) {
        failure ??= asAlmanacError(thrown)
        // A damaged object is its own entity's trouble; whatever else ends a night ends it for all.
        if (!isError(thrown, 'corrupt-object')) stop(thrown)
        return []
      }
    }),
  )
  const { server, apiVersion } = client
  const tokenExpiresAt = failure === null ? await expiryOf(client, ports) : null
  return { server, apiVersion, tokenExpiresAt, outcomes: outcomes.flat(), failure }
}

/** Reads what the day lacks, if anything; a failure on the way is the extraction's. */
async function extractPending(
  input: NightlyInput,
  ports: NightlyPorts,
  dt: Day,
): Promise<Partial<Extraction>> {
  let pending = await pendingEntities(ports.store, input, dt)
  if (pending.length === 0) return {}
  const isNeeded = async (): Promise<boolean> => {
    pending = await pendingEntities(ports.store, input, dt)
    return pending.length > 0
  }
  try {
    const done = await withSession(input, ports, dt, isNeeded, (work) =>
      extractAll(input, ports, dt, pending, work),
    )
    return done ?? {}
  } catch (thrown) {
    ports.signal?.throwIfAborted()
    return { failure: asAlmanacError(thrown) }
  }
}

const failureOf = ({ code, message, next }: AlmanacError): RunReport['failure'] => ({ code, message, next })

/**
 * One night of one site: reads what the day has not committed yet, proves it, loads it, and reports.
 * What concerns one entity is its outcome; what ends the run is the report's failure. A second run of the same day
 * finds it committed and only puts right what an earlier one left behind. Throws the signal's reason when aborted,
 * and whatever the store throws when not even the report can be written.
 */
export async function nightly(input: NightlyInput, ports: NightlyPorts): Promise<RunReport> {
  const { store, clock, emit, signal } = ports
  const { site, run, entities } = input
  const startedAt = clock.now()
  const dt = input.dt ?? dayIn(input.timeZone, startedAt)
  emit({ type: 'run-started', site, dt, run, entities: entities.map(({ name }) => name) })
  const {
    outcomes = [],
    failure = null,
    server = null,
    apiVersion = null,
    tokenExpiresAt = null,
  } = await extractPending(input, ports, dt)
  signal?.throwIfAborted()
  const all: EntityOutcome[] = []
  let damage: AlmanacError | null = null
  for (const entity of entities) {
    const read = outcomes.find((each) => each.entity === entity.name)
    const { outcome, damage: found } =
      read === undefined ? await settle(entity, input, dt, ports, failure) : { outcome: read, damage: null }
    all.push(outcome)
    damage ??= found
    await expireLanding(store, { entity: entity.name, site }, dt)
  }
  const ended = failure ?? damage
  const endedAt = clock.now()
  const report: RunReport = {
    format: 1,
    site,
    dt,
    run,
    server,
    apiVersion,
    startedAt,
    endedAt,
    tokenExpiresAt,
    outcomes: all,
    failure: ended === null ? null : failureOf(ended),
  }
  await store.write(keys.run(site, dt, run), jsonBytes(report), 'absent')
  emit({ type: 'run-ended', site, dt, run, milliseconds: endedAt - startedAt })
  return report
}
