import { type ErrorCode, isError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import type { ObjectStore, StoredObject } from '../core/ports.ts'
import { jsonBytes, parseStored } from '../core/receipt.ts'
import { sha256 } from '../core/sha256.ts'
import type { SessionName } from '../tableau/identity.ts'

/** What a lease says of its holder. */
export interface LeaseState {
  /** The run that holds it; null when it is free. */
  readonly holder: string | null
  /** Grows with every write, so that the ETag moves while the holder lives. */
  readonly beat: number
  /**
   * How long the holder may stand still before it counts as dead, in milliseconds. Absent: it is a process that beats
   * (`BEATING_MS`). Present: it is an execution, which cannot beat; whether it runs can be asked.
   */
  readonly period?: number
  /** Whose turn it is to sign in, where the holder is many processes. */
  readonly turn?: Turn
}

/** The right to sign in for an execution, given to one of its processes at a time. */
export interface Turn {
  /** Number of the session that comes of it; grows with every turn of the execution. */
  readonly generation: number
  /** How many turns of the execution so far renewed a session, this one included. */
  readonly renewals: number
  /** Why no session came of it. Absent: one came or will come, or the process died. */
  readonly failure?: Failure
}

/** An error as others are told of it. Holds no secret, as no error does. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly next: string
}

/** After how many milliseconds without a beat a process counts as dead. Holders and waiters agree on it. */
export const BEATING_MS = 60_000

/** How long a holder may stand still, in milliseconds. */
export const periodOf = ({ period = BEATING_MS }: Pick<LeaseState, 'period'>): number => period

/** The lease's key: one for each host and name, since a sign-in with a token ends its session on any site. */
export const leaseKey = ({ host, name }: SessionName): string => keys.lease(sha256(`${host}\n${name}`))

/** A state as it is stored. */
export const stateBytes = (state: LeaseState): Uint8Array => jsonBytes({ format: 1, ...state })

/** A stored state. Throws `corrupt-object`. */
export const stateIn = (key: string, bytes: Uint8Array): LeaseState =>
  parseStored<LeaseState & { readonly format: 1 }>(key, bytes)

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
export async function readState(
  store: ObjectStore,
  key: string,
): Promise<{ readonly etag: string; readonly state: LeaseState } | undefined> {
  const object = await lookAt(store, key)
  if (object === undefined) return undefined
  const { etag } = object
  return 'bytes' in object
    ? { etag, state: stateIn(key, object.bytes) }
    : { etag, state: { holder: 'whose name is damaged', beat: 0 } }
}
