import type { AlmanacError, ErrorCode } from '../core/errors.ts'
import { isPassing } from '../network/failure.ts'

/** How often one call is tried at most, the first time included. */
export const MAX_TRIES = 5

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
const LONGEST_ASKED_WAIT_MS = 300_000

/** Of the run's calls, how many may be repeats, and how many always may: eight calls in flight, four times each. */
const BUDGET_SHARE = 0.2
const BUDGET_FLOOR = 32

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['rate-limited', 'server-error', 'malformed-response'])

/**
 * Whether the same call may work a moment later. `established`: the server answered in this run before, so that
 * a refused connection is a restart rather than a wrong address. A content encoding that nobody asked for stays.
 */
export function isTransient(error: AlmanacError, established: boolean): boolean {
  if (error.code === 'unreachable') return established || isPassing(String(error.details['network'] ?? ''))
  return RETRYABLE.has(error.code) && error.details['encoding'] === undefined
}

/**
 * How long to wait before the try after the `tries`-th, in milliseconds: what the server asked for (`retryAfterMs`, up to
 * five minutes) and a little more, so that callers do not come back in step; else a random part of a wait that doubles
 * from one second to a minute. `random` gives numbers from 0 up to 1.
 */
export function waitBefore(error: AlmanacError, tries: number, random: () => number): number {
  const asked = error.details['retryAfterMs']
  if (typeof asked === 'number')
    return Math.round(Math.min(asked + random() * FIRST_WAIT_MS, LONGEST_ASKED_WAIT_MS))
  return Math.round(random() * Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS))
}

/**
 * A `Retry-After` header as milliseconds, in both its forms (RFC 9110, section 10.2.3): seconds, or a date, which is
 * compared with the server's own `Date` in the same answer. Undefined when absent, negative, past or none of the two.
 */
export function parseRetryAfter(header: string | undefined, serverNowMs: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const at = /^[A-Za-z]{3},? /.test(text) ? Date.parse(text) : Number.NaN
  const wait = at - serverNowMs
  return wait >= 0 ? wait : undefined
}

/** Keeps a run from hammering a server that is down: counts calls and repeats, and says whether one more repeat is allowed. */
export interface RetryBudget {
  called(): void
  /** Takes one repeat out of the budget; false when there is none left. */
  take(): boolean
}

/** The budget of one run: a fifth of its calls may be repeats, and 32 in any case. */
export function retryBudget(): RetryBudget {
  let calls = 0
  let taken = 0
  return {
    called: () => {
      calls += 1
    },
    take: () => {
      if (taken >= Math.max(BUDGET_FLOOR, calls * BUDGET_SHARE)) return false
      taken += 1
      return true
    },
  }
}
