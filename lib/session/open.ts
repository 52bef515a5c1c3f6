import type { Day } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import type { SessionName } from '../tableau/identity.ts'
import { type Admission, admit } from './admission.ts'
import {
  askForLease,
  type Busy,
  type ExecutionPorts,
  type HeldTurn,
  type Sighting,
  type Standing,
  takeTurn,
} from './execution.ts'
import { type Kept, readKept } from './kept.ts'
import { leaseKey } from './lease-state.ts'
import { type SessionPorts, signInWith, TURN_MS } from './sign-in.ts'

/** What a run opens its session for. */
export interface OpenInput extends Admission {
  /** Whose one session the run holds. */
  readonly session: SessionName
  /** The execution. */
  readonly run: string
  readonly dt: Day
  /** The longest that the execution can take, in milliseconds. */
  readonly period: number
  /** When it is too late to wait any longer, in ms since 1970. */
  readonly until: number
  /** What was seen when it was busy before. */
  readonly seen?: Sighting | undefined
}

/** A run's session is kept. Nothing in it is secret. */
export interface Opened {
  readonly verdict: 'opened'
  readonly generation: number
  readonly server: string
  readonly apiVersion: string
  readonly siteRole: string
  /** When the personal access token expires, in ms since 1970; null where that is not known. */
  readonly tokenExpiresAt: number | null
}

/** What opening a session takes. */
export interface OpenPorts extends SessionPorts, Pick<ExecutionPorts, 'isRunning'> {}

const openedBy = ({ generation, session }: Kept): Opened => ({
  verdict: 'opened',
  generation,
  server: session.server,
  apiVersion: session.apiVersion,
  siteRole: session.user.siteRole,
  tokenExpiresAt: session.tokenExpiresAt,
})

/**
 * Opens the one session of a run that many processes share: takes the lease, signs in, looks at day and site, and keeps the
 * session in the vault. Waits for nobody: `busy` says who holds the lease and what was seen, to come again with. Opened once
 * for a run, however often it is asked. Throws `lease-busy` when it is too late to wait;
 * `wrong-day`, `site-mismatch`, `lease-lost` (another process of the run is at it), and what the ports throw; the lease is
 * handed back then.
 */
export async function openSession(input: OpenInput, ports: OpenPorts): Promise<Opened | Busy> {
  const { run } = input
  const kept = await readKept(ports.vault, run)
  const asked = await askForTurn(input, kept, ports)
  if ('opened' in asked) return asked.opened
  if ('busy' in asked) {
    const what = `run ${asked.busy.holder} holds this token’s session`
    if (ports.clock.now() >= input.until)
      throw new AlmanacError('lease-busy', `${what}, and it is too late to wait for it`)
    ports.emit({ type: 'waiting', what })
    return asked.busy
  }
  return openedBy(await openWith(asked.won, input, ports))
}

type AskedForTurn = { readonly opened: Opened } | { readonly busy: Busy } | { readonly won: HeldTurn }

async function askForTurn(input: OpenInput, kept: Kept | undefined, ports: OpenPorts): Promise<AskedForTurn> {
  const { session, run: holder, period, seen } = input
  const key = leaseKey(session)
  const generation = kept === undefined ? 0 : kept.generation + 1
  const asked = await askForLease(key, { holder, period, generation, seen }, ports)
  if (!('ours' in asked)) return asked
  if (kept !== undefined) return { opened: openedBy(kept) }
  const { ours } = asked
  const { etag, since } = ours
  const busy: AskedForTurn = { busy: { verdict: 'busy', holder, etag, since } }
  if (isTurnTaken(ours, ports.clock.now() - since)) return busy
  const next = { generation: (ours.state.turn?.generation ?? 0) + 1, renewals: 0 }
  const won = await takeTurn(ports.store, key, ours, next)
  return won === undefined ? busy : { won }
}

/** Whether another process of the run may be signing in. */
const isTurnTaken = ({ state: { turn } }: Standing, stillMs: number): boolean =>
  turn !== undefined && turn.failure === undefined && stillMs < TURN_MS

async function openWith(held: HeldTurn, input: OpenInput, ports: OpenPorts): Promise<Kept> {
  try {
    return await signInWith(held, input.run, ports, async (session) => {
      await admit(ports.store, input, input.dt, session)
      return session
    })
  } catch (thrown) {
    // What went wrong counts; a lease that could not be handed back is taken over when the execution has ended.
    await held.leave({ holder: null }).catch(() => undefined)
    throw thrown
  }
}
