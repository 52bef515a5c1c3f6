import { type Day, dayIn, dayNumber } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { SessionFacts } from '../tableau/session-facts.ts'
import { bindSite } from './identity.ts'

/** What a run reads, and how it knows its day. */
export interface Admission {
  /** The site's slug. */
  readonly site: string
  /** IANA name. */
  readonly timeZone: string
  /** Why the present is recorded for another day. */
  readonly backdate: string | null
}

/**
 * Lets a run begin with the session it has: on the server's own day (± 1), since the present can be read and no other day
 * unless a reason is given; and on the site that its slug means. Throws `wrong-day`, `site-mismatch`.
 */
export async function admit(
  store: ObjectStore,
  { site, timeZone, backdate }: Admission,
  dt: Day,
  session: Pick<SessionFacts, 'server' | 'site' | 'observedAt'>,
): Promise<void> {
  const today = dayIn(timeZone, session.observedAt)
  if (backdate === null && Math.abs(dayNumber(dt) - dayNumber(today)) > 1)
    throw new AlmanacError('wrong-day', `the server’s day is ${today}, and ${dt} was asked for`)
  const { id, contentUrl } = session.site
  await bindSite(store, site, { format: 1, host: new URL(session.server).host, id, contentUrl })
}
