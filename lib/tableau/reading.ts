import type { Line } from './line.ts'
import { isSessionLoss } from './problem.ts'
import { openReaders, type Readers } from './readers.ts'
import { type Lives, scopedSession } from './scoped-session.ts'
import type { Session } from './session.ts'

/** A session's place on its server. */
export interface Whose {
  readonly apiVersion: string
  readonly site: { readonly id: string }
  readonly userId: string
}

const sitePath = ({ apiVersion, site }: Whose): string => `/api/${apiVersion}/sites/${site.id}`

/** How a site is read over a line, with a session. */
export function readersOver(line: Line, session: Session, whose: Whose): Readers {
  const { send, concurrency, clock, emit, signal } = line
  return openReaders({ base: sitePath(whose), send, session, concurrency, clock, emit, signal })
}

/** A session that may have been limited to scopes, as that of a minted token. */
export function limitedToScopes({ send }: Line, session: Session, whose: Whose): Session {
  const path = `${sitePath(whose)}/users/${whose.userId}`
  const lives: Lives = async (token, tally, signal) => {
    try {
      await send({ method: 'GET', path, token, shape: { list: null, item: 'user' } }, tally, signal)
      return true
    } catch (thrown) {
      if (isSessionLoss(thrown)) return false
      throw thrown
    }
  }
  return scopedSession(session, lives)
}
