import { faultDetails, faultOf, faultText } from '../adapters/aws/fault.ts'
import { AlmanacError, asAlmanacError, type ErrorCode } from '../core/errors.ts'

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

/** What of AWS's answers another try may cure; any other is a matter of rights or names. */
function codeOf(status: number | undefined): ErrorCode {
  if (status === undefined) return 'unreachable'
  if (status === 429) return 'rate-limited'
  return status >= 500 ? 'server-error' : 'bad-configuration'
}

const NEXT: Readonly<Partial<Record<ErrorCode, string>>> = {
  unreachable: 'Check the way from the function’s network to AWS.',
  'rate-limited': 'AWS asked to slow down: raise the concurrency that the account or the function has.',
  'server-error': 'AWS kept failing: look at its health page, then start the run again.',
  'bad-configuration': 'Deploy the stack again: its rights and names come with it.',
}

/** What kept a service of AWS from doing what it was asked for, as our error. Throws again what is ours already. */
export function serviceFailure(thrown: unknown, asked: string): AlmanacError {
  const fault = faultOf(thrown)
  const code = codeOf(/^Throttl|TooManyRequests/.test(fault.name) ? 429 : fault.status)
  const next = NEXT[code]
  return new AlmanacError(code, `${asked}: ${faultText(fault)}`, {
    details: faultDetails(fault),
    ...(next === undefined ? {} : { next }),
  })
}
