import { type Day, dayIn, HOUR_MS } from '../core/day.ts'
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
  /** Whether somebody named the day; else it is that of our own clock. */
  readonly isDayNamed: boolean
}

/** A night that began before midnight may wait so long for the token's session, as long as any run on AWS takes. */
const HOURS_AFTER = 8
/** Clocks differ. */
const HOURS_BEFORE = 1

/** Whether what is read at an instant may be called a day's: it is of that day, or of a night that began on it. */
function isOfDay(dt: Day, timeZone: string, instant: number): boolean {
  const earliest = dayIn(timeZone, instant - HOURS_AFTER * HOUR_MS)
  const latest = dayIn(timeZone, instant + HOURS_BEFORE * HOUR_MS)
  return earliest <= dt && dt <= latest
}

/**
 * Lets a run begin with the session it has: on the server's own day, or in the night that follows it, since the present can
 * be read and no other day unless a reason is given; and on the site that its slug means. Throws `wrong-day`,
 * `wrong-clock` where the day is our clock's, `site-mismatch`.
 */
export async function admit(
  store: ObjectStore,
  { site, timeZone, backdate, isDayNamed }: Admission,
  dt: Day,
  session: Pick<SessionFacts, 'server' | 'site' | 'observedAt'>,
): Promise<void> {
  if (backdate === null && !isOfDay(dt, timeZone, session.observedAt)) {
    const now = `it is ${new Date(session.observedAt).toISOString()} by the server’s clock, which is ${dayIn(timeZone, session.observedAt)} in ${timeZone}`
    if (isDayNamed) throw new AlmanacError('wrong-day', `${now}, and ${dt} was asked for`)
    throw new AlmanacError('wrong-clock', `${now}, and this run began on ${dt} by this machine’s`)
  }
  const { id, contentUrl } = session.site
  await bindSite(store, site, { format: 1, host: new URL(session.server).host, id, contentUrl })
}
