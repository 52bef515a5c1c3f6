import { parseAddress } from '../network/address.ts'
import { checkIdentity } from './credentials.ts'
import type { SignIn } from './identity.ts'
import { closerOf, type LineOptions, openLine } from './line.ts'
import type { Readers } from './readers.ts'
import type { SessionFacts } from './session-facts.ts'
import { signOutLast } from './sign-out.ts'
import { readSiteRole, signInOver } from './signed-in.ts'
import { readTokenExpiry } from './token-expiry.ts'

export type { Cost } from './calls.ts'
export type { ListToRead, Page } from './readers.ts'

/** What a run gives its client. */
export interface ClientOptions extends LineOptions {
  readonly signIn: SignIn
  /** Called before each sign-in; whatever it throws stops the client (a lost lease). */
  readonly beforeSignIn?: () => Promise<void>
}

/** A signed-in client for one run: everything that speaks to Tableau goes through it. Holds no secret in its properties. */
export interface Client extends Readers, SessionFacts {
  /**
   * When the personal access token expires, in ms since 1970; null where Tableau does not tell (Tableau Server, a method
   * that is forbidden) or the sign-in is none of a personal access token. Throws what a call throws.
   */
  tokenExpiresAt(): Promise<number | null>
  /** The site role that the user has by now: `user` says which it was at sign-in. Throws what a call throws. */
  siteRoleNow(signal?: AbortSignal): Promise<string>
  /**
   * Signs out if this client signed in, stops what is in flight and closes all connections. Never throws; the second time
   * it does nothing.
   */
  close(): Promise<void>
}

/**
 * Finds out the server's version, signs in, and looks whether the session lives and which site role it has.
 * Throws `bad-configuration`, `insecure-address`, `forbidden-address` (the address); `bad-configuration`, `secret-missing`
 * (the identity), both before anything is sent; `unreachable`, `tls-failed`, `redirected`, `not-tableau` (the way);
 * `sign-in-refused` (the identity, the site, or a server too old for it); what `beforeSignIn` throws; or the signal's reason.
 * Nothing stays open then.
 */
export async function connect(options: ClientOptions): Promise<Client> {
  const { signIn: who, beforeSignIn } = options
  checkIdentity(who, parseAddress(who.serverUrl).host)
  const line = openLine(who.serverUrl, options)
  try {
    const { facts, session, readers } = await signInOver(line, { who, beforeSignIn })
    const tokenExpiresAt = () => readTokenExpiry(readers, who.identity, facts.user.id)
    const { apiVersion } = facts
    const close = closerOf(line, () => signOutLast(line, { apiVersion, token: session.token() }))
    const siteRoleNow = (signal?: AbortSignal) => readSiteRole(facts.server, readers, facts.user.id, signal)
    return { ...facts, tokenExpiresAt, siteRoleNow, ...readers, close }
  } catch (thrown) {
    await line.end()
    throw thrown
  }
}
