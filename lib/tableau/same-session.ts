import { AlmanacError } from '../core/errors.ts'
import type { SessionFacts } from './session-facts.ts'

/** Where a session reads, and as whom. */
export interface Whose {
  readonly site: SessionFacts['site']
  readonly user: Pick<SessionFacts['user'], 'id'>
}

/**
 * Holds a renewed session to the one before it: a run reads one site, and as one user, since two may see different parts of
 * it. Throws `site-mismatch`, `session-lost`.
 */
export function holdToSession(before: Whose, after: Whose): void {
  const [was, is] = [before.site, after.site]
  if (is.id !== was.id)
    throw new AlmanacError(
      'site-mismatch',
      `The run reads the site ${was.id} ("${was.contentUrl}"), and the new sign-in reached ${is.id} ("${is.contentUrl}")`,
    )
  if (after.user.id !== before.user.id)
    throw new AlmanacError(
      'session-lost',
      `The run reads as the user ${before.user.id}, and the new sign-in is that of ${after.user.id}`,
      { next: 'Run the same day again: what one user sees is not mixed with what another does.' },
    )
}
