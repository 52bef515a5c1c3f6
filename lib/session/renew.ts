import { hoursBetween, RUN_HOURS } from '../core/day.ts'
import { AlmanacError, asAlmanacError } from '../core/errors.ts'
import type { SessionName } from '../tableau/identity.ts'
import { holdToSession } from '../tableau/same-session.ts'
import type { KeptSession } from '../tableau/session-facts.ts'
import { type HeldTurn, leaseLost, type Standing, takeTurn } from './execution.ts'
import { type Kept, readKept } from './kept.ts'
import { leaseKey, readState } from './lease-state.ts'
import { type SessionPorts, signInWith, TURN_MS } from './sign-in.ts'

/** A session that ended. */
export interface RenewInput {
  readonly session: SessionName
  readonly run: string
  /** The number of the session that ended, as whoever met that knew it. */
  readonly generation: number
}

/** How often a run's session is renewed at most: an idle limit of two hours ends it less often in a night. */
const MOST_RENEWALS = 3
/** Two losses within this time have a cause that signing in again does not cure. */
const TOO_SOON_MS = 10 * 60_000
const POLL_MS = 500

/** No session is kept for a run: it was not opened, or is closed. */
export const notKept = (run: string): AlmanacError =>
  new AlmanacError('session-lost', `No session is kept for run ${run}`, {
    next: 'The run has ended, or another run took over its token. Run the same day again.',
  })

/**
 * Renews the session of a run once for all who ask: one signs in, the others wait for it and are told of the newer session,
 * as is who asks when that is there already. Gives its number. Throws `session-lost` when it ended too often or too soon,
 * or none is kept; `lease-lost` when the run does not hold the lease any more; `site-mismatch`, `wrong-day` when the new session is no more of the same work; and to all who waited what signing in threw.
 */
export async function renewSession(input: RenewInput, ports: SessionPorts): Promise<number> {
  const { run, generation } = input
  const { store, vault, clock } = ports
  const key = leaseKey(input.session)
  let watched = { etag: '', since: 0 }
  let awaited: number | undefined
  for (;;) {
    const kept = await readKept(vault, run)
    if (kept === undefined) throw notKept(run)
    if (kept.generation > generation) return kept.generation
    const standing = await ourLease(key, run, ports)
    const { etag, state } = standing
    if (etag !== watched.etag) watched = { etag, since: clock.elapsed() }
    if (state.turn?.failure !== undefined && state.turn.generation === awaited) {
      const { code, message, next } = state.turn.failure
      throw new AlmanacError(code, message, { next })
    }
    if (isTurnTaken(standing, generation) && clock.elapsed() - watched.since < TURN_MS) {
      awaited = state.turn?.generation
      await clock.sleep(POLL_MS, ports.signal)
      continue
    }
    const held = await takeTurn(store, key, standing, nextTurn(standing, kept, input, clock.now()))
    if (held !== undefined) return renewWith(held, kept, ports)
  }
}

async function ourLease(key: string, run: string, { store }: SessionPorts): Promise<Standing> {
  const standing = await readState(store, key)
  if (standing?.state.holder !== run) throw leaseLost(run)
  return standing
}

/** Whether somebody signs in for a newer session, or has and the vault does not show it yet. */
const isTurnTaken = ({ state: { turn } }: Standing, generation: number): boolean =>
  turn !== undefined && turn.failure === undefined && turn.generation > generation

function nextTurn({ state }: Standing, kept: Kept, { run, generation }: RenewInput, now: number) {
  const renewals = state.turn?.renewals ?? kept.renewals
  const minutes = Math.floor((now - kept.signedInAt) / 60_000)
  if (renewals >= MOST_RENEWALS)
    throw new AlmanacError('session-lost', `The session of run ${run} ended after ${renewals} renewals`)
  if (kept.renewals > 0 && now - kept.signedInAt < TOO_SOON_MS)
    throw new AlmanacError(
      'session-lost',
      `The session of run ${run} ended ${minutes} minutes after it was renewed`,
    )
  return { generation: Math.max(state.turn?.generation ?? 0, generation) + 1, renewals: renewals + 1 }
}

/** What a new session must have in common with the one before it: a run reads one site, as one user, of one day. */
function sameWork(before: KeptSession, session: KeptSession): KeptSession {
  const { observedAt } = before
  holdToSession(before, session)
  const hours = hoursBetween(observedAt, session.observedAt)
  if (hours > RUN_HOURS)
    throw new AlmanacError(
      'wrong-day',
      `The run began to look ${hours} hours ago, and what is read now is of another day`,
    )
  // When a run began to look does not change while it looks.
  return { ...session, observedAt }
}

async function renewWith(held: HeldTurn, before: Kept, ports: SessionPorts): Promise<number> {
  try {
    const kept = await signInWith(held, before.run, ports, async (session) =>
      sameWork(before.session, session),
    )
    ports.emit({ type: 'renewed', reason: `the session of run ${before.run} had ended` })
    return kept.generation
  } catch (thrown) {
    const { code, message, next } = asAlmanacError(thrown)
    const failure = { code, message, next }
    await held.leave({ holder: before.run, turn: { ...held.turn, failure } }).catch(() => undefined)
    throw thrown
  }
}
