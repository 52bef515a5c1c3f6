import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { AlmanacError, type ErrorCode, isErrorCode } from '../core/errors.ts'
import { serviceFailure } from './failure.ts'

const decoder = new TextDecoder()

/**
 * A function that is called by many at once may be one that does one thing after the other: this many tries last for most
 * of a minute, in which it is done with a sign-in.
 */
const ATTEMPTS = 10

/** An invocation that Lambda ended (`Sandbox.Timedout`, `Runtime.ExitError`) may end well the next time. */
const codeOf = (errorType: string): ErrorCode =>
  /^(Sandbox|Runtime)\./.test(errorType) ? 'server-error' : isErrorCode(errorType) ? errorType : 'internal'

/** What a function of ours that failed says of it: its error's name is one of our codes. */
function failureOf(name: string, payload: string): AlmanacError {
  const said: { errorType?: string; errorMessage?: string } = JSON.parse(payload)
  const { errorType = '', errorMessage = 'it failed' } = said
  return new AlmanacError(codeOf(errorType), `${name}: ${errorMessage}`)
}

/**
 * Calls a function and waits for its answer. Throws the error that it failed with, by its code, and where AWS did not call
 * it `rate-limited`, `unreachable`, `server-error` or `bad-configuration`.
 */
export async function invoke(
  name: string,
  event: object,
  client = new LambdaClient({ maxAttempts: ATTEMPTS }),
): Promise<unknown> {
  const command = new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) })
  const { Payload, FunctionError } = await client.send(command).catch((thrown: unknown) => {
    throw serviceFailure(thrown, `calling ${name}`)
  })
  const payload = decoder.decode(Payload)
  if (FunctionError !== undefined) throw failureOf(name, payload)
  return JSON.parse(payload)
}
