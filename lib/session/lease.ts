import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock, ObjectStore, StoredObject } from '../core/ports.ts'
import { BEATING_MS, periodOf, readState, stateBytes, stateIn } from './lease-state.ts'

/** The right to hold the one session of a personal access token. */
export interface Lease {
  /** Throws `lease-lost` when somebody took it over: the session must not be used or renewed any more. */
  check(): Promise<void>
  /** Hands it back. Never throws: an unreleased lease expires by itself. */
  release(): Promise<void>
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
  readonly pollEvery?: number
  readonly giveUpAfter?: number
}

const RENEW_EVERY = 20_000
const POLL_EVERY = 500
const GIVE_UP_AFTER = 12 * 3_600_000

/** Somebody else wrote at the same moment. */
const OUTRUN = { busy: '', holder: 'another run', period: BEATING_MS } as const

/** Tries once: the ETag when the lease is ours now, else the state that is in the way. */
async function tryTake(
  key: string,
  options: LeaseOptions,
  stale: string | undefined,
): Promise<{ etag: string } | { busy: string; holder: string; period: number }> {
  const { store, holder } = options
  const object = await readState(store, key)
  if (object === undefined) {
    const made = await store.write(key, stateBytes({ holder, beat: 0 }), 'absent')
    return made.won ? { etag: made.etag } : OUTRUN
  }
  const { etag, state } = object
  if (state.holder !== null && etag !== stale)
    return { busy: etag, holder: state.holder, period: periodOf(state) }
  const taken = await store.write(key, stateBytes({ holder, beat: state.beat + 1 }), { etag })
  return taken.won ? { etag: taken.etag } : OUTRUN
}

/** Waits until the lease is free, or until its holder has not moved for its stated period by our own monotonic clock. */
async function take(key: string, options: LeaseOptions): Promise<string> {
  const { clock, emit, pollEvery = POLL_EVERY, giveUpAfter = GIVE_UP_AFTER } = options
  const began = clock.elapsed()
  let seen = { etag: '', since: began, period: BEATING_MS }
  let told = ''
  for (;;) {
    const isStale = seen.etag !== '' && clock.elapsed() - seen.since >= seen.period
    const result = await tryTake(key, options, isStale ? seen.etag : undefined)
    if ('etag' in result) return result.etag
    if (result.busy !== seen.etag) seen = { etag: result.busy, since: clock.elapsed(), period: result.period }
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

const holderIn = (key: string, { bytes }: StoredObject): string | null => stateIn(key, bytes).holder

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
      const result = await store.write(key, stateBytes({ holder: next, beat: ++beat }), { etag })
      isDoubtful = false
      if (result.won) etag = result.etag
      return result.won
    },
  }
}
