import type { SiteConfiguration } from '../config/configuration.ts'
import { type Day, dayIn, dayNumber, lastInstantOf } from '../core/day.ts'
import type { Client } from '../tableau/client.ts'
import { fail, needless, ok, type Step, skipped, warn } from './check.ts'

const SOON = 30

const dayOf = (at: number): Day => dayIn('UTC', at)

const RENEW =
  'Create a new token for the same user, and put its name and secret where the configuration says.'

function judged(expiresAt: number, now: number, source: string): Step<true> {
  const left = dayNumber(dayOf(expiresAt)) - dayNumber(dayOf(now))
  const when = `${dayOf(expiresAt)}, as ${source} says`
  if (expiresAt <= now) return fail('token', `it expired on ${when}`, RENEW, true)
  const days = left === 0 ? 'today' : `in ${left} ${left === 1 ? 'day' : 'days'}`
  const says = `expires ${days}, on ${when}`
  if (left <= SOON) return warn('token', says, RENEW, true)
  return ok('token', `${says}; unused for 15 days it ends sooner`, true)
}

/** A configured date that has passed: it is why there is no sign-in, or else it is the date that is wrong. */
function passed(expiresAt: number, now: number, signedIn: Step<Client>): Step<true> {
  if (signedIn.found === undefined) return judged(expiresAt, now, 'the configuration')
  return warn(
    'token',
    `the configured date, ${dayOf(expiresAt)}, has passed and the token still works`,
    'Correct the date: write the day on which this token expires as "expires" beside it in the configuration.',
    true,
  )
}

/** The last moment of the day that the configuration names; undefined where it names none. */
function configuredEnd({ signIn }: SiteConfiguration): number | undefined {
  if (signIn.kind !== 'pat' || signIn.expires === undefined) return undefined
  return lastInstantOf(signIn.expires)
}

const UNKNOWN =
  'Tableau does not tell when it expires; write the day as "expires" beside the token in the configuration to be warned. Unused for 15 days it ends by itself'

/**
 * How long the token lasts: as Tableau Cloud tells, else as the configuration says. `signedIn` without a client still
 * judges what the configuration says, since an expired token is why a sign-in fails. `now` in ms.
 */
export async function token(
  site: SiteConfiguration,
  signedIn: Step<Client>,
  now: number,
): Promise<Step<true>> {
  if (site.signIn.kind === 'password') return needless('token', 'a user name and password have no date', true)
  if (site.signIn.kind !== 'pat') return needless('token', 'made anew for each sign-in', true)
  const told = await signedIn.found?.tokenExpiresAt()
  if (typeof told === 'number') return judged(told, now, 'Tableau')
  const configured = configuredEnd(site)
  if (configured !== undefined && configured <= now) return passed(configured, now, signedIn)
  if (configured !== undefined) return judged(configured, now, 'the configuration')
  return signedIn.found === undefined ? skipped('token', signedIn) : ok('token', UNKNOWN, true)
}
