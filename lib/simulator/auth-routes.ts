import { badToken } from './jwt.ts'
import { refused } from './refusal.ts'
import type { Reply, Route, ServerParts, SignedVisit, Visit } from './route.ts'
import type { Session } from './sessions.ts'
import type { SimulatedSite } from './site.ts'
import { type UserRef, userOf } from './user-ref.ts'
import { attributesOf, element } from './xml.ts'

const siteNamed = (server: ServerParts, contentUrl: string): SimulatedSite | undefined =>
  server.sites.find((site) => site.contentUrl === contentUrl)

const two = (number: number): string => String(number).padStart(2, '0')

const credentials = (server: ServerParts, session: Session, site: SimulatedSite): Reply => {
  const { world } = site.on(server.day())
  const minutes = server.idleMinutes
  const estimatedTimeToExpiration = `${Math.floor(minutes / 60)}:${two(Math.floor(minutes % 60))}:00`
  const who = element('site', { id: world.site.id, contentUrl: site.contentUrl })
  const user = element('user', { id: userOf(world, session.who.user)?.id })
  return {
    kind: 'element',
    content: element('credentials', { token: session.token, estimatedTimeToExpiration }, who + user),
  }
}

/** Whether a user may use a site: it is there, and has a licence. */
const isWelcome = (server: ServerParts, site: SimulatedSite, ref: UserRef): boolean => {
  const user = userOf(site.on(server.day()).world, ref)
  return user !== undefined && user.siteRole !== 'Unlicensed'
}

const signIn = ({ call, server, version }: Visit): Reply => {
  const given = attributesOf(call.body, 'credentials')
  if (given === undefined) throw refused(400000, 'Malformed request body')
  const site = siteNamed(server, attributesOf(call.body, 'site')?.get('contentUrl') ?? '')
  const who = server.door(given, version)
  if (site === undefined) throw refused(401001, 'Error signing in to Tableau Server')
  if (!isWelcome(server, site, who.user))
    throw who.scopes === undefined ? refused(401001, 'Error signing in to Tableau Server') : badToken(5)
  return credentials(server, server.sessions.open(who, site.contentUrl), site)
}

const signOut = ({ server, session }: SignedVisit): Reply => {
  server.sessions.signOut(session)
  return { kind: 'nothing' }
}

const switchSite = ({ call, server, session }: SignedVisit): Reply => {
  const contentUrl = attributesOf(call.body, 'site')?.get('contentUrl')
  if (contentUrl === undefined) throw refused(400000, 'Malformed request body')
  if (contentUrl === session.site) throw refused(403070, `Already on site '${contentUrl}'`)
  const site = siteNamed(server, contentUrl)
  if (site === undefined || !isWelcome(server, site, session.who.user))
    throw refused(401003, `Site '${contentUrl}' cannot be switched to`)
  return credentials(server, server.sessions.moveTo(session, contentUrl), site)
}

const currentSession = ({ user: me, today: { world } }: SignedVisit): Reply => {
  const { id, name, contentUrl } = world.site
  const site = element('site', { id, name, contentUrl })
  const user = element('user', { id: me.id, name: me.name, siteRole: me.siteRole })
  return { kind: 'element', content: element('session', {}, site + user) }
}

/** 3.29 is Tableau Server 26.2; the build is invented. */
const serverInfo = ({ server }: Visit): Reply => {
  const product = element('productVersion', { build: '20262.26.0901.1200' }, '2026.2.0')
  const version = element('restApiVersion', {}, server.apiVersion)
  return { kind: 'element', content: element('serverInfo', {}, product + version) }
}

/** Signing in and out, and what can be asked before (Tableau help: Authentication Methods, Server Methods). */
export const authRoutes: readonly Route[] = [
  { endpoint: 'signIn', method: 'POST', path: 'auth/signin', since: '2.0', open: true, answer: signIn },
  { endpoint: 'signOut', method: 'POST', path: 'auth/signout', since: '2.0', answer: signOut },
  { endpoint: 'switchSite', method: 'POST', path: 'auth/switchSite', since: '2.6', answer: switchSite },
  { endpoint: 'session', method: 'GET', path: 'sessions/current', since: '3.1', answer: currentSession },
  { endpoint: 'serverInfo', method: 'GET', path: 'serverinfo', since: '2.4', open: true, answer: serverInfo },
  { endpoint: 'serverInfo', method: 'GET', path: 'serverInfo', since: '2.4', open: true, answer: serverInfo },
]
