import { asAlmanacError } from '../core/errors.ts'

/**
 * An error as a state machine is told it: named by its code, on which retries and catches decide; one line that says what
 * to do; no stack, which stands in the log and would fill the state.
 */
export function stepError(thrown: unknown): Error {
  const { code, message, next } = asAlmanacError(thrown)
  const error = new Error(`${message} ${next}`.slice(0, 1000))
  error.name = code
  error.stack = ''
  return error
}

/** What a state machine caught: the error's name, and the answer of the function that failed. */
export interface Caught {
  readonly Error: string
  readonly Cause?: string | undefined
}

/** What a caught error says of itself, where it is one of ours; else what AWS says. */
export function messageOf({ Error: name, Cause: cause = '' }: Caught): string {
  try {
    const said: unknown = JSON.parse(cause)
    if (typeof said === 'object' && said !== null && 'errorMessage' in said) return String(said.errorMessage)
  } catch {
    // AWS's own causes are plain text.
  }
  return cause === '' ? name : `${name}: ${cause.slice(0, 500)}`
}
