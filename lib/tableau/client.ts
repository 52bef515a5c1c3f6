import { AlmanacError } from '../core/errors.ts'
import type { Emit } from '../core/event.ts'
import type { Clock } from '../core/ports.ts'
import { parseAddress } from './address.ts'
import { newTally, openCalls, type Send } from './calls.ts'
import { type Linked, linkSignals } from './cancel.ts'
import { isSessionLoss } from './problem.ts'
import { openReaders, type Readers } from './readers.ts'
import { keepSession, type Session } from './session.ts'
import { type Credentials, readServerInfo, type ServerInfo, type SignIn, signIn } from './sign-in.ts'
import { openTransport, TIMEOUTS, type Timeouts, type Transport } from './transport.ts'

export type { Cost } from './calls.ts'
export type { ListToRead, Page } from './readers.ts'
export type { SignIn } from './sign-in.ts'

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
  /** Signs out, stops what is in flight and closes all connections. Never throws; the second time it does nothing. */
  close(): Promise<void>
}

/**
 * Finds out the server's version, signs in, and looks whether the session lives and which site role it has.
 * Throws `bad-configuration`, `insecure-address`, `forbidden-address` (the address); `unreachable`, `tls-failed`, `redirected`,
 * `not-tableau` (the way); `sign-in-refused` (the token, the site, or a server before 2019.4); what `beforeSignIn` throws;
 * or the signal's reason. Nothing stays open then.
 */
export async function connect(options: ClientOptions): Promise<Client> {
  const address = parseAddress(options.signIn.serverUrl)
  const { concurrency = 8, clock, random, emit } = options
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  const transport = openTransport({ address, connections: concurrency, timeouts, now: () => clock.now() })
  const closing = new AbortController()
  const run = linkSignals([options.signal, closing.signal])
  const send = openCalls({ transport, clock, random, emit })
  const line: Line = { options, transport, closing, run, send, timeouts, concurrency }
  try {
    const info = await readServerInfo(send, newTally(), run.signal)
    const authenticate = async (): Promise<Credentials> => {
      await options.beforeSignIn?.()
      return signIn(send, options.signIn, info.apiVersion, newTally(), run.signal)
    }
    const first = await authenticate()
    const session = keepSession({ first, clock, emit, renew: authenticate })
    return await introduce(line, { server: address.url, info, first, session })
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
}

/** Looks who we are, which proves that the session lives, and makes the client. Signs out when that fails. */
async function introduce(line: Line, signedIn: SignedIn): Promise<Client> {
  const { server, info, first } = signedIn
  const { site, userId } = first
  const { clock, emit } = line.options
  const base = `/api/${info.apiVersion}/sites/${site.id}`
  const { send, concurrency, run } = line
  const { session } = signedIn
  const readers = openReaders({ base, send, session, concurrency, clock, emit, signal: run.signal })
  const close = closerOf(line, signedIn)
  try {
    const { item } = await readers.item({ path: `users/${userId}`, item: 'user', query: {} })
    const siteRole = item['@siteRole']
    if (typeof siteRole !== 'string')
      throw new AlmanacError('malformed-response', `${server}: the signed-in user ${userId} has no siteRole`)
    emit({
      type: 'signed-in',
      server,
      site: site.contentUrl,
      apiVersion: info.apiVersion,
      siteRole,
    })
    const observedAt = first.date ?? clock.now()
    return { server, ...info, site, user: { id: userId, siteRole }, observedAt, ...readers, close }
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
