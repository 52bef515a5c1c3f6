import type { Day } from '../core/day.ts'
import { admit } from '../session/admission.ts'
import { refuseSecondSlug } from '../session/identity.ts'
import { type Lease, takeLease } from '../session/lease.ts'
import { leaseKey } from '../session/lease-state.ts'
import type { Client } from '../tableau/client.ts'
import type { NightlyInput, NightlyPorts } from './input.ts'

/** What a piece of work has while it holds the one session: the client, and a way to stop everything that uses it. */
export interface SessionWork {
  readonly client: Client
  /** Aborted by the caller's signal, or by `stop`. */
  readonly signal: AbortSignal
  stop(reason: unknown): void
}

async function signedIn<T>(
  input: NightlyInput,
  ports: NightlyPorts,
  dt: Day,
  lease: Lease,
  work: (session: SessionWork) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController()
  const signal =
    ports.signal === undefined ? stopping.signal : AbortSignal.any([ports.signal, stopping.signal])
  const client = await ports.connect(() => lease.check(), signal)
  try {
    const { server, site } = client
    await refuseSecondSlug(ports.store, input.site, { host: new URL(server).host, id: site.id })
    await admit(ports.store, { ...input, isDayNamed: input.dt !== undefined }, dt, client)
    return await work({ client, signal, stop: (reason) => stopping.abort(reason) })
  } finally {
    await client.close()
  }
}

/**
 * Does work with the one session of the run's token: under its lease, signed in, on the right day, on the site that the
 * slug means. `isNeeded` looks again once the lease is ours: the run that held it may have done the work. Signs out and
 * hands the lease back, whatever happens.
 */
export async function withSession<T>(
  input: NightlyInput,
  ports: NightlyPorts,
  dt: Day,
  isNeeded: () => Promise<boolean>,
  work: (session: SessionWork) => Promise<T>,
): Promise<T | undefined> {
  const { store, clock, emit, signal } = ports
  const lease = await takeLease(leaseKey(input.session), {
    store,
    clock,
    emit,
    holder: input.run,
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    return (await isNeeded()) ? await signedIn(input, ports, dt, lease, work) : undefined
  } finally {
    await lease.release()
  }
}
