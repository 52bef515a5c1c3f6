import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock } from '../core/ports.ts'
import { parseAddress } from '../network/address.ts'
import { DIRECT, type Way } from '../network/way.ts'
import { newTally, openCalls, type Send } from './calls.ts'
import { type Linked, linkSignals } from './cancel.ts'
import { checkIdentity } from './credentials.ts'
import { isMinted, type SignIn } from './identity.ts'
import { isSessionLoss } from './problem.ts'
import { openReaders, type Readers } from './readers.ts'
import { type Lives, scopedSession } from './scoped-session.ts'
import { keepSession, type Session } from './session.ts'
import { type Credentials, readServerInfo, type ServerInfo, signIn } from './sign-in.ts'
import { readTokenExpiry } from './token-expiry.ts'
import { openTransport, TIMEOUTS, type Timeouts, type Transport } from './transport.ts'

export type { Cost } from './calls.ts'
export type { ListToRead, Page } from './readers.ts'

/** What a run gives its client. */
export interface ClientOptions {
  readonly signIn: SignIn
  readonly clock: Clock
  /** Numbers from 0 up to 1, for spreading retries. */
  readonly random: () => number
  readonly emit: Emit
  /** How many calls may be in flight, over all that the run reads; 8 unless said otherwise. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  /** Called before each sign-in; whatever it throws stops the client (a lost lease). */
  readonly beforeSignIn?: () => Promise<void>
  readonly timeouts?: Partial<Timeouts>
  /** How the server is reached; directly unless said otherwise. */
  readonly way?: Way
}

/** A signed-in client for one run: everything that speaks to Tableau goes through it. Holds no secret in its properties. */
export interface Client extends Readers {
  readonly server: string
  readonly productVersion: string
  readonly apiVersion: string
  readonly site: { readonly id: string; readonly contentUrl: string }
  readonly user: { readonly id: string; readonly siteRole: string }
  /** The server's `Date` at sign-in, in ms. */
  readonly observedAt: number
  /** Our clock minus the server's `Date` at sign-in, in ms; undefined when it sent none. Includes the way of the answer. */
  readonly clockSkewMs: number | undefined
  /**
   * When the personal access token expires, in ms since 1970; null where Tableau does not tell (Tableau Server, a method
   * that is forbidden) or the sign-in is none of a personal access token. Throws what a call throws.
   */
  tokenExpiresAt(): Promise<number | null>
  /** Signs out, stops what is in flight and closes all connections. Never throws; the second time it does nothing. */
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
  const address = parseAddress(options.signIn.serverUrl)
  checkIdentity(options.signIn, address.host)
  const { concurrency = 8, way = DIRECT, clock, random, emit } = options
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  const transport = openTransport({
    address,
    way,
    connections: concurrency,
    timeouts,
    now: () => clock.now(),
  })
  const closing = new AbortController()
  const run = linkSignals([options.signal, closing.signal])
  const send = openCalls({ transport, clock, random, emit })
  const line: Line = { options, transport, closing, run, send, timeouts, concurrency }
  try {
    const signing = await openSigning(line)
    const first = await signing.authenticate()
    const skew = first.date === undefined ? undefined : clock.now() - first.date
    const kept = keepSession({ first, clock, emit, renew: signing.authenticate })
    const session = limitedToScopes(line, kept, signing.info, first)
    return await introduce(line, { server: address.url, info: signing.info, first, session, skew })
  } catch (thrown) {
    run.release()
    await transport.destroy()
    throw thrown
  }
}

/** What a client is made of before it knows its user. */
interface Line {
  readonly options: ClientOptions
  readonly transport: Transport
  readonly closing: AbortController
  readonly run: Linked
  readonly send: Send
  readonly timeouts: Timeouts
  readonly concurrency: number
}

interface SignedIn {
  readonly server: string
  readonly info: ServerInfo
  readonly first: Credentials
  readonly session: Session
  readonly skew: number | undefined
}

interface Signing {
  readonly info: ServerInfo
  authenticate(): Promise<Credentials>
}

/**
 * Asks for the versions, and signs in as often as needed. Tokens are minted by the server's clock: its last `Date` and what
 * a monotonic clock has counted since. Before a renewal it is asked again, because that clock stops while a laptop sleeps.
 */
async function openSigning({ options, send, run }: Line): Promise<Signing> {
  const { clock, signIn: who, beforeSignIn } = options
  const { identity } = who
  const ask = async () => ({
    info: await readServerInfo(send, newTally(), run.signal, identity.kind),
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
    return signIn(send, { who, apiVersion, serverNow }, newTally(), run.signal)
  }
  return { info: last.info, authenticate }
}

/** Only minted tokens have scopes. */
function limitedToScopes(
  { options, send }: Line,
  session: Session,
  info: ServerInfo,
  first: Credentials,
): Session {
  if (!isMinted(options.signIn.identity)) return session
  const path = `/api/${info.apiVersion}/sites/${first.site.id}/users/${first.userId}`
  const lives: Lives = async (token, tally, signal) => {
    try {
      await send({ method: 'GET', path, token, shape: { list: null, item: 'user' } }, tally, signal)
      return true
    } catch (thrown) {
      if (isSessionLoss(thrown)) return false
      throw thrown
    }
  }
  return scopedSession(session, lives)
}

/** Looks who we are, which proves that the session lives, and makes the client. Signs out when that fails. */
async function introduce(line: Line, signedIn: SignedIn): Promise<Client> {
  const { server, info, first, skew: clockSkewMs } = signedIn
  const { productVersion, apiVersion } = info
  const { site, userId } = first
  const { clock, emit } = line.options
  const base = `/api/${apiVersion}/sites/${site.id}`
  const { send, concurrency, run } = line
  const { session } = signedIn
  const readers = openReaders({ base, send, session, concurrency, clock, emit, signal: run.signal })
  const close = closerOf(line, signedIn)
  try {
    const { item } = await readers.item({ path: `users/${userId}`, item: 'user', query: {} })
    const siteRole = item['@siteRole']
    if ((item['@id'] ?? userId) !== userId)
      throw new AlmanacError(
        'malformed-response',
        `${server}: user ${userId} was asked for, another one came`,
      )
    // It stands in messages and receipts: nothing else may come in its place.
    if (typeof siteRole !== 'string' || !/^[A-Za-z]{1,40}$/.test(siteRole))
      throw new AlmanacError('malformed-response', `${server}: the signed-in user ${userId} has no siteRole`)
    emit({
      type: 'signed-in',
      server,
      site: site.contentUrl,
      apiVersion,
      siteRole,
    })
    const observedAt = first.date ?? clock.now()
    const tokenExpiresAt = () => readTokenExpiry(readers, line.options.signIn.identity, userId)
    const facts = { server, productVersion, apiVersion, site, user: { id: userId, siteRole } }
    return { ...facts, observedAt, clockSkewMs, tokenExpiresAt, ...readers, close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

function closerOf(
  { options, transport, closing, run, timeouts }: Line,
  { info, session }: SignedIn,
): () => Promise<void> {
  const end = async () => {
    closing.abort(new AlmanacError('internal', 'The Tableau client was closed while it was in use'))
    const request = {
      method: 'POST',
      path: `/api/${info.apiVersion}/auth/signout`,
      token: session.token(),
      shape: null,
      deadlineMs: timeouts.signOut,
    } as const
    await transport.exchange(request).catch((thrown: unknown) => {
      if (isSessionLoss(thrown)) return
      const reason = thrown instanceof AlmanacError ? thrown.message : String(thrown)
      options.emit({
        type: 'warned',
        entity: null,
        message: `Signing out failed, so the session ends by itself later: ${reason}`,
      })
    })
    run.release()
    await transport.destroy().catch(() => undefined)
  }
  let ending: Promise<void> | undefined
  return () => {
    ending ??= end()
    return ending
  }
}
