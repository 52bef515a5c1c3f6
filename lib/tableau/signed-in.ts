import { AlmanacError } from '../core/errors.ts'
import { newTally } from './calls.ts'
import { isMinted, type SignIn } from './identity.ts'
import type { Line } from './line.ts'
import type { Readers } from './readers.ts'
import { limitedToScopes, readersOver } from './reading.ts'
import { holdToSession, type Whose } from './same-session.ts'
import { keepSession, type Session } from './session.ts'
import type { SessionFacts } from './session-facts.ts'
import { type Credentials, readServerInfo, type ServerInfo, signIn } from './sign-in.ts'
import { signOutLast } from './sign-out.ts'

/** A session that lives, what is known of it, and how its site is read. */
export interface SignedIn {
  readonly facts: SessionFacts
  readonly session: Session
  readonly readers: Readers
}

/** Who signs in over a line. */
export interface Signing {
  readonly who: SignIn
  /** Called before each sign-in; whatever it throws stops the session (a lost lease). */
  readonly beforeSignIn: (() => Promise<void>) | undefined
}

/**
 * Finds out the server's version, signs in, and looks whether the session lives and which site role it has.
 * Throws what `connect` throws; no session is left open then.
 */
export async function signInOver(line: Line, signing: Signing): Promise<SignedIn> {
  const { clock, emit, server } = line
  const { info, authenticate } = await openAuthentication(line, signing)
  const first = await authenticate()
  const clockSkewMs = first.date === undefined ? undefined : clock.now() - first.date
  const renew = async (generation: number) => {
    const next = await authenticate()
    holdToSession(whoOf(first), whoOf(next))
    return { ...next, generation: generation + 1 }
  }
  const kept = keepSession({ first: { ...first, generation: 0 }, clock, emit, renew })
  const { apiVersion, productVersion } = info
  const whose = { apiVersion, site: first.site, userId: first.userId }
  const session = isMinted(signing.who.identity) ? limitedToScopes(line, kept, whose) : kept
  const readers = readersOver(line, session, whose)
  try {
    const siteRole = await readSiteRole(server, readers, first.userId)
    emit({ type: 'signed-in', server, contentUrl: first.site.contentUrl, apiVersion, siteRole })
    const user = { id: first.userId, siteRole }
    const observedAt = first.date ?? clock.now()
    const facts = { server, productVersion, apiVersion, site: first.site, user, observedAt, clockSkewMs }
    return { facts, session, readers }
  } catch (thrown) {
    line.stop()
    await signOutLast(line, { apiVersion, token: session.token() })
    throw thrown
  }
}

const whoOf = ({ site, userId }: Credentials): Whose => ({ site, user: { id: userId } })

interface Authentication {
  readonly info: ServerInfo
  authenticate(): Promise<Credentials>
}

/**
 * Asks for the versions, and signs in as often as needed. Tokens are minted by the server's clock: its last `Date` and what
 * a monotonic clock has counted since. Before a renewal it is asked again, because that clock stops while a laptop sleeps.
 */
async function openAuthentication(
  { send, clock, signal }: Line,
  { who, beforeSignIn }: Signing,
): Promise<Authentication> {
  const { identity } = who
  const ask = async () => ({
    info: await readServerInfo(send, newTally(), signal, identity.kind),
    asked: clock.elapsed(),
  })
  let last = await ask()
  let signedIn = false
  const { apiVersion } = last.info
  const serverNow = () =>
    last.info.date === undefined ? clock.now() : last.info.date + clock.elapsed() - last.asked
  const authenticate = async (): Promise<Credentials> => {
    if (signedIn && isMinted(identity)) last = await ask()
    await beforeSignIn?.()
    signedIn = true
    return signIn(send, { who, apiVersion, serverNow }, newTally(), signal)
  }
  return { info: last.info, authenticate }
}

/** Looks who we are, which proves that the session lives, and which site role we have now. */
export async function readSiteRole(
  server: string,
  readers: Readers,
  userId: string,
  signal?: AbortSignal,
): Promise<string> {
  const { item } = await readers.item({ path: `users/${userId}`, item: 'user', query: {} }, signal)
  const siteRole = item['@siteRole']
  if ((item['@id'] ?? userId) !== userId)
    throw new AlmanacError('malformed-response', `${server}: user ${userId} was asked for, another one came`)
  // It stands in messages and receipts: nothing else may come in its place.
  if (typeof siteRole !== 'string' || !/^[A-Za-z]{1,40}$/.test(siteRole))
    throw new AlmanacError('malformed-response', `${server}: the signed-in user ${userId} has no siteRole`)
  return siteRole
}
