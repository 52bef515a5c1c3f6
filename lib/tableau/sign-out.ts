import { AlmanacError } from '../core/errors.ts'
import type { Line } from './line.ts'
import { isSessionLoss } from './problem.ts'

/** A session to be signed out. */
export interface SignOut {
  readonly apiVersion: string
  readonly token: string
}

/** Signs out; a session that has ended is signed out. Asked once, and not for long. Throws what a call throws. */
export async function signOut({ transport, timeouts }: Line, { apiVersion, token }: SignOut): Promise<void> {
  const path = `/api/${apiVersion}/auth/signout`
  const request = { method: 'POST', path, token, shape: null, deadlineMs: timeouts.signOut } as const
  await transport.exchange(request).catch((thrown: unknown) => {
    if (!isSessionLoss(thrown)) throw thrown
  })
}

/** Signs out as the last thing of a run: that it failed is told and not thrown. */
export const signOutLast = (line: Line, session: SignOut): Promise<void> =>
  signOut(line, session).catch((thrown: unknown) => {
    const reason = thrown instanceof AlmanacError ? thrown.message : String(thrown)
    line.emit({
      type: 'warned',
      entity: null,
      message: `Signing out failed, so the session ends by itself later: ${reason}`,
    })
  })
