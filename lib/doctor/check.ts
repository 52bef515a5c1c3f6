import { asAlmanacError } from '../core/errors.ts'

/** What a check came to. `warn` stops no night; `skipped` was not done, and says why. */
export type CheckVerdict = 'ok' | 'warn' | 'fail' | 'skipped'

/** One line of the doctor: what was looked at, what was found, and what to do where something is to be done. */
export interface Check {
  readonly name: string
  readonly verdict: CheckVerdict
  readonly says: string
  readonly next: string | null
}

/** A check with what the checks after it build on; undefined when they cannot. */
export interface Step<T> {
  readonly check: Check
  readonly found: T | undefined
  /** The check at the root of why this one was not done. */
  readonly because?: string
}

/** All is well. */
export const ok = <T>(name: string, says: string, found: T): Step<T> => ({
  check: { name, verdict: 'ok', says, next: null },
  found,
})

/** It works, yet somebody should know. */
export const warn = <T>(name: string, says: string, next: string, found: T): Step<T> => ({
  check: { name, verdict: 'warn', says, next },
  found,
})

/** It does not work; what builds on it cannot be looked at unless `found` is given. */
export const fail = <T = never>(name: string, says: string, next: string, found?: T): Step<T> => ({
  check: { name, verdict: 'fail', says, next },
  found,
})

/** There is nothing to look at, and nothing is wrong with that. */
export const needless = <T>(name: string, why: string, found: T): Step<T> => ({
  check: { name, verdict: 'skipped', says: why, next: null },
  found,
})

/** Not done, since the check of that name leaves nothing to build on. */
export const skippedFor = (name: string, because: string): Step<never> => ({
  check: { name, verdict: 'skipped', says: `not done: it needs "${because}"`, next: null },
  found: undefined,
  because,
})

/** Not done, since an earlier check failed, or was not done itself. */
export const skipped = (name: string, before: Step<unknown>): Step<never> =>
  skippedFor(name, before.because ?? before.check.name)

/** A thrown value as a failed check: its message, and what its error says to do. */
export function failedBy(name: string, thrown: unknown): Step<never> {
  const { message, next } = asAlmanacError(thrown)
  return fail(name, message, next)
}

/** Does a check; whatever it throws is its failure, except the reason of a signal that was aborted. */
export async function attempt<T>(
  name: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Step<T>>,
): Promise<Step<T>> {
  try {
    return await work()
  } catch (thrown) {
    signal?.throwIfAborted()
    return failedBy(name, thrown)
  }
}

/** Does a check that builds on what an earlier one found, or says that it could not be done. */
export async function follow<A, B>(
  before: Step<A>,
  name: string,
  signal: AbortSignal | undefined,
  work: (found: A) => Promise<Step<B>>,
): Promise<Step<B>> {
  const { found } = before
  return found === undefined ? skipped(name, before) : attempt(name, signal, () => work(found))
}
