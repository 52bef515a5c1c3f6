import { luids, type Part } from './random.ts'
import { refused } from './refusal.ts'

/** A personal access token. The secret is compared, never shown again. */
export type Pat = { name: string; secret: string }

/** One session; `usedAt` is in milliseconds of the simulated clock. */
export type Session = { token: string; pat: string; site: string; usedAt: number }

/** The sessions of a simulated server. A PAT has one session at most, whatever the site. */
export type Sessions = {
  /** Signs in on a site (its content URL); ends the PAT's earlier session. Refuses with 401001. */
  signIn(name: string, secret: string, site: string): Session
  /** The same PAT on another site: a new token, the old one is dead. */
  moveTo(session: Session, site: string): Session
  /** The session of a token. Refuses with 401002 (absent, unknown, ended) or 401000 (idle too long). */
  check(token: string | undefined): Session
  /** The site of a live session, without using it; undefined for any other token. */
  siteOf(token: string | undefined): string | undefined
  signOut(session: Session): void
  /** Ends every session: from now on their tokens are answered with this code. */
  endAll(code: 401000 | 401002): void
}

const DETAIL = 'Invalid authentication credentials were provided.'

/** Sessions over some PATs, on a simulated clock, with an idle limit in minutes. */
export const sessionsOf = (
  seed: Part,
  pats: readonly Pat[],
  now: () => number,
  idleMinutes: number,
): Sessions => {
  const secrets = new Map(pats.map((pat) => [pat.name, pat.secret]))
  const live = new Map<string, Session>()
  const expired = new Set<string>()
  const tokenOf = luids(seed, 'token')
  let issued = 0
  const idle = (session: Session): boolean => now() - session.usedAt > idleMinutes * 60_000
  const open = (pat: string, site: string): Session => {
    for (const [token, session] of live) if (session.pat === pat) live.delete(token)
    issued += 1
    const session = { token: `${tokenOf(issued)}|${site}`, pat, site, usedAt: now() }
    live.set(session.token, session)
    return session
  }
  return {
    signIn: (name, secret, site) => {
      if (secrets.get(name) !== secret) throw refused(401001, 'Error signing in to Tableau Server')
      return open(name, site)
    },
    moveTo: (session, site) => open(session.pat, site),
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
    siteOf: (token = '') => {
      const session = live.get(token)
      return session === undefined || idle(session) ? undefined : session.site
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
