import { AlmanacError, isError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import { keys } from '../core/keys.ts'
import type { Clock, ObjectStore, StoredObject } from '../core/ports.ts'
import { jsonBytes, parseStored } from '../core/receipt.ts'
import { sha256 } from '../core/sha256.ts'
import type { SessionName } from '../tableau/identity.ts'

/** The right to hold the one session of a personal access token. */
export interface Lease {
  /** Throws `lease-lost` when somebody took it over: the session must not be used or renewed any more. */
  check(): Promise<void>
  /** Hands it back. Never throws: an unreleased lease expires by itself. */
  release(): Promise<void>
}

interface LeaseState {
  readonly format: 1
  /** The run that holds it; null when it is free. */
  readonly holder: string | null
  /** Grows with every renewal, so that the ETag moves while the holder lives. */
  readonly beat: number
}

/** What a lease is asked for with. */
export interface LeaseOptions {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly emit: Emit
  readonly holder: string
  readonly signal?: AbortSignal
  /** Milliseconds; the defaults are those that the waiter and the holder agree on. */
  readonly renewEvery?: number
  readonly expiresAfter?: number
  readonly pollEvery?: number
  readonly giveUpAfter?: number
}

const RENEW_EVERY = 20_000
const EXPIRES_AFTER = 60_000
const POLL_EVERY = 500
const GIVE_UP_AFTER = 12 * 3_600_000

/** The lease's key: one for each host and name, since a sign-in with a token ends its session on any site. */
export const leaseKey = ({ host, name }: SessionName): string => keys.lease(sha256(`${host}\n${name}`))

const stateBytes = (holder: string | null, beat: number): Uint8Array =>
  jsonBytes({ format: 1, holder, beat } satisfies LeaseState)

/** An object, or only its ETag where it is damaged; undefined when there is none. */
async function lookAt(store: ObjectStore, key: string): Promise<StoredObject | { etag: string } | undefined> {
  try {
    return await store.read(key)
  } catch (error) {
    if (!isError(error, 'corrupt-object')) throw error
    return store.head(key)
  }
}

/**
 * The state of a lease. A damaged one counts as held by somebody unknown: whoever holds it writes it anew with the next
 * beat, and when nobody does it is taken over like that of a run that died. One of another format is not: a later version
 * of this program holds it. Throws `corrupt-object` for that.
 */
async function readState(
  store: ObjectStore,
  key: string,
): Promise<{ etag: string; state: Pick<LeaseState, 'holder' | 'beat'> } | undefined> {
  const object = await lookAt(store, key)
  if (object === undefined) return undefined
  const { etag } = object
  return 'bytes' in object
    ? { etag, state: parseStored<LeaseState>(key, object.bytes) }
    : { etag, state: { holder: 'whose name is damaged', beat: 0 } }
}

/** Tries once: the ETag when the lease is ours now, else the state that is in the way. */
async function tryTake(
  key: string,
  options: LeaseOptions,
  stale: string | undefined,
): Promise<{ etag: string } | { busy: string; holder: string }> {
  const { store, holder } = options
  const object = await readState(store, key)
  if (object === undefined) {
    const made = await store.write(key, stateBytes(holder, 0), 'absent')
    return made.won ? { etag: made.etag } : { busy: '', holder: 'another run' }
  }
  const { etag, state } = object
  if (state.holder !== null && etag !== stale) return { busy: etag, holder: state.holder }
  const taken = await store.write(key, stateBytes(holder, state.beat + 1), { etag })
  return taken.won ? { etag: taken.etag } : { busy: '', holder: 'another run' }
}

/** Waits until the lease is free, or until its holder has not moved for the stated period by our own monotonic clock. */
async function take(key: string, options: LeaseOptions): Promise<string> {
  const {
    clock,
    emit,
    expiresAfter = EXPIRES_AFTER,
    pollEvery = POLL_EVERY,
    giveUpAfter = GIVE_UP_AFTER,
  } = options
  const began = clock.elapsed()
  let seen = { etag: '', since: began }
  let told = ''
  for (;;) {
    const isStale = seen.etag !== '' && clock.elapsed() - seen.since >= expiresAfter
    const result = await tryTake(key, options, isStale ? seen.etag : undefined)
    if ('etag' in result) return result.etag
    if (result.busy !== seen.etag) seen = { etag: result.busy, since: clock.elapsed() }
    if (told !== result.holder)
      emit({ type: 'waiting', what: `run ${result.holder} holds this token’s session` })
    told = result.holder
    if (clock.elapsed() - began > giveUpAfter)
      throw new AlmanacError(
        'lease-busy',
        `run ${result.holder} has held this token for ${Math.round(giveUpAfter / 60_000)} minutes`,
      )
    await clock.sleep(pollEvery, options.signal)
  }
}

/**
 * Takes the lease of a token, waiting for another run that holds it, and keeps renewing it while this run lives.
 * Throws `lease-busy` after half a day of waiting, or the signal's reason.
 */
export async function takeLease(key: string, options: LeaseOptions): Promise<Lease> {
  const { store, clock, holder, renewEvery = RENEW_EVERY } = options
  const held = keepHeld(key, options, await take(key, options))
  let isLost = false
  const over = new AbortController()
  const renewal = (async (): Promise<void> => {
    while (!over.signal.aborted && !isLost) {
      await clock.sleep(renewEvery, over.signal)
      // A store that fails for a moment loses nothing yet: the next beat looks what became of this one.
      isLost = !(await held.write(holder).catch(() => true))
    }
    // Ends when the lease is released.
  })().catch(() => undefined)
  const check = async (): Promise<void> => {
    const state = await store.read(key)
    const current = state === undefined ? null : holderIn(key, state)
    if (isLost || current !== holder)
      throw new AlmanacError('lease-lost', `run ${current ?? 'nobody'} holds this token now`)
  }
  return {
    check,
    release: async () => {
      over.abort()
      await renewal
      await held.write(null).catch(() => undefined)
    },
  }
}

const holderIn = (key: string, { bytes }: StoredObject): string | null =>
  parseStored<LeaseState>(key, bytes).holder

/** Writes over our own state of a lease; false when it is not ours any more. After a write without an answer it reads first. */
function keepHeld(
  key: string,
  { store, holder }: LeaseOptions,
  taken: string,
): { write(next: string | null): Promise<boolean> } {
  let etag = taken
  let beat = 1
  let isDoubtful = false
  const lookAgain = async (): Promise<boolean> => {
    const state = await store.read(key)
    if (state === undefined || holderIn(key, state) !== holder) return false
    etag = state.etag
    return true
  }
  return {
    write: async (next) => {
      if (isDoubtful && !(await lookAgain())) return false
      isDoubtful = true
      const result = await store.write(key, stateBytes(next, ++beat), { etag })
      isDoubtful = false
      if (result.won) etag = result.etag
      return result.won
    },
  }
}
