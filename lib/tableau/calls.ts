import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock } from '../core/ports.ts'
import { isTransient, MAX_TRIES, retryBudget, waitBefore } from './retry.ts'
import type { Reply, Request, Transport } from './transport.ts'

/** What reading something took: HTTP calls (repeats included), repeats, new sign-ins, and bytes of answers on the wire. */
export interface Cost {
  readonly calls: number
  readonly retries: number
  readonly renewals: number
  readonly bytes: number
}

/** A cost that grows. */
export type Tally = { -readonly [K in keyof Cost]: Cost[K] }

/** A tally at its beginning. */
export const newTally = (): Tally => ({ calls: 0, retries: 0, renewals: 0, bytes: 0 })

/** The sum of two costs. */
export const addCosts = (a: Cost, b: Cost): Cost => ({
  calls: a.calls + b.calls,
  retries: a.retries + b.retries,
  renewals: a.renewals + b.renewals,
  bytes: a.bytes + b.bytes,
})

/** Sends a request, again and again where that may help, and counts. */
export type Send = (request: Request, tally: Tally, signal?: AbortSignal) => Promise<Reply>

/** What the calls of a run go through, and where it is told that one is repeated. */
export interface CallsOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: () => number
  readonly emit: Emit
}

/**
 * All calls of one run: each is tried up to five times while its failure may pass, within the run's retry budget.
 * Rejects with the last failure, or with the signal's reason.
 */
export function openCalls({ transport, clock, random, emit }: CallsOptions): Send {
  const budget = retryBudget()
  let established = false
  const once: Send = async (request, tally, signal) => {
    budget.called()
    tally.calls += 1
    const reply = await transport.exchange(request, signal)
    tally.bytes += reply.bytes
    established = true
    return reply
  }
  return async (request, tally, signal) => {
    for (let tries = 1; ; tries++) {
      try {
        return await once(request, tally, signal)
      } catch (thrown) {
        if (!(thrown instanceof AlmanacError) || !isTransient(thrown, established)) throw thrown
        if (tries >= MAX_TRIES) throw afterTries(thrown, `tried ${tries} times`)
        if (!budget.take()) throw afterTries(thrown, 'this run repeated too many of its calls already')
        const waitMs = waitBefore(thrown, tries, random)
        tally.retries += 1
        emit({ type: 'retried', path: request.path, attempt: tries, waitMs, reason: thrown.message })
        await clock.sleep(waitMs, signal)
      }
    }
  }
}

function afterTries(error: AlmanacError, how: string): AlmanacError {
  const { cause, next, details, tableauCode } = error
  return new AlmanacError(error.code, `${error.message} (${how})`, {
    cause,
    next,
    details,
    ...(tableauCode === undefined ? {} : { tableauCode }),
  })
}
