import { appBearer, type Bearer, badToken, type ConnectedApp, type Uat, uatBearer } from './jwt.ts'
import { refused } from './refusal.ts'
import type { Who } from './sessions.ts'
import type { UserRef } from './user-ref.ts'
import { compareVersions } from './versions.ts'

/**
 * A personal access token. The secret is compared, never shown again. It belongs to a user (default: the first) and may
 * expire at an instant (ISO text).
 */
export type Pat = { name: string; secret: string; user?: UserRef; expiresAt?: string }

/** A user's password. */
export type Password = { user: string; password: string }

/** Everything that opens the server. */
export type Keys = {
  pats: readonly Pat[]
  connectedApps: readonly ConnectedApp[]
  uats: readonly Uat[]
  passwords: readonly Password[]
  /** Tableau Cloud takes no passwords. */
  cloud: boolean
}

/** The attributes of a `<credentials>` element. */
export type Given = ReadonlyMap<string, string>

/** Says who stands before the door; refuses with 401001 (wrong) or 400000 (no such way in). */
export type Door = (given: Given, version: string) => Who

const PAT_SINCE = '3.6'
const JWT_SINCE = '3.17'
const WRONG = 'Error signing in to Tableau Server'

const needs = (what: string, since: string, version: string): void => {
  if (compareVersions(version, since) < 0)
    throw refused(400000, `${what} need version ${since}, not ${version}`)
}

const byPat = ({ pats }: Keys, given: Given, now: number): Who => {
  const name = given.get('personalAccessTokenName')
  const pat = pats.find((one) => one.name === name)
  const isWrong = pat === undefined || pat.secret !== given.get('personalAccessTokenSecret')
  if (isWrong || (pat.expiresAt !== undefined && Date.parse(pat.expiresAt) <= now))
    throw refused(401001, WRONG)
  return { user: pat.user ?? 0, pat: pat.name }
}

const byPassword = ({ passwords, cloud }: Keys, given: Given): Who => {
  const found = passwords.find(
    ({ user, password }) => user === given.get('name') && password === given.get('password'),
  )
  if (cloud || found === undefined) throw refused(401001, WRONG)
  return { user: found.user }
}

/** The door of a server, on its clock in milliseconds. It remembers which JWTs were used, also by a user who is not there. */
export const doorOf = (keys: Keys, now: () => number): Door => {
  const used = new Set<string>()
  const once = ({ user, scopes, id }: Bearer): Who => {
    if (used.has(id)) throw badToken(16)
    used.add(id)
    return { user, scopes }
  }
  return (given, version) => {
    const jwt = given.get('jwt')
    const isPat = given.has('personalAccessTokenName')
    if ([jwt !== undefined, isPat, given.has('password')].filter(Boolean).length > 1)
      throw refused(400000, 'More than one way to sign in in one request')
    if (jwt !== undefined) {
      needs('JSON web tokens', JWT_SINCE, version)
      const isUat = given.get('isUat') === 'true'
      return once(isUat ? uatBearer(jwt, keys.uats, now()) : appBearer(jwt, keys.connectedApps, now()))
    }
    if (!isPat) return byPassword(keys, given)
    needs('Personal access tokens', PAT_SINCE, version)
    return byPat(keys, given, now())
  }
}
