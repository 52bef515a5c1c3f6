import { type Day, dayIn, dayNumber } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { type AlmanacError, asAlmanacError, AlmanacError as Problem } from '../core/errors.ts'
import type { Emit, EntityOutcome } from '../core/event.ts'
import { keys } from '../core/keys.ts'
import { committedDays } from '../core/manifest.ts'
import type { Clock, ObjectStore } from '../core/ports.ts'
import { jsonBytes } from '../core/receipt.ts'
import type { RunReport } from '../core/report.ts'
import type { Engine } from '../engine/engine.ts'
import { observedDays } from '../load/events.ts'
import type { Client, SignIn } from '../tableau/client.ts'
import { type EntityPorts, nightOf, settle } from './entity-night.ts'
import { bindSite } from './identity.ts'
import { type Lease, leaseKey, takeLease } from './lease.ts'

/** What a night is asked for. */
export interface NightlyInput {
  /** The site's slug. */
  readonly site: string
  /** IANA name; decides which day the night belongs to. */
  readonly timeZone: string
  readonly signIn: SignIn
  readonly entities: readonly Entity[]
  readonly run: string
  /** The logical day; the local date of the start when not given. */
  readonly dt?: Day
  /** Why the present is recorded for another day. */
  readonly backdate: string | null
  /** Entities of which a constant surplus counts as complete. */
  readonly acceptSurplus: readonly string[]
}

/** What a night works with. */
export interface NightlyPorts {
  readonly store: ObjectStore
  readonly engine: Engine
  readonly clock: Clock
  readonly emit: Emit
  /** 8 hex digits, different each time. */
  readonly newAttempt: () => string
  readonly connect: (beforeSignIn: () => Promise<void>, signal: AbortSignal) => Promise<Client>
  readonly signal?: AbortSignal
}

/** Whether an entity's day is committed already. */
async function isCommitted(store: ObjectStore, entity: Entity, site: string, dt: Day): Promise<boolean> {
  const at = { entity: entity.name, site }
  if (entity.event !== undefined) return (await observedDays(store, at)).includes(dt)
  return (await committedDays(store, at)).some((day) => day.dt === dt)
}

async function pendingEntities(
  store: ObjectStore,
  { entities, site }: NightlyInput,
  dt: Day,
): Promise<Entity[]> {
  const committed = await Promise.all(entities.map((entity) => isCommitted(store, entity, site, dt)))
  return entities.filter((_, i) => !committed[i])
}

/** The present can be read, no other day: a date that is not the server's own (± 1) must be asked for with a reason. */
function checkDay(client: Client, { timeZone, backdate }: NightlyInput, dt: Day): void {
  const today = dayIn(timeZone, client.observedAt)
  if (backdate !== null || Math.abs(dayNumber(dt) - dayNumber(today)) <= 1) return
  throw new Problem('wrong-day', `the server’s day is ${today}, and ${dt} was asked for`)
}

interface Extraction {
  readonly client: Client
  readonly outcomes: readonly EntityOutcome[]
  readonly failure: AlmanacError | null
}

/** Reads and loads the entities under the lease, with one session. */
async function underLease(
  input: NightlyInput,
  ports: NightlyPorts,
  dt: Day,
  lease: Lease,
  pending: readonly Entity[],
): Promise<Extraction> {
  const stop = new AbortController()
  const signal = ports.signal === undefined ? stop.signal : AbortSignal.any([ports.signal, stop.signal])
  const client = await ports.connect(() => lease.check(), signal)
  try {
    checkDay(client, input, dt)
    const { host } = new URL(client.server)
    await bindSite(ports.store, input.site, {
      format: 1,
      host,
      id: client.site.id,
      contentUrl: client.site.contentUrl,
    })
    const night: EntityPorts = { ...ports, client, signal }
    let failure: AlmanacError | null = null
    const outcomes = await Promise.all(
      pending.map(async (entity) => {
        try {
          return [await nightOf(entity, input, dt, night)]
        } catch (thrown) {
          failure ??= asAlmanacError(thrown)
          stop.abort(thrown)
          return []
        }
      }),
    )
    return { client, outcomes: outcomes.flat(), failure }
  } finally {
    await client.close()
  }
}

/** Takes the lease, looks again at what is left to do (another run may have done it), and does it. */
async function extractPending(
  input: NightlyInput,
  ports: NightlyPorts,
  dt: Day,
): Promise<Extraction | undefined> {
  const { store, clock, emit, signal } = ports
  const host = new URL(input.signIn.serverUrl).host
  const lease = await takeLease(leaseKey(host, input.signIn.patName), {
    store,
    clock,
    emit,
    holder: input.run,
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    const pending = await pendingEntities(store, input, dt)
    return pending.length === 0 ? undefined : await underLease(input, ports, dt, lease, pending)
  } finally {
    await lease.release()
  }
}

const failureOf = (error: AlmanacError): RunReport['failure'] => ({
  code: error.code,
  message: error.message,
  next: error.next,
})

/**
 * One night of one site: reads what the day has not committed yet, proves it, loads it, and reports.
 * What concerns one entity is its outcome; what ends the run is the report's failure. A second run of the same day
 * finds it committed and only puts right what an earlier one left behind. Throws the signal's reason when aborted.
 */
export async function nightly(input: NightlyInput, ports: NightlyPorts): Promise<RunReport> {
  const { store, clock, emit } = ports
  const startedAt = clock.now()
  const dt = input.dt ?? dayIn(input.timeZone, startedAt)
  const { site, run, entities } = input
  emit({ type: 'run-started', site, dt, run, entities: entities.map(({ name }) => name) })
  let extraction: Extraction | undefined
  let failure: AlmanacError | null = null
  try {
    if ((await pendingEntities(store, input, dt)).length > 0)
      extraction = await extractPending(input, ports, dt)
    failure = extraction?.failure ?? null
  } catch (thrown) {
    ports.signal?.throwIfAborted()
    failure = asAlmanacError(thrown)
  }
  ports.signal?.throwIfAborted()
  const outcomes = [...(extraction?.outcomes ?? [])]
  for (const entity of entities.filter(({ name }) => !outcomes.some((outcome) => outcome.entity === name))) {
    outcomes.push(await settle(entity, input, dt, ports, failure))
  }
  const order = entities.map(({ name }) => name)
  outcomes.sort((a, b) => order.indexOf(a.entity) - order.indexOf(b.entity))
  const endedAt = clock.now()
  const report: RunReport = {
    format: 1,
    site,
    dt,
    run,
    server: extraction?.client.server ?? null,
    apiVersion: extraction?.client.apiVersion ?? null,
    startedAt,
    endedAt,
    outcomes,
    failure: failure === null ? null : failureOf(failure),
  }
  await store.write(keys.run(site, dt, run), jsonBytes(report), 'absent')
  emit({ type: 'run-ended', site, dt, run, milliseconds: endedAt - startedAt })
  return report
}
