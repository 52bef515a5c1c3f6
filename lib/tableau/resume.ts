import { AlmanacError } from '../core/errors.ts'
import { parseAddress } from '../network/address.ts'
import type { Client } from './client.ts'
import { closerOf, type LineOptions, openLine } from './line.ts'
import { limitedToScopes, readersOver } from './reading.ts'
import { keepSession } from './session.ts'
import type { KeptSession } from './session-facts.ts'
import { readSiteRole } from './signed-in.ts'

/** A kept session, and how often it was renewed before. */
export interface Generation {
  readonly generation: number
  readonly session: KeptSession
}

/** What going on with a kept session needs. */
export interface ResumeOptions extends LineOptions {
  /** The server that configuration names. */
  readonly serverUrl: string
  readonly kept: Generation
  /** Gives a newer session than that of this generation, which has ended. Whatever it throws stops the client. */
  readonly renew: (generation: number) => Promise<Generation>
}

/**
 * A client that goes on with a kept session; calls nothing before it is asked to read. A session that ended is renewed as
 * `keepSession` says. Closing it does not sign out, since others use the session. Throws what `openLine` throws, and
 * `session-lost` when the session is one of another server than configuration names.
 */
export function resume({ kept, renew, serverUrl, ...options }: ResumeOptions): Client {
  const { session: first } = kept
  // The token goes to the configured host alone.
  if (parseAddress(serverUrl).url !== first.server) throw ofAnotherServer(serverUrl, first.server)
  const line = openLine(serverUrl, options)
  const { clock, emit } = line
  const shared = keepSession({
    first: numbered(kept),
    clock,
    emit,
    renew: async (generation) => numbered(await renew(generation)),
  })
  const whose = { apiVersion: first.apiVersion, site: first.site, userId: first.user.id }
  const session = first.isScoped ? limitedToScopes(line, shared, whose) : shared
  const { token: _, isScoped: __, tokenExpiresAt, ...facts } = first
  const readers = readersOver(line, session, whose)
  return {
    ...facts,
    ...readers,
    tokenExpiresAt: async () => tokenExpiresAt,
    siteRoleNow: (signal) => readSiteRole(first.server, readers, first.user.id, signal),
    close: closerOf(line, async () => undefined),
  }
}

const ofAnotherServer = (configured: string, server: string): AlmanacError =>
  new AlmanacError(
    'session-lost',
    `The session was opened on ${server}, and the configuration now names ${configured}`,
    { next: 'Let this run end, then run it again.' },
  )

const numbered = ({ generation, session }: Generation) => ({ generation, token: session.token.reveal() })
