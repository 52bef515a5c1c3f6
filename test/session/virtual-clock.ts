import type { Clock } from '../../lib/core/ports.ts'
import { noWaits } from './waits.ts'

/** A clock that stands still until somebody lets time pass. */
export interface VirtualClock extends Clock {
  /** Lets so many milliseconds pass: every wait that ends meanwhile ends in its order, and what follows it runs. */
  pass(milliseconds: number): Promise<void>
}

/** Lets everything run that waits for nothing but promises and what the store answers at once. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** A virtual clock; `offset` is where its monotonic count begins, since no two processes agree on that. */
export function virtualClock(offset = 0): VirtualClock {
  let now = 0
  const waits = noWaits()
  return {
    now: () => 1_793_570_400_000 + now,
    elapsed: () => offset + now,
    sleep: (milliseconds, signal) => waits.until(now + milliseconds, signal),
    pass: async (milliseconds) => {
      const until = now + milliseconds
      await settle()
      for (;;) {
        const [next] = waits.due(until)
        if (next === undefined) break
        now = next.due
        next.end()
        await settle()
      }
      now = until
    },
  }
}
