import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { ConnectedAppIdentity, UatIdentity } from './identity.ts'

/** What makes one token differ from the next: the server's time in milliseconds, and an id never used before. */
export interface Minting {
  readonly now: number
  readonly id: string
}

/** Half of what Tableau allows at most (10 minutes; Tableau help, Configure Connected Apps with Direct Trust). */
const VALID_SECONDS = 5 * 60
/** The server's `Date` has whole seconds, and its parts need not agree to the second. */
const EARLIER_SECONDS = 5
/** Tableau help, Unified Access Tokens. */
const TENANT_CLAIM = 'https://tableau.com/tenantId'
/** What a UAT says of itself; the user's name cannot stand in any of these. */
const UAT_CLAIMS: readonly string[] = ['iss', 'jti', 'iat', 'exp', 'nbf', 'scp', TENANT_CLAIM]
/** Shorter keys are not safe, and RS256 refuses them (RFC 7518, section 3.3). */
const LEAST_RSA_BITS = 2048

const secondsOf = (milliseconds: number): number => Math.floor(milliseconds / 1000)

/** Whether the user's name may stand in this claim of a UAT. */
export const isUserClaim = (claim: string): boolean => claim !== '' && !UAT_CLAIMS.includes(claim)

/** Files of variables have one line a value, so a key's newlines are usually written as \n in them. */
const withNewlines = (pem: string): string =>
  pem.trim().includes('\n') ? pem : pem.replace(/\\r\\n|\\n/g, '\n')

/**
 * The RSA private key in a PEM text, its newlines also written as \n; undefined when it is none that can sign: no PEM,
 * encrypted, not RSA, too short.
 */
export function rsaKeyOf(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(withNewlines(pem))
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    return key.asymmetricKeyType === 'rsa' && bits >= LEAST_RSA_BITS ? key : undefined
  } catch {
    return undefined
  }
}

/** A token by which a connected app with direct trust stands for a user, signed with HS256. Itself a secret. */
export function connectedAppToken(identity: ConnectedAppIdentity, { now, id }: Minting): Promise<string> {
  const { clientId, secretId, secret, user, scopes } = identity
  const at = secondsOf(now)
  return new SignJWT({ scp: scopes })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: secretId, iss: clientId })
    .setIssuer(clientId)
    .setSubject(user)
    .setAudience('tableau')
    .setJti(id)
    .setIssuedAt(at)
    .setNotBefore(at - EARLIER_SECONDS)
    .setExpirationTime(at + VALID_SECONDS)
    .sign(new TextEncoder().encode(secret.reveal()))
}

/** A unified access token, signed with RS256 by a key of `rsaKeyOf`. It has no audience. Itself a secret. */
export function unifiedAccessToken(
  identity: UatIdentity,
  key: KeyObject,
  { now, id }: Minting,
): Promise<string> {
  const { issuer, keyId, user, userClaim, tenantId, scopes } = identity
  const at = secondsOf(now)
  return new SignJWT({ [userClaim]: user, [TENANT_CLAIM]: tenantId, scp: scopes })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: keyId })
    .setIssuer(issuer)
    .setJti(`${issuer}-${at}-${id}`)
    .setIssuedAt(at)
    .setExpirationTime(at + VALID_SECONDS)
    .sign(key)
}
