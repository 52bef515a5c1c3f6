import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/** What a server knows of a request when it asks what is to go wrong. */
export interface RequestFacts {
  /** `PutObject`, `GetSecretValue`, ... */
  readonly operation: string
  /** The object's key, or the secret's name. */
  readonly subject: string
  /** How many requests of this operation came so far, this one included. */
  readonly count: number
  /** How often the client has sent this very request, this time included. */
  readonly attempt: number
}

/** What goes wrong with a request. */
export type Fault =
  /** An error instead of the answer; nothing is done. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  /** The connection is reset and nothing was done. */
  | { readonly kind: 'reset' }
  /** It is done, and the connection is reset instead of the answer. */
  | { readonly kind: 'lost answer' }
  /** It is done, and an error is answered all the same. */
  | { readonly kind: 'lying error'; readonly status: number; readonly code: string }
  /** The answer's body ends after so many bytes. */
  | { readonly kind: 'cut'; readonly after: number }
  /** One bit of the answer's body is another. */
  | { readonly kind: 'damage' }
  /** Everything goes well, after so many milliseconds. */
  | { readonly kind: 'late'; readonly milliseconds: number }

/** Says what is to go wrong with a request; undefined: nothing. */
export type FaultRule = (facts: RequestFacts) => Fault | undefined

/** A server's faults, which a test sets and clears. */
export interface Faults {
  set(rule: FaultRule): void
  clear(): void
  of(facts: RequestFacts): Fault | undefined
}

/** No faults, until they are set. */
export function noFaults(): Faults {
  let rule: FaultRule = () => undefined
  return {
    set: (next) => {
      rule = next
    },
    clear: () => {
      rule = () => undefined
    },
    of: (facts) => rule(facts),
  }
}

/** The usual errors of AWS. */
export const SLOW_DOWN: Fault = { kind: 'error', status: 503, code: 'SlowDown' }
export const INTERNAL_ERROR: Fault = { kind: 'error', status: 500, code: 'InternalError' }
export const ACCESS_DENIED: Fault = { kind: 'error', status: 403, code: 'AccessDenied' }
export const CONFLICT: Fault = { kind: 'error', status: 409, code: 'ConditionalRequestConflict' }

/** An answer as it is about to be sent. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** How a server says an error: as XML, as JSON. */
export type ErrorForm = (status: number, code: string, message?: string) => Answer

const damaged = (body: Uint8Array): Uint8Array => body.map((byte, index) => (index === 0 ? byte ^ 1 : byte))

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': headers['content-length'] ?? body.length })
  response.end(body)
}

function sendCut(response: ServerResponse, { status, headers, body }: Answer, after: number): void {
  response.writeHead(status, { ...headers, 'content-length': body.length })
  response.write(body.subarray(0, after), () => response.socket?.destroy())
}

/** Does what was asked and answers, or goes wrong as the fault says. */
export async function answerWith(
  response: ServerResponse,
  fault: Fault | undefined,
  act: () => Answer,
  errorForm: ErrorForm,
): Promise<void> {
  switch (fault?.kind) {
    case undefined:
      return send(response, act())
    case 'late':
      await wait(fault.milliseconds)
      return send(response, act())
    case 'error':
      return send(response, errorForm(fault.status, fault.code, fault.message))
    case 'lying error':
      act()
      return send(response, errorForm(fault.status, fault.code))
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'lost answer':
      act()
      response.socket?.resetAndDestroy()
      return
    case 'cut':
      return sendCut(response, act(), fault.after)
    case 'damage': {
      const answer = act()
      return send(response, { ...answer, body: damaged(answer.body) })
    }
  }
}
