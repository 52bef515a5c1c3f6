import { AlmanacError } from '../core/errors.ts'
import type { Clock, ObjectStore } from '../core/ports.ts'
import { type LeaseState, periodOf, readState, stateBytes, type Turn } from './lease-state.ts'

/** A lease as somebody saw it who looks again later: its ETag, and since when it stands still (ms since 1970 UTC). */
export interface Sighting {
  readonly etag: string
  readonly since: number
}

/** Somebody else is at it. To be asked again, with what was seen. */
export interface Busy extends Sighting {
  readonly verdict: 'busy'
  /** The run that holds the lease; one's own where another process of it signs in. */
  readonly holder: string
}

/** A state of a lease that was read, to be replaced if it still stands. */
export interface Standing {
  readonly etag: string
  readonly state: LeaseState
}

/** A turn to sign in, and the lease as it was left with it. */
export interface HeldTurn {
  readonly turn: Turn
  /** Throws `lease-lost` when the turn or the whole lease was given to somebody else. */
  check(): Promise<void>
  /** Leaves the lease without the turn: it says why that failed, or is handed back (null). Does nothing when it was lost. */
  leave(state: Pick<LeaseState, 'holder' | 'turn'>): Promise<void>
}

/** What an execution asks for a lease with. */
export interface ExecutionWish {
  /** The execution. */
  readonly holder: string
  /** How long it may stand still, in milliseconds: the longest that it can take. */
  readonly period: number
  /** Number of the session that the first turn is for. */
  readonly generation: number
  /** What was seen when it was busy before. */
  readonly seen?: Sighting | undefined
}

/** What looking at leases takes. */
export interface ExecutionPorts {
  readonly store: ObjectStore
  readonly clock: Clock
  /** Whether an execution still runs: false only where that is known. Asked of holders that are executions. */
  readonly isRunning: (holder: string) => Promise<boolean>
}

/** A lease that was asked for: won, with the turn to sign in; one's own already; or somebody else's. */
export type Asked =
  | { readonly won: HeldTurn }
  | { readonly ours: Standing & Sighting }
  | { readonly busy: Busy }

/**
 * Asks for a lease once, for an execution: it does not beat, and another process hands it back. Takes over that of a run
 * that stood still for its period, by wall clock since the sightings are those of many processes; or of an execution that
 * has ended. Throws what the store throws.
 */
export async function askForLease(key: string, wish: ExecutionWish, ports: ExecutionPorts): Promise<Asked> {
  const { store, clock } = ports
  const { holder, period, generation, seen } = wish
  const now = clock.now()
  const found = await readState(store, key)
  const etag = found?.etag ?? ''
  const since = seen?.etag === etag ? Math.min(seen.since, now) : now
  if (found !== undefined && found.state.holder === holder) return { ours: { ...found, since } }
  if (found !== undefined && !(await isFree(found.state, now - since, ports)))
    return { busy: { verdict: 'busy', holder: String(found.state.holder), etag, since } }
  const turn = { generation, renewals: 0 }
  const won = await replace(store, key, found, { holder, period, turn })
  return won === undefined
    ? { busy: { verdict: 'busy', holder: 'another run', etag: '', since: now } }
    : { won }
}

async function isFree(state: LeaseState, stillMs: number, { isRunning }: ExecutionPorts): Promise<boolean> {
  if (state.holder === null || stillMs >= periodOf(state)) return true
  return state.period !== undefined && !(await isRunning(state.holder))
}

/** Takes the next turn of an execution that holds a lease; undefined when the lease changed meanwhile. */
export const takeTurn = (
  store: ObjectStore,
  key: string,
  standing: Standing,
  turn: Turn,
): Promise<HeldTurn | undefined> => replace(store, key, standing, { ...standing.state, turn })

type Held = Omit<LeaseState, 'beat'> & { readonly turn: Turn }

async function replace(
  store: ObjectStore,
  key: string,
  standing: Standing | undefined,
  held: Held,
): Promise<HeldTurn | undefined> {
  const beat = standing === undefined ? 0 : standing.state.beat + 1
  const condition = standing === undefined ? 'absent' : { etag: standing.etag }
  const result = await store.write(key, stateBytes({ ...held, beat }), condition)
  if (!result.won) return undefined
  const { etag } = result
  return {
    turn: held.turn,
    check: async () => {
      if ((await store.head(key))?.etag !== etag) throw leaseLost(held.holder)
    },
    leave: async ({ holder, turn }) => {
      const kept = holder === null ? {} : { ...held, ...(turn === undefined ? {} : { turn }) }
      await store.write(key, stateBytes({ ...kept, holder, beat: beat + 1 }), { etag })
    },
  }
}

/** Somebody else holds the lease, or has the turn. */
export const leaseLost = (run: string | null): AlmanacError =>
  new AlmanacError('lease-lost', `run ${run ?? 'nobody'} does not hold this token any more`)

/**
 * Hands back the lease that an execution holds, as any process of it may; nothing happens when it holds none. Throws what
 * the store throws, and `store-conflict` when others keep writing.
 */
export async function releaseLease(store: ObjectStore, key: string, holder: string): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const found = await readState(store, key)
    if (found?.state.holder !== holder) return
    const free = stateBytes({ holder: null, beat: found.state.beat + 1 })
    if ((await store.write(key, free, { etag: found.etag })).won) return
  }
  throw new AlmanacError('store-conflict', `${key}: other processes of run ${holder} keep writing it`)
}
