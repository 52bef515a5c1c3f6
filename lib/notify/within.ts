import { AlmanacError } from '../core/errors.ts'

/**
 * The outcome of some work, or `unreachable` when it takes longer than so many milliseconds of real time. The work gets a
 * signal that is aborted then; work that does not heed it goes on unheard.
 */
export function within<T>(
  milliseconds: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = new AbortController()
    const timer = setTimeout(() => {
      const late = new AlmanacError('unreachable', `${what} took longer than ${milliseconds / 1000} seconds`)
      over.abort(late)
      reject(late)
    }, milliseconds)
    work(over.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}
