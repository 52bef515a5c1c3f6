import type { Call } from './call.ts'
import type { Door, Pat } from './door.ts'
import type { User } from './facts.ts'
import type { Listing } from './listing.ts'
import type { Session, Sessions } from './sessions.ts'
import type { SimulatedSite, SiteDay } from './site.ts'

/** What routes need of the server. */
export type ServerParts = {
  apiVersion: string
  day: () => string
  idleMinutes: number
  sessions: Sessions
  door: Door
  pats: readonly Pat[]
  /** Whether it is Tableau Cloud: only there tokens can be listed. */
  cloud: boolean
  sites: readonly SimulatedSite[]
}

/** What a route answers: a list to be paged or whole, or an element, or nothing. */
export type Reply =
  | { kind: 'list'; listing: Listing; paged: boolean }
  | { kind: 'element'; content: string }
  | { kind: 'nothing' }

/** A request as its route sees it. `params` are the parts of the path behind `:names`. */
export type Visit = {
  call: Call
  params: Readonly<Record<string, string>>
  version: string
  server: ServerParts
}

/** A request of someone who is signed in, on the session's site as of today, as far as that user sees it. */
export type SignedVisit = Visit & { session: Session; site: SimulatedSite; user: User; today: SiteDay }

/**
 * One method of the API. `since` is the version that introduced it; `open` ones ask for no session. `scope` is what a
 * session that is limited to scopes needs, `none` what no scope opens; `administrators`: others are refused with 403004.
 */
export type Route = {
  endpoint: string
  method: 'GET' | 'POST'
  path: string
  since: string
  scope?: string
  administrators?: boolean
} & (
  | { open: true; answer: (visit: Visit) => Reply }
  | { open?: false; answer: (visit: SignedVisit) => Reply }
)
