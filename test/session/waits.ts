/** A wait that has not ended: when it is due, and what ends it. */
export interface Wait {
  readonly due: number
  readonly end: () => void
}

/** The waits on a clock of a test's own, which ends them when it says that their time has come. */
export interface Waits {
  /** Waits until the clock ends it; rejects with the signal's reason when it aborts. */
  until(due: number, signal?: AbortSignal): Promise<void>
  /** The waits that are due by then, the earliest first; it is the clock that ends them. */
  due(now: number): readonly Wait[]
}

/** No waits yet. */
export function noWaits(): Waits {
  const waits = new Set<Wait>()
  return {
    until: (due, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason)
        const stop = (): void => {
          waits.delete(wait)
          reject(signal?.reason)
        }
        const end = (): void => {
          waits.delete(wait)
          signal?.removeEventListener('abort', stop)
          resolve()
        }
        const wait: Wait = { due, end }
        waits.add(wait)
        signal?.addEventListener('abort', stop)
      }),
    due: (now) => [...waits].filter(({ due }) => due <= now).sort((a, b) => a.due - b.due),
  }
}
