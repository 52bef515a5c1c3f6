import type { Call } from './call.ts'
import type { Listing } from './listing.ts'
import type { Session, Sessions } from './sessions.ts'
import type { SimulatedSite, SiteDay } from './site.ts'

/** What routes need of the server. */
export type ServerParts = {
  apiVersion: string
  day: () => string
  idleMinutes: number
  sessions: Sessions
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

/** A request of someone who is signed in, on the session's site as of today. */
export type SignedVisit = Visit & { session: Session; site: SimulatedSite; today: SiteDay }

/** One method of the API. `since` is the version that introduced it; `open` ones ask for no session. */
export type Route = {
  endpoint: string
  method: 'GET' | 'POST'
  path: string
  since: string
} & (
  | { open: true; answer: (visit: Visit) => Reply }
  | { open?: false; answer: (visit: SignedVisit) => Reply }
)
