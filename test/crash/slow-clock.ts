import type { Clock } from '../../lib/core/ports.ts'
import { noWaits } from '../session/waits.ts'

/** A clock of a slow world. */
export interface SlowClock extends Clock {
  /** An operation took its time: what waits for so long goes on. */
  pass(milliseconds: number): void
}

/** Waits as long as a lease's renewal are waited for; shorter ones, between two looks at a lease, only move the clock. */
const LONG = 20_000

/**
 * A clock that stands while nothing is asked of the store, so that a night renews its lease every few operations and a
 * dead night's lease is waited for without a second of this machine's.
 */
export function slowClock(): SlowClock {
  let now = 0
  const waits = noWaits()
  const pass = (milliseconds: number): void => {
    now += milliseconds
    for (const wait of waits.due(now)) wait.end()
  }
  return {
    now: () => 1_793_570_400_000 + now,
    elapsed: () => now,
    pass,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted()
      if (milliseconds >= LONG) return waits.until(now + milliseconds, signal)
      pass(milliseconds)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
