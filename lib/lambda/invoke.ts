import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { AlmanacError, isErrorCode } from '../core/errors.ts'

const decoder = new TextDecoder()

/** What a function of ours that failed says of it: its error's name is one of our codes. */
function failureOf(name: string, payload: string): AlmanacError {
  const said: { errorType?: string; errorMessage?: string } = JSON.parse(payload)
  const { errorType = '', errorMessage = 'it failed' } = said
  return new AlmanacError(isErrorCode(errorType) ? errorType : 'internal', `${name}: ${errorMessage}`)
}

/** Calls a function and waits for its answer. Throws the error that it failed with, by its code. */
export async function invoke(name: string, event: object, client = new LambdaClient({})): Promise<unknown> {
  const { Payload, FunctionError } = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }),
  )
  const payload = decoder.decode(Payload)
  if (FunctionError !== undefined) throw failureOf(name, payload)
  return JSON.parse(payload)
}
