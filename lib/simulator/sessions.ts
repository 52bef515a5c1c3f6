import { luids, type Part } from './random.ts'
import { refused } from './refusal.ts'
import type { UserRef } from './user-ref.ts'

/** Who signed in and how: `pat` is the token's name, `scopes` limit the session (undefined: no limits). */
export type Who = { user: UserRef; pat?: string; scopes?: readonly string[] }

/** One session; `usedAt` is in milliseconds of the simulated clock. */
export type Session = { token: string; who: Who; site: string; usedAt: number }

/** The sessions of a simulated server. A PAT has one session at most, whatever the site; others may have many. */
export type Sessions = {
  /** A new session on a site (its content URL); ends the PAT's earlier session. */
  open(who: Who, site: string): Session
  /** The same on another site: a new token, the old one is dead. */
  moveTo(session: Session, site: string): Session
  /** The session of a token. Refuses with 401002 (absent, unknown, ended) or 401000 (idle too long). */
  check(token: string | undefined): Session
  /** A live session, without using it; undefined for any other token. */
  peek(token: string | undefined): Session | undefined
  signOut(session: Session): void
  /** Ends every session: from now on their tokens are answered with this code. */
  endAll(code: 401000 | 401002): void
}

/** What is said of a token that opens nothing, and of a session whose scopes do not cover the method. */
export const DETAIL = 'Invalid authentication credentials were provided.'

/** No sessions yet; the idle limit is in minutes of the simulated clock. */
export const sessionsOf = (seed: Part, now: () => number, idleMinutes: number): Sessions => {
  const live = new Map<string, Session>()
  const expired = new Set<string>()
  const tokenOf = luids(seed, 'token')
  let issued = 0
  const idle = (session: Session): boolean => now() - session.usedAt > idleMinutes * 60_000
  const open = (who: Who, site: string): Session => {
    if (who.pat !== undefined)
      for (const [token, session] of live) if (session.who.pat === who.pat) live.delete(token)
    issued += 1
    const session = { token: `${tokenOf(issued)}|${site}`, who, site, usedAt: now() }
    live.set(session.token, session)
    return session
  }
  return {
    open,
    moveTo: (session, site) => {
      live.delete(session.token)
      return open(session.who, site)
    },
    check: (token = '') => {
      const session = live.get(token)
      if (session !== undefined && idle(session)) {
        live.delete(token)
        expired.add(token)
      }
      if (expired.has(token)) throw refused(401000, DETAIL)
      if (session === undefined) throw refused(401002, DETAIL)
      session.usedAt = now()
      return session
    },
    peek: (token = '') => {
      const session = live.get(token)
      return session === undefined || idle(session) ? undefined : session
    },
    signOut: (session) => {
      live.delete(session.token)
    },
    endAll: (code) => {
      for (const token of live.keys()) if (code === 401000) expired.add(token)
      live.clear()
    },
  }
}
