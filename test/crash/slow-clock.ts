import type { Clock } from '../../lib/core/ports.ts'

/** A clock of a slow world. */
export interface SlowClock extends Clock {
  /** An operation took its time: what waits for so long goes on. */
  pass(milliseconds: number): void
}

interface Wait {
  readonly due: number
  readonly end: () => void
}

/** Waits as long as a lease's renewal are waited for; shorter ones, between two looks at a lease, only move the clock. */
const LONG = 20_000

/**
 * A clock that stands while nothing is asked of the store, so that a night renews its lease every few operations and a
 * dead night's lease is waited for without a second of this machine's.
 */
export function slowClock(): SlowClock {
  let now = 0
  const waits = new Set<Wait>()
  const pass = (milliseconds: number): void => {
    now += milliseconds
    for (const wait of [...waits].filter(({ due }) => due <= now)) {
      waits.delete(wait)
      wait.end()
    }
  }
  const long = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        waits.delete(wait)
        reject(signal?.reason)
      }
      const end = (): void => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      const wait: Wait = { due: now + milliseconds, end }
      waits.add(wait)
      signal?.addEventListener('abort', stop)
    })
  return {
    now: () => 1_793_570_400_000 + now,
    elapsed: () => now,
    pass,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted()
      if (milliseconds >= LONG) return long(milliseconds, signal)
      pass(milliseconds)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
