import { AlmanacError, isError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock, ObjectStore } from '../core/ports.ts'
import { parseStored } from '../core/receipt.ts'
import { type Lease, takeLease } from '../session/lease.ts'
import { leaseKey } from '../session/lease-state.ts'
import type { Client } from '../tableau/client.ts'
import type { SessionName } from '../tableau/identity.ts'
import { limited } from './limit.ts'

/** What borrowing a session needs. */
export interface SessionPorts {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly emit: Emit
  /** Who holds the lease meanwhile. */
  readonly run: string
  readonly connect: (beforeSignIn: () => Promise<void>) => Promise<Client>
  readonly signal?: AbortSignal
}

/** A client and the lease it holds. `close` signs out and hands the lease back; it never throws. */
export interface Borrowed {
  readonly client: Client
  close(): Promise<void>
}

/** A run that begins this moment may be waited for; one that works for an hour may not. */
const GIVE_UP_AFTER = 2_000
const POLL_EVERY = 250
/** Reading and writing one small object, milliseconds. */
const LEASE_LIMIT = 20_000

const busy = (holder: string): AlmanacError =>
  new AlmanacError('lease-busy', `${holder}, and a sign-in would end it`, {
    next: 'Wait until that run has ended, then try again; the token of a run that died goes to the next night.',
  })

/** The lease of a warehouse that cannot be written to: a look is all there is, and nobody can be kept out. */
async function lookAt(key: string, store: ObjectStore): Promise<Lease> {
  const object = await store.read(key)
  const state =
    object === undefined
      ? undefined
      : parseStored<{ readonly format: 1; readonly holder: string | null }>(key, object.bytes)
  if (state !== undefined && state.holder !== null)
    throw busy(`run ${state.holder} holds this token’s session`)
  return { check: async () => undefined, release: async () => undefined }
}

async function takeOrLookAt(session: SessionName, ports: SessionPorts): Promise<Lease> {
  const { store, clock, run: holder, signal } = ports
  const key = leaseKey(session)
  let waiting = 'another run holds this token’s session'
  const emit: Emit = (event) => {
    if (event.type === 'waiting') waiting = event.what
    ports.emit(event)
  }
  const stop = signal === undefined ? {} : { signal }
  const limits = { giveUpAfter: GIVE_UP_AFTER, pollEvery: POLL_EVERY }
  try {
    return await takeLease(key, { store, clock, emit, holder, ...limits, ...stop })
  } catch (thrown) {
    if (isError(thrown, 'lease-busy')) throw busy(waiting)
    if (!isError(thrown, 'store-failed', 'store-locked')) throw thrown
    return lookAt(key, store)
  }
}

/** The lease, or `unreachable` when the warehouse keeps silent. One that comes after that is handed back. */
async function leaseInTime(session: SessionName, ports: SessionPorts): Promise<Lease> {
  const taking = takeOrLookAt(session, ports)
  try {
    return await limited('asking the warehouse for the lease', LEASE_LIMIT, ports, () => taking)
  } catch (thrown) {
    taking.then(
      (lease) => lease.release(),
      () => undefined,
    )
    throw thrown
  }
}

/** Lets the first sign-in through; a later one would take the session from a run that began meanwhile. */
function onlyOnce(lease: Lease): () => Promise<void> {
  let isSignedIn = false
  return async () => {
    if (isSignedIn) throw new AlmanacError('session-lost', 'the session ended while it was in use')
    isSignedIn = true
    await lease.check()
  }
}

/**
 * Signs in for a look, and never in the middle of somebody else's run: under the lease that runs hold, given up after two
 * seconds. Throws `lease-busy` when a run holds it, `unreachable` when the store keeps silent, what it throws when it cannot even be read, and what `connect` throws.
 */
export async function borrowSession(session: SessionName, ports: SessionPorts): Promise<Borrowed> {
  const lease = await leaseInTime(session, ports)
  try {
    const client = await ports.connect(onlyOnce(lease))
    return {
      client,
      close: async () => {
        await client.close()
        await lease.release()
      },
    }
  } catch (thrown) {
    await lease.release()
    throw thrown
  }
}
