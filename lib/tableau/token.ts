import { type Secret, secretOf } from '../core/secret.ts'

/** Whose a session is: Tableau's tokens end with their site, which is no secret and stands in every address. */
interface OfSite {
  readonly id: string
  readonly contentUrl: string
}

/** A session's token as a secret. No error and no event shows it from now on, and all of them may name its site. */
export function sessionToken(token: string, site: OfSite): Secret {
  const opening = token.split('|').filter((part) => part !== site.id && part !== site.contentUrl)
  return secretOf(token, opening.join('|'))
}
