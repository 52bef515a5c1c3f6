import { asAlmanacError } from '../core/errors.ts'
import { parseAddress } from '../network/address.ts'
import type { ClientOptions } from './client.ts'
import { checkIdentity } from './credentials.ts'
import { isMinted } from './identity.ts'
import { type Line, type LineOptions, openLine } from './line.ts'
import type { KeptSession } from './session-facts.ts'
import { signOut } from './sign-out.ts'
import { signInOver } from './signed-in.ts'
import { sessionToken } from './token.ts'
import { readTokenExpiry } from './token-expiry.ts'

/** Signs in as `connect` does, and keeps the session open. Throws what `connect` throws; no session is left open then. */
export async function signInToKeep(options: ClientOptions): Promise<KeptSession> {
  const { signIn: who, beforeSignIn } = options
  checkIdentity(who, parseAddress(who.serverUrl).host)
  const line = openLine(who.serverUrl, options)
  try {
    const signedIn = await signInOver(line, { who, beforeSignIn })
    const tokenExpiresAt = await readTokenExpiry(
      signedIn.readers,
      who.identity,
      signedIn.facts.user.id,
    ).catch(untold(line))
    const { facts, session } = signedIn
    const token = sessionToken(session.token(), facts.site)
    return { ...facts, token, isScoped: isMinted(who.identity), tokenExpiresAt }
  } finally {
    await line.end()
  }
}

/** When the token expires is good to know, and nothing to fail for; a signal's reason still ends everything. */
const untold =
  ({ emit, signal }: Line) =>
  (thrown: unknown): null => {
    signal.throwIfAborted()
    const { message } = asAlmanacError(thrown)
    emit({ type: 'warned', entity: null, message: `When the token expires could not be asked: ${message}` })
    return null
  }

/**
 * Signs a kept session out; one that has ended is signed out already. Throws what a call throws, and what `openLine`
 * throws.
 */
export async function signOutKept(
  { server, apiVersion, token }: KeptSession,
  options: LineOptions,
): Promise<void> {
  const line = openLine(server, options)
  try {
    await signOut(line, { apiVersion, token: token.reveal() })
  } finally {
    await line.end()
  }
}
