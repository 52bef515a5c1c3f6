import type { Io } from './io.ts'

/** The exit code of a run that the person at the terminal stopped. */
export const INTERRUPTED = 130

/**
 * Does work that Ctrl-C (or SIGTERM) stops in order: the first aborts the signal, so that the work can sign out and
 * release its lease; the second ends the process at once.
 */
export async function interruptible(io: Io, work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const stop = new AbortController()
  const release = io.onInterrupt(() => {
    if (stop.signal.aborted) io.exit(INTERRUPTED)
    io.err.write('\nstopping: signing out; press Ctrl-C again to end at once\n')
    stop.abort()
  })
  try {
    return await work(stop.signal)
  } catch (thrown) {
    if (!stop.signal.aborted) throw thrown
    io.err.write('interrupted: what was committed stands, nothing is half-published; run it again to go on\n')
    return INTERRUPTED
  } finally {
    release()
  }
}
