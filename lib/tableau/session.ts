import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock } from '../core/ports.ts'
import type { Tally } from './calls.ts'
import { unlessAborted } from './cancel.ts'
import { isSessionLoss } from './problem.ts'

/** Two losses within this time have a cause that signing in again does not cure. */
const TOO_SOON_MS = 10 * 60_000

/** A session that all callers of a run share, and that is renewed in one place. */
export interface Session {
  /**
   * Makes a call with the session's token. When the session turns out to be lost, it is renewed once for everybody
   * and the call repeated; `tally.renewals` counts it for the caller that set off the renewal.
   * Throws `session-lost` on a second loss within ten minutes, to every caller from then on.
   */
  withToken<T>(call: (token: string) => Promise<T>, tally: Tally, signal: AbortSignal): Promise<T>
  /** The token that would be used now, for signing out. */
  token(): string
}

/** A session's token, and how often the session was renewed before it. */
export interface Numbered {
  readonly token: string
  readonly generation: number
}

/** The session as it is at first, and how it is renewed. */
export interface SessionOptions {
  readonly first: Numbered
  readonly clock: Clock
  readonly emit: Emit
  /** A newer session than that of this generation. Whatever it throws ends the session for all callers. */
  readonly renew: (generation: number) => Promise<Numbered>
}

/** Keeps a session alive. See `Session`. */
export function keepSession({ first, clock, emit, renew }: SessionOptions): Session {
  let held = first
  let renewing: Promise<void> | undefined
  let lostAt: number | undefined
  let ended: { readonly reason: unknown } | undefined

  const replace = async (loss: AlmanacError): Promise<void> => {
    const now = clock.elapsed()
    const soon = lostAt !== undefined && now - lostAt < TOO_SOON_MS
    lostAt = now
    try {
      if (soon) throw lostTwice(loss)
      held = await renew(held.generation)
    } catch (thrown) {
      ended = { reason: thrown }
      throw thrown
    }
    emit({ type: 'renewed', reason: `the session had ended (${loss.tableauCode})` })
  }

  /** True for the caller that set off the renewal; the others wait for it, or find it done. */
  const renewOnce = async (generation: number, loss: AlmanacError, signal: AbortSignal): Promise<boolean> => {
    if (ended !== undefined) throw ended.reason
    if (generation !== held.generation) return false
    const isFirst = renewing === undefined
    renewing ??= replace(loss).finally(() => {
      renewing = undefined
    })
    await unlessAborted(renewing, signal)
    return isFirst
  }

  return {
    token: () => held.token,
    withToken: async (call, tally, signal) => {
      for (;;) {
        if (renewing !== undefined) await unlessAborted(renewing, signal)
        if (ended !== undefined) throw ended.reason
        const { token, generation } = held
        try {
          return await call(token)
        } catch (thrown) {
          if (!isSessionLoss(thrown)) throw thrown
          if (await renewOnce(generation, thrown, signal)) tally.renewals += 1
        }
      }
    },
  }
}

const lostTwice = (loss: AlmanacError): AlmanacError =>
  new AlmanacError(
    'session-lost',
    `${loss.message}: the session ended for the second time within ten minutes`,
    {
      ...(loss.tableauCode === undefined ? {} : { tableauCode: loss.tableauCode }),
    },
  )
