/** What a number in Tableau's refusal of a JWT means, and what to do. */
export interface Reason {
  readonly means: string
  readonly next: string
}

const user: Reason = {
  means: 'the user could not be found',
  next: 'Check "user": it is the name in Tableau (on Tableau Cloud the e-mail address), upper and lower case count, and the user must be on the site.',
}

/** Tableau help, Troubleshoot Connected Apps; the repairs name the fields of our configuration. */
const REASONS: Readonly<Record<number, Reason>> = {
  5: user,
  16: {
    means: 'the login failed: the user is unknown or unlicensed, or the token was not valid at that time',
    next: 'Check "user", that it has a licence on the site, and the clock of the Tableau server.',
  },
  67: { means: 'the feature is not enabled', next: 'Ask whether the site has a licence for it.' },
  126: {
    means: 'the connected app could not be found',
    next: 'Check "clientId", and that the connected app is enabled on this site.',
  },
  127: {
    means: 'the secret of the connected app could not be found',
    next: 'Check "secretId" and the secret itself: both belong together, and a deleted secret is gone.',
  },
  10083: {
    means: 'the header or the signature of the token is not accepted',
    next: 'Check that the secret or private key is the one that is registered under its ID.',
  },
  10084: {
    means: 'the content of the token is not accepted',
    next: 'Check the fields of "signIn", the tenant and the claim that names the user above all.',
  },
  10085: {
    means: 'the keys to check the token with could not be fetched',
    next: 'Check "issuer" and "keyId", and that the configuration with the public key is enabled.',
  },
  10096: {
    means: 'the token is valid for longer than the server allows',
    next: 'Raise the limit on the server: Almanac asks for five minutes.',
  },
}

/** What Tableau means by a number; undefined for one that is not known. */
export const reasonOf = (number: unknown): Reason | undefined =>
  typeof number === 'number' ? REASONS[number] : undefined

/**
 * The number in the text of a refusal, in either form that servers send: `errorCode=16` and `(16)`. Only known numbers
 * count: whatever else stands there may be a piece of a secret that the server repeats.
 */
export function reasonNumber(text: string): number | undefined {
  const found = /errorCode"?\s*[=:]\s*(\d{1,5})\b/i.exec(text) ?? /\((\d{1,5})\)/.exec(text)
  const number = Number(found?.[1])
  return reasonOf(number) === undefined ? undefined : number
}
