import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../core/ports.ts'

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
  },
}
