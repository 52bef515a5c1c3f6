import { AlmanacError, type ErrorCode, isError } from '../core/errors.ts'
import type { Tally } from './calls.ts'
import { isSessionLoss } from './problem.ts'
import type { Session } from './session.ts'

/** Whether a token still opens the session: one call that every session may make. */
export type Lives = (token: string, tally: Tally, signal: AbortSignal) => Promise<boolean>

/**
 * A session limited to scopes. Tableau refuses a method without its scope by 401002, as if the session had ended (Tableau
 * help, Access Scopes for Connected Apps); a new sign-in would not help and a second one would end the run. So a loss is
 * believed only when the session does not live; else it is `forbidden`, the trouble of that one method.
 */
export function scopedSession(session: Session, lives: Lives): Session {
  return {
    token: session.token,
    withToken: async (call, tally, signal) => {
      const told = async (token: string) => {
        try {
          return await call(token)
        } catch (thrown) {
          if (isSessionLoss(thrown) && (await lives(token, tally, signal))) throw scopeMissing(thrown)
          throw thrown
        }
      }
      return session.withToken(told, tally, signal).catch((thrown: unknown) => {
        throw isError(thrown, 'session-lost') ? notByOthers(thrown) : thrown
      })
    },
  }
}

/** The same error as another, but for what is told. */
const retold = (error: AlmanacError, code: ErrorCode, message: string, next: string): AlmanacError =>
  new AlmanacError(code, message, {
    cause: error,
    next,
    details: error.details,
    ...(error.tableauCode === undefined ? {} : { tableauCode: error.tableauCode }),
  })

const scopeMissing = (loss: AlmanacError): AlmanacError =>
  retold(
    loss,
    'forbidden',
    `${loss.message}: the session lives, so its scopes do not cover this`,
    'Check in Tableau’s help that this version lets connected apps call the method (jobs: 2025.1 or newer), or sign in with a personal access token.',
  )

const notByOthers = (loss: AlmanacError): AlmanacError =>
  retold(
    loss,
    'session-lost',
    loss.message,
    'Check that the session may read its own user (scope tableau:users:read, also where the token’s configuration limits scopes), and that nobody ends the user’s sessions.',
  )
