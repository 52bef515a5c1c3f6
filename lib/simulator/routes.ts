import { authRoutes } from './auth-routes.ts'
import type { Call } from './call.ts'
import { contentRoutes } from './content-routes.ts'
import { refused } from './refusal.ts'
import type { Reply, Route, ServerParts, SignedVisit, Visit } from './route.ts'
import { DETAIL, type Session } from './sessions.ts'
import { isAdministrator } from './sight.ts'
import { userOf } from './user-ref.ts'
import { compareVersions, isVersion } from './versions.ts'

const routes: readonly Route[] = [...authRoutes, ...contentRoutes]

const matchPath = (pattern: string, path: readonly string[]): Record<string, string> | undefined => {
  const parts = pattern.split('/')
  if (parts.length !== path.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, part] of parts.entries()) {
    const given = path[i] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = given
    else if (part !== given) return undefined
  }
  return params
}

/** A route found for a call. */
export type Found = { route: Route; params: Readonly<Record<string, string>>; version: string }

/**
 * Finds the route of a call, or refuses as Tableau does: 404001 a version above the server's, 404003 a path it
 * does not have or not yet have in that version, 405000 a method that the path does not take.
 */
export const findRoute = (call: Call, apiVersion: string): Found => {
  const [api, version = '', ...path] = call.path
  const resource = `/${call.path.slice(1).join('/')}`
  if (api !== 'api' || !isVersion(version))
    throw refused(404003, `Unknown resource '/${call.path.join('/')}'`)
  const found = routes.flatMap((route) => {
    const params = matchPath(route.path, path)
    return params === undefined ? [] : [{ route, params, version }]
  })
  const [first] = found
  const negotiating = first?.route.endpoint === 'serverInfo'
  if (!negotiating && compareVersions(version, apiVersion) > 0)
    throw refused(404001, `Unknown version '${version}'`)
  if (first === undefined || compareVersions(version, first.route.since) < 0) {
    throw refused(404003, `Unknown resource '${resource}'`)
  }
  const fits = found.find(({ route }) => route.method === call.method)
  if (fits === undefined)
    throw refused(405000, `Request type '${call.method}' is not allowed for '${resource}'`)
  return fits
}

/** A scope opens its own methods, and `tableau:users:*` all of its kind. */
const covers = (granted: readonly string[], scope: string): boolean =>
  granted.includes(scope) || granted.includes(scope.replace(/[^:]*$/, '*'))

/**
 * Refuses what the session's scopes do not cover, by 401002 as for a session that ended: Tableau help, Access Scopes for
 * Connected Apps, names this code for a scope that is missing.
 */
const checkScope = ({ who: { scopes } }: Session, { scope }: Route): void => {
  if (scopes === undefined || scope === undefined || covers(scopes, scope)) return
  throw refused(401002, DETAIL)
}

const signedVisit = (visit: Visit, route: Route): SignedVisit => {
  const session = visit.server.sessions.check(visit.call.token)
  const site = visit.server.sites.find((one) => one.contentUrl === session.site)
  if (site === undefined) throw refused(404000, `Site '${session.site}' could not be found.`)
  checkScope(session, route)
  const day = visit.server.day()
  const user = userOf(site.on(day).world, session.who.user)
  // A session does not outlive its user.
  if (user === undefined) throw refused(401002, DETAIL)
  if (route.administrators === true && !isAdministrator(user))
    throw refused(403004, 'Only an administrator of the site may do this.')
  return { ...visit, session, site, user, today: site.seenBy(day, user) }
}

/** What a found route answers. Throws Refused. */
export const answerOf = (found: Found, call: Call, server: ServerParts): Reply => {
  const { route } = found
  const visit = { call, params: found.params, version: found.version, server }
  return route.open === true ? route.answer(visit) : route.answer(signedVisit(visit, route))
}
