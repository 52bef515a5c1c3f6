import { describe, expect, it } from 'vitest'
import { AlmanacError, type ErrorCode } from '../../lib/core/errors.ts'
import { isTransient, parseRetryAfter, retryBudget, waitBefore } from '../../lib/tableau/retry.ts'

const NOW = Date.UTC(2026, 10, 1, 2, 0, 0)
const failure = (code: ErrorCode, details: Record<string, string | number> = {}) =>
  new AlmanacError(code, 'x', { details })

const RETRY_AFTER: readonly (readonly [header: string | undefined, ms: number | undefined])[] = [
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['7', 7_000],
  [' 120 ', 120_000],
  ['86400', 86_400_000],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['99999999999999999999', undefined],
  ['Sun, 01 Nov 2026 02:00:30 GMT', 30_000],
  ['Sun, 01 Nov 2026 01:59:30 GMT', undefined],
  ['2026-11-01', undefined],
]

describe('parseRetryAfter', () => {
  it.each(RETRY_AFTER)('%j', (header, ms) => {
    expect(parseRetryAfter(header, NOW)).toBe(ms)
  })
})

describe('waitBefore', () => {
  const half = () => 0.5
  it('doubles the longest wait from a second to a minute, and takes a random part of it', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((tries) => waitBefore(failure('server-error'), tries, half))
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(waitBefore(failure('server-error'), 3, () => 0)).toBe(0)
  })

  it('waits as long as the server asks, and a little more', () => {
    expect(waitBefore(failure('rate-limited', { retryAfterMs: 7_000 }), 1, half)).toBe(7_500)
  })

  it('never waits longer than five minutes', () => {
    expect(waitBefore(failure('rate-limited', { retryAfterMs: 86_400_000 }), 1, half)).toBe(300_000)
  })
})

const TRANSIENT: readonly (readonly [error: AlmanacError, established: boolean, transient: boolean])[] = [
  [failure('server-error'), false, true],
  [failure('rate-limited'), false, true],
  [failure('malformed-response'), false, true],
  [failure('malformed-response', { encoding: 'br' }), false, false],
  [failure('unreachable', { network: 'ECONNRESET' }), false, true],
  [failure('unreachable', { network: 'UND_ERR_HEADERS_TIMEOUT' }), false, true],
  [failure('unreachable', { network: 'EAI_AGAIN' }), false, true],
  [failure('unreachable', { network: 'ENOTFOUND' }), false, false],
  [failure('unreachable', { network: 'ECONNREFUSED' }), false, false],
  [failure('unreachable', { network: 'ECONNREFUSED' }), true, true],
  [failure('tls-failed'), true, false],
  [failure('redirected'), true, false],
  [failure('not-tableau'), true, false],
  [failure('sign-in-refused'), true, false],
  [failure('session-lost'), true, false],
  [failure('forbidden'), true, false],
  [failure('tableau-error'), true, false],
  [failure('response-too-large'), true, false],
  [failure('lease-lost'), true, false],
]

describe('isTransient', () => {
  it.each(TRANSIENT)('%s, established: %j -> %j', (error, established, transient) => {
    expect(isTransient(error, established)).toBe(transient)
  })
})

describe('retryBudget', () => {
  const taken = (calls: number): number => {
    const budget = retryBudget()
    for (let call = 0; call < calls; call++) budget.called()
    let count = 0
    while (budget.take()) count += 1
    return count
  }

  it('allows a floor of repeats to a short run, and a fifth of its calls to a long one', () => {
    expect([0, 1, 100, 160, 161, 1_000].map(taken)).toEqual([32, 32, 32, 32, 33, 200])
  })
})
