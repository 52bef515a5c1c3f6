import { AlmanacError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'

/** What waiting needs: a clock, and the signal that ends everything. */
export interface Waiting {
  readonly clock: Clock
  readonly signal?: AbortSignal
}

const tooLate = (what: string, milliseconds: number): AlmanacError =>
  new AlmanacError('unreachable', `${what}: not done after ${milliseconds / 1000} seconds`)

/**
 * Does work that may take so long at most. The work's signal is aborted when the time is over, and never afterwards. Work
 * that does not heed it goes on unheard. Throws `unreachable` when the time is over, the reason of the signal that ends
 * everything, and whatever the work throws.
 */
export async function limited<T>(
  what: string,
  milliseconds: number,
  { clock, signal }: Waiting,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [over, done] = [new AbortController(), new AbortController()]
  const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
  const until = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal])
  const late = clock.sleep(milliseconds, until).then(() => {
    const error = tooLate(what, milliseconds)
    over.abort(error)
    throw error
  })
  // It loses nearly every race, and its end is then nobody's concern.
  late.catch(() => undefined)
  try {
    return await Promise.race([work(stop), late])
  } finally {
    done.abort()
  }
}
