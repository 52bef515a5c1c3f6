import { setMaxListeners } from 'node:events'

/** Several reasons to stop, as one signal; `release` must be called when the work is over. */
export interface Linked {
  readonly signal: AbortSignal
  /** Whether one of the given signals (and not the deadline) stopped the work. */
  cancelled(): boolean
  release(): void
}

/** What `signal.reason` is when the deadline, and no caller, stopped the work. */
export const DEADLINE = 'deadline'

/**
 * One signal that follows the given ones, and a deadline of so many milliseconds of real time when one is given.
 * Sockets live in real time, so the deadline does not go through the run's clock.
 * `AbortSignal.any` would do, but leaves its listeners behind on signals that outlive thousands of requests.
 */
export function linkSignals(signals: readonly (AbortSignal | undefined)[], deadlineMs?: number): Linked {
  const controller = new AbortController()
  const sources = signals.filter((signal) => signal !== undefined)
  const stop = () => controller.abort(sources.find((source) => source.aborted)?.reason)
  for (const source of sources) {
    // As many listeners as calls in flight are no leak.
    setMaxListeners(0, source)
    source.addEventListener('abort', stop, { once: true })
  }
  if (sources.some((source) => source.aborted)) stop()
  const timer =
    deadlineMs === undefined ? undefined : setTimeout(() => controller.abort(DEADLINE), deadlineMs)
  return {
    signal: controller.signal,
    cancelled: () => sources.some((source) => source.aborted),
    release: () => {
      clearTimeout(timer)
      for (const source of sources) source.removeEventListener('abort', stop)
    },
  }
}

/** The promise's outcome, or the signal's reason as soon as it is aborted. The work behind the promise goes on. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    setMaxListeners(0, signal)
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
