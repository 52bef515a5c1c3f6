import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock, ObjectStore, Vault } from '../core/ports.ts'
import type { KeptSession } from '../tableau/session-facts.ts'
import type { HeldTurn } from './execution.ts'
import { type Kept, keep } from './kept.ts'

/** What signing in for a run of many processes takes. */
export interface SessionPorts {
  readonly store: ObjectStore
  /** Where the site's session is kept. */
  readonly vault: Vault
  readonly clock: Clock
  readonly emit: Emit
  /** Signs in and keeps the session open. Calls `beforeSignIn` before it does. */
  readonly signIn: (beforeSignIn: () => Promise<void>, signal: AbortSignal) => Promise<KeptSession>
  /** Signs out. */
  readonly signOut: (session: KeptSession) => Promise<void>
  readonly signal?: AbortSignal
}

/** A sign-in that takes longer is given up, in milliseconds. */
const SIGN_IN_MS = 60_000

/**
 * How long a lease stands still before the turn to sign in counts as that of a process that died, in milliseconds. Longer
 * than a sign-in may take, so that no two processes sign in side by side.
 */
export const TURN_MS = 2 * SIGN_IN_MS

/**
 * Signs in with a turn that is held, and keeps the session. `admit` may refuse it: then it is signed out. A session that
 * could not be kept is left as it is, since it may be kept after all; the next sign-in ends it. Throws what the ports
 * throw, `lease-lost` when the turn was lost meanwhile.
 */
export async function signInWith(
  held: HeldTurn,
  run: string,
  ports: SessionPorts,
  admit: (session: KeptSession) => Promise<KeptSession>,
): Promise<Kept> {
  const { vault, clock } = ports
  const signedIn = await inTime(ports, (signal) => ports.signIn(held.check, signal))
  const session = await admitted(signedIn, ports, async () => {
    const seen = await admit(signedIn)
    // The vault is no place to find out who came first.
    await held.check()
    return seen
  })
  const { generation, renewals } = held.turn
  const kept = { run, generation, renewals, signedInAt: clock.now(), session }
  await keep(vault, kept)
  return kept
}

async function admitted<T>(
  session: KeptSession,
  { signOut }: SessionPorts,
  look: () => Promise<T>,
): Promise<T> {
  try {
    return await look()
  } catch (thrown) {
    // Why it is refused counts; a session that could not be signed out ends by itself.
    await signOut(session).catch(() => undefined)
    throw thrown
  }
}

async function inTime<T>(
  { clock, signal }: SessionPorts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [late, over] = [new AbortController(), new AbortController()]
  clock.sleep(SIGN_IN_MS, over.signal).then(
    () =>
      late.abort(new AlmanacError('unreachable', `Signing in took longer than ${SIGN_IN_MS / 1000} seconds`)),
    () => undefined,
  )
  try {
    return await work(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]))
  } finally {
    over.abort()
  }
}
