import type { Entity } from '../core/entity.ts'
import { isError } from '../core/errors.ts'
import type { Client } from '../tableau/client.ts'
import { fail, ok, type Step, warn } from './check.ts'
import { isSupported, leastRole, sightOf } from './role.ts'
import { type DoctorSubject, entitiesOn } from './subject.ts'

const names = (entities: readonly Entity[]): string => entities.map(({ name }) => name).join(', ')

const MINUTE = 60_000

/** Whether the site role sees all that is switched on. A part that configuration accepts is no failure. */
export function role(subject: DoctorSubject, client: Client): Step<true> {
  const { siteRole } = client.user
  const on = entitiesOn(subject).filter((entity) => isSupported(entity, client))
  const seen = (sight: string): readonly Entity[] => on.filter((each) => sightOf(each, siteRole) === sight)
  const isAccepted = ({ name }: Entity): boolean => subject.site.acceptNarrowed.includes(name)
  const [forbidden, narrowed] = [seen('forbidden'), seen('narrowed')]
  const lacking = [
    forbidden.length === 0 ? '' : `is refused ${names(forbidden)}`,
    narrowed.length === 0 ? '' : `sees only a part of ${names(narrowed)}, and Tableau does not say so`,
  ].filter((text) => text !== '')
  if (lacking.length === 0) return ok('role', `${siteRole} sees all of what is switched on`, true)
  const says = `${siteRole} ${lacking.join(', and ')}`
  const next = `Give the user the site role ${leastRole(on)}, the least that sees all of what is switched on.`
  if (forbidden.length === 0 && narrowed.every(isAccepted))
    return warn('role', `${says} (accepted by acceptNarrowed)`, next, true)
  return fail('role', says, next, true)
}

/**
 * Whether the user is a person who publishes: the day such a person leaves, the token goes too. Asked of Tableau in one call,
 * the workbooks that this very user owns (Query Workbooks for User, `ownedBy`), of which only the number is looked at.
 */
export async function person(client: Client, signal?: AbortSignal): Promise<Step<true>> {
  const read = {
    path: `users/${client.user.id}/workbooks`,
    list: 'workbooks',
    item: 'workbook',
    query: { ownedBy: 'true', pageSize: '1' },
    paging: 'numbered',
  } as const
  try {
    const { pagination } = await client.page(read, 1, signal)
    const owned = pagination?.totalAvailable ?? 0
    if (owned === 0) return ok('person', 'the user owns no workbook, as a service account does not', true)
    return warn(
      'person',
      `the user owns ${owned} ${owned === 1 ? 'workbook' : 'workbooks'}: it seems to be a person, and the sign-in ends with that person’s account`,
      'Make a user for Almanac alone and sign in as that one.',
      true,
    )
  } catch (thrown) {
    if (!isError(thrown, 'tableau-error', 'forbidden')) throw thrown
    return ok(
      'person',
      `whether the user owns workbooks is not told (${thrown.tableauCode ?? thrown.code})`,
      true,
    )
  }
}

const SKEW_LIMIT = 2 * MINUTE

const UNITS = [
  [24 * 60 * MINUTE, 'days'],
  [60 * MINUTE, 'hours'],
  [MINUTE, 'minutes'],
] as const

/** A time in the largest unit of which there are two at least. */
function spanText(milliseconds: number): string {
  const [size, unit] = UNITS.find(([each]) => milliseconds >= 2 * each) ?? [1000, 'seconds']
  return `${Math.round(milliseconds / size)} ${unit}`
}

/** Whether this machine’s clock agrees with the server’s. Nothing depends on it but the times in logs and the run’s own day. */
export function clock({ clockSkewMs }: Pick<Client, 'clockSkewMs'>): Step<true> {
  if (clockSkewMs === undefined) return ok('clock', 'the server does not tell its time', true)
  const skew = Math.abs(clockSkewMs)
  if (skew <= SKEW_LIMIT) return ok('clock', `${spanText(skew)} from the server’s`, true)
  return warn(
    'clock',
    `this machine’s clock is ${spanText(skew)} ${clockSkewMs > 0 ? 'ahead of' : 'behind'} the server’s`,
    'Let this machine take its time from the network (NTP): near midnight a night would be filed under the wrong day.',
    true,
  )
}
