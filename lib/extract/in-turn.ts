import { isError } from '../core/errors.ts'
import { linkSignals } from '../tableau/cancel.ts'
import type { ListOptions } from './list.ts'

/**
 * How many parents are read side by side: enough for a client that lets many calls through, and few enough that those under
 * way when the time runs out are soon done.
 */
const SIDE_BY_SIDE = 32

/**
 * Works through the items side by side until there are none left, or no time. What has begun is finished, unless it says
 * `out-of-time` itself. Rejects with the first failure, after stopping the others.
 */
export async function inTurn<T>(
  items: readonly T[],
  { mayGoOn, signal }: Pick<ListOptions, 'mayGoOn' | 'signal'>,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failing = new AbortController()
  const stop = linkSignals([signal, failing.signal])
  const turn = items.values()
  const worker = async (): Promise<void> => {
    while (!stop.signal.aborted && mayGoOn()) {
      const { value, done } = turn.next()
      if (done === true) return
      await work(value, stop.signal)
    }
  }
  const fail = (thrown: unknown): void => {
    if (!isError(thrown, 'out-of-time')) failing.abort(thrown)
  }
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, items.length) }, () => worker().catch(fail)))
  stop.release()
  signal?.throwIfAborted()
  failing.signal.throwIfAborted()
}
