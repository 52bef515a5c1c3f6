import { type Secret, secretOf } from '../core/secret.ts'

/** A personal access token. Signing in with it ends its earlier session, on any site. */
export interface PatIdentity {
  readonly kind: 'pat'
  readonly name: string
  readonly secret: Secret
}

/** A connected app with direct trust: a token minted here, signed with the app's secret, stands for a user. */
export interface ConnectedAppIdentity {
  readonly kind: 'connected-app'
  readonly clientId: string
  readonly secretId: string
  readonly secret: Secret
  /** The user it stands for, as Tableau spells the name: upper and lower case count. */
  readonly user: string
  readonly scopes: readonly string[]
}

/** Tableau Cloud's unified access token: minted here, signed with the key pair registered with Tableau Cloud Manager. */
export interface UatIdentity {
  readonly kind: 'uat'
  readonly issuer: string
  readonly keyId: string
  /** The private key in PEM (PKCS#8). */
  readonly privateKey: Secret
  readonly user: string
  /** The claim that holds the user's name, as the configuration in Tableau Cloud Manager says. */
  readonly userClaim: string
  readonly tenantId: string
  readonly scopes: readonly string[]
}

/** A user's name and password: Tableau Server only, since Tableau Cloud refuses them. */
export interface PasswordIdentity {
  readonly kind: 'password'
  readonly user: string
  readonly password: Secret
}

/** Who signs in. */
export type Identity = PatIdentity | ConnectedAppIdentity | UatIdentity | PasswordIdentity

/** An identity that signs in by a token minted here: it may have many sessions, and each is limited to its scopes. */
export const isMinted = (identity: Identity): identity is ConnectedAppIdentity | UatIdentity =>
  identity.kind === 'connected-app' || identity.kind === 'uat'

/** Where to sign in, and as whom: a site by its content URL ('' is Server's default site). */
export interface SignIn {
  readonly serverUrl: string
  readonly contentUrl: string
  readonly identity: Identity
}

/** A personal access token as an identity. */
export const patIdentity = (name: string, secret: string): PatIdentity => ({
  kind: 'pat',
  name,
  secret: secretOf(secret),
})

/** Whose one session it is: runs with the same name on the same host must take turns. */
export interface SessionName {
  readonly host: string
  readonly name: string
}

/** As much of an identity as names its session: no secret. */
export type NamedIdentity =
  | { readonly kind: 'pat'; readonly name: string }
  | { readonly kind: 'connected-app' | 'uat' | 'password'; readonly user: string }

/**
 * The name under which a run holds its session. A PAT has one session on all sites, so its name alone counts. The others
 * may have many; they take turns for each site, so that two runs do not read the same site twice.
 */
export function sessionNameOf(serverUrl: string, contentUrl: string, identity: NamedIdentity): SessionName {
  const { host } = new URL(serverUrl)
  if (identity.kind === 'pat') return { host, name: identity.name }
  return { host, name: [identity.kind, identity.user, contentUrl].join('\n') }
}

/** The name of a sign-in's session. */
export const sessionName = ({ serverUrl, contentUrl, identity }: SignIn): SessionName =>
  sessionNameOf(serverUrl, contentUrl, identity)
