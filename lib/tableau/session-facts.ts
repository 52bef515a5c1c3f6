import type { Secret } from '../core/secret.ts'

/** What is known of a session besides its token. */
export interface SessionFacts {
  readonly server: string
  readonly productVersion: string
  readonly apiVersion: string
  readonly site: { readonly id: string; readonly contentUrl: string }
  readonly user: { readonly id: string; readonly siteRole: string }
  /** The server's `Date` at sign-in, in ms. */
  readonly observedAt: number
  /** Our clock minus the server's `Date` at sign-in, in ms; undefined when it sent none. Includes the way of the answer. */
  readonly clockSkewMs: number | undefined
}

/** A session that outlives the process that signed in, so that others can go on with it. */
export interface KeptSession extends SessionFacts {
  readonly token: Secret
  /** Whether its token may have been limited to scopes. */
  readonly isScoped: boolean
  /** When the personal access token expires, in ms since 1970; null where that is not known. */
  readonly tokenExpiresAt: number | null
}
