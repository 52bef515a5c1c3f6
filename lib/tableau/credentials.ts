import { AlmanacError } from '../core/errors.ts'
import { hideFromNowOn } from '../core/redact.ts'
import { isTableauCloud } from '../network/address.ts'
import type { Identity, SignIn } from './identity.ts'
import { connectedAppToken, isUserClaim, type Minting, rsaKeyOf, unifiedAccessToken } from './jwt.ts'

/** An identity as messages name it: never its secret. */
export function nameOf(identity: Identity): string {
  switch (identity.kind) {
    case 'pat':
      return `the token named "${identity.name}"`
    case 'connected-app':
      return `the connected app "${identity.clientId}" for user "${identity.user}"`
    case 'uat':
      return `a unified access token of "${identity.issuer}" for user "${identity.user}"`
    case 'password':
      return `the password of user "${identity.user}"`
  }
}

/** What may be wrong with an identity that was refused without a reason. */
export const CHECKS: Readonly<Record<Identity['kind'], string | undefined>> = {
  pat: undefined, // what the error code says anyway
  'connected-app':
    'Check the client ID, the secret ID and the secret, that the connected app is enabled, the user’s name (upper and lower case count) and the site.',
  uat: 'Check the issuer, the key ID and the private key, the tenant ID, the claim that names the user, the user’s name and the site.',
  password:
    'Check the user’s name, the password and the site. With single sign-on or MFA, passwords are not taken: use a personal access token or a connected app.',
}

const secretOf = (identity: Identity): string => {
  switch (identity.kind) {
    case 'pat':
    case 'connected-app':
      return identity.secret.reveal()
    case 'uat':
      return identity.privateKey.reveal()
    case 'password':
      return identity.password.reveal()
  }
}

const noPasswordsOnCloud = (host: string, user: string): AlmanacError =>
  new AlmanacError(
    'bad-configuration',
    `Tableau Cloud (${host}) does not take the password of user "${user}": it wants multi-factor authentication`,
    { next: 'Sign in with a personal access token or a connected app.' },
  )

interface KeyFlaw {
  readonly isSo: (pem: string) => boolean
  readonly says: string
  readonly next: string
}

/** What else people put in the place of a private key, by what its PEM says (RFC 7468; older ones RFC 1421). */
const KEY_FLAWS: readonly KeyFlaw[] = [
  {
    isSo: (pem) => /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: *4,ENCRYPTED/.test(pem),
    says: 'is encrypted, and Almanac asks for no passphrase',
    next: 'Put it there unencrypted, as "openssl pkcs8 -topk8 -nocrypt" writes it.',
  },
  {
    isSo: (pem) => /BEGIN (RSA )?PUBLIC KEY/.test(pem) && !/PRIVATE KEY/.test(pem),
    says: 'is a public key',
    next: 'Put its private half there; the public half belongs into Tableau Cloud Manager.',
  },
  {
    isSo: () => true,
    says: 'is no RSA private key in PEM of at least 2048 bits, unencrypted',
    next: 'Put the whole PEM text there, from -----BEGIN PRIVATE KEY----- to the END line.',
  },
]

/** Why the key of a unified access token cannot sign; undefined when it can. */
function keyFlaw(pem: string): KeyFlaw | undefined {
  return rsaKeyOf(pem) === undefined ? KEY_FLAWS.find(({ isSo }) => isSo(pem)) : undefined
}

/**
 * Finds what is wrong with an identity before anything is sent, also before the host is looked up. `host` may have a port.
 * Throws `secret-missing` (an empty secret) or `bad-configuration` (a password for Tableau Cloud; for a unified access
 * token a private key that is none, or a claim that cannot hold the user's name).
 */
export function checkIdentity(
  { identity, contentUrl }: Pick<SignIn, 'identity' | 'contentUrl'>,
  host: string,
): void {
  if (identity.kind === 'password' && isTableauCloud(host)) throw noPasswordsOnCloud(host, identity.user)
  if (secretOf(identity).trim() === '')
    throw new AlmanacError('secret-missing', `The secret is empty that belongs to ${nameOf(identity)}`)
  checkTexts({ identity, contentUrl })
  if (identity.kind !== 'uat') return
  const flaw = keyFlaw(identity.privateKey.reveal())
  if (flaw !== undefined)
    throw new AlmanacError('bad-configuration', `The private key for ${nameOf(identity)} ${flaw.says}`, {
      next: flaw.next,
    })
  if (!isUserClaim(identity.userClaim))
    throw new AlmanacError(
      'bad-configuration',
      `The claim "${identity.userClaim}" cannot hold the user's name of ${nameOf(identity)}`,
      { next: 'Name the claim that the configuration in Tableau Cloud Manager names, for example email.' },
    )
}

/** XML cannot hold most control characters, and every reader of it makes spaces of the others: such a text never arrives. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNFIT = /[\u0000-\u001f\ufffe\uffff]/

/**
 * Refuses what a sign-in could not carry to the server as it is. Throws `bad-configuration`, which names the text and never
 * repeats a secret.
 */
function checkTexts({ identity, contentUrl }: Pick<SignIn, 'identity' | 'contentUrl'>): void {
  const texts: readonly (readonly [what: string, text: string])[] = [
    ['The content URL of the site', contentUrl],
    ...(identity.kind === 'pat' ? [['The name of the token', identity.name] as const] : []),
    ...(identity.kind === 'password' ? [['The name of the user', identity.user] as const] : []),
    ...(identity.kind === 'pat' || identity.kind === 'password'
      ? [['The secret', secretOf(identity)] as const]
      : []),
  ]
  for (const [what, text] of texts)
    if (UNFIT.test(text) || !text.isWellFormed())
      throw new AlmanacError('bad-configuration', `${what} holds a control character, or half of one`, {
        next: 'Take it out: a line break at the end of a file is not part of a secret.',
      })
}

/** A token that was minted here is as secret as what it is signed with. */
function minted(jwt: string): string {
  hideFromNowOn(jwt)
  return jwt
}

/**
 * What of an identity is sent, as attributes of `<credentials>` (REST API reference, Sign In). All of it is secret.
 * Throws `bad-configuration` for a private key that is none.
 */
export async function attributesOf(
  identity: Identity,
  minting: Minting,
): Promise<Readonly<Record<string, string>>> {
  switch (identity.kind) {
    case 'pat':
      return {
        '@personalAccessTokenName': identity.name,
        '@personalAccessTokenSecret': identity.secret.reveal(),
      }
    case 'connected-app':
      return { '@jwt': minted(await connectedAppToken(identity, minting)) }
    case 'uat': {
      const key = rsaKeyOf(identity.privateKey.reveal())
      if (key === undefined)
        throw new AlmanacError('bad-configuration', `There is no private key for ${nameOf(identity)}`)
      return { '@jwt': minted(await unifiedAccessToken(identity, key, minting)), '@isUat': 'true' }
    }
    case 'password':
      return { '@name': identity.user, '@password': identity.password.reveal() }
  }
}
