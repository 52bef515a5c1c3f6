import { AlmanacError } from '../core/errors.ts'
import { CHECKS, nameOf } from './credentials.ts'
import { isMinted, type SignIn } from './identity.ts'
import { type Reason, reasonOf } from './reason.ts'

/**
 * What a failed sign-in means: `sign-in-refused` when Tableau refuses it (401…, or 405000 of a wrong pod), else what was
 * thrown. The message names the site and who signs in, and the reason where Tableau gives one by number (`details.reason`).
 */
export function refusal(thrown: unknown, { identity, contentUrl }: SignIn): unknown {
  if (!(thrown instanceof AlmanacError) || thrown.tableauCode === undefined) return thrown
  const { tableauCode, details } = thrown
  if (!tableauCode.startsWith('401') && tableauCode !== '405000') return thrown
  // The numbers are those of minted tokens; with a PAT or a password they would mislead.
  const reason = isMinted(identity) ? reasonOf(details['reason']) : undefined
  const site = contentUrl === '' ? 'the default site' : `site "${contentUrl}"`
  const why =
    reason === undefined ? `(${tableauCode})` : `(${tableauCode}, ${details['reason']}): ${reason.means}`
  const next = nextStep(tableauCode, reason) ?? CHECKS[identity.kind]
  return new AlmanacError(
    'sign-in-refused',
    `Tableau refused to sign in to ${site} with ${nameOf(identity)} ${why}`,
    { tableauCode, details, ...(next === undefined ? {} : { next }) },
  )
}

const nextStep = (tableauCode: string, reason: Reason | undefined): string | undefined =>
  tableauCode === '405000'
    ? 'On Tableau Cloud, check that the server’s address names the pod of your site, with https.'
    : reason?.next
