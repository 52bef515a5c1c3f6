import { randomUUID } from 'node:crypto'
import { XMLBuilder } from 'fast-xml-parser'
import { AlmanacError, isError } from '../core/errors.ts'
import type { RawItem } from '../core/item.ts'
import { redacted, withoutSecrets } from '../core/redact.ts'
import { compareVersions, isVersion } from '../core/version.ts'
import { newTally, type Send, type Tally } from './calls.ts'
import { attributesOf } from './credentials.ts'
import { type Identity, isMinted, type SignIn } from './identity.ts'
import { refusal } from './refusal.ts'
import { sessionToken } from './token.ts'
import { isSegment } from './transport.ts'

/** The newest REST API version that this client was tested with (Tableau Server 26.2). */
export const NEWEST_TESTED = '3.29'

interface Floor {
  readonly api: string
  readonly product: string
  readonly what: string
}

const byToken: Floor = {
  api: '3.17',
  product: 'Tableau 2022.3',
  what: 'a connected app or a unified access token',
}

/** What each way to sign in needs (REST API reference, Sign In). Passwords are older, yet nothing older is spoken here. */
const FLOORS: Readonly<Record<Identity['kind'], Floor>> = {
  pat: { api: '3.6', product: 'Tableau 2019.4', what: 'a personal access token' },
  'connected-app': byToken,
  uat: byToken,
  password: { api: '3.6', product: 'Tableau 2019.4', what: 'a password' },
}

/** The version that introduced the question which versions there are; every later server answers it. */
const SERVER_INFO_PATH = '/api/2.4/serverinfo'

/** What a server says of itself, and the version to speak with it: its own, or the newest tested if that is older. */
export interface ServerInfo {
  readonly productVersion: string
  readonly apiVersion: string
  /** The server's `Date`, in ms; undefined when it sent none. */
  readonly date: number | undefined
}

/** A session's credentials. The token must stay in closures. */
export interface Credentials {
  readonly token: string
  readonly site: { readonly id: string; readonly contentUrl: string }
  readonly userId: string
  /** The server's `Date`, in ms; undefined when it sent none. */
  readonly date: number | undefined
}

const xml = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressBooleanAttributes: false,
})

const one = (item: RawItem | undefined, path: string): string => [item?.[path] ?? []].flat()[0] ?? ''

const tooOld = (spoken: string, { api, product, what }: Floor): AlmanacError =>
  new AlmanacError(
    'sign-in-refused',
    `The server speaks REST API ${spoken}; signing in with ${what} needs ${api} (${product})`,
    {
      next: `Upgrade Tableau Server to ${product.replace('Tableau ', '')} or newer.`,
    },
  )

/**
 * Asks the server for its versions (Query Server Info, needs no session).
 * Throws `sign-in-refused` when it is too old for this kind of identity, and what a call throws: `not-tableau` above all.
 */
export async function readServerInfo(
  send: Send,
  tally: Tally,
  signal?: AbortSignal,
  kind: Identity['kind'] = 'pat',
): Promise<ServerInfo> {
  const floor = FLOORS[kind]
  const request = {
    method: 'GET',
    path: SERVER_INFO_PATH,
    shape: { list: null, item: 'serverInfo' },
  } as const
  const { answer, date } = await send(request, tally, signal).catch((thrown: unknown) => {
    // What a server older than 2.4 answers (404003, on some 404001).
    if (isError(thrown, 'tableau-error') && thrown.tableauCode?.startsWith('404'))
      throw tooOld('2.3 or older', floor)
    throw thrown
  })
  const info = answer.items[0]
  const spoken = one(info, 'restApiVersion/text()').trim()
  if (!isVersion(spoken))
    throw new AlmanacError(
      'malformed-response',
      `The server states no REST API version in ${SERVER_INFO_PATH}`,
    )
  if (compareVersions(spoken, floor.api) < 0) throw tooOld(spoken, floor)
  const apiVersion = compareVersions(spoken, NEWEST_TESTED) < 0 ? spoken : NEWEST_TESTED
  return { productVersion: withoutSecrets(one(info, 'productVersion/text()').trim()), apiVersion, date }
}

/** A sign-in to be made. */
export interface SignInRequest {
  readonly who: SignIn
  readonly apiVersion: string
  /** The server's time in milliseconds, by which tokens are minted. */
  readonly serverNow: () => number
}

/**
 * Signs in. With a personal access token that ends every earlier session of the token, on any site.
 * Throws `sign-in-refused` for whatever Tableau has against it, which it mostly does not say; `bad-configuration` for a
 * private key that is none; and what a call throws.
 */
export async function signIn(
  send: Send,
  request: SignInRequest,
  tally: Tally,
  signal?: AbortSignal,
): Promise<Credentials> {
  const { who } = request
  const tries = newTally()
  try {
    return await signInOnce(send, request, tries, signal)
  } catch (thrown) {
    const problem = refusal(thrown, who)
    // A token is good for one sign-in: when an answer was lost, its repeat is refused although nothing is wrong.
    const isUsedUp = isError(problem, 'sign-in-refused') && tries.retries > 0 && isMinted(who.identity)
    if (!isUsedUp) throw problem
  } finally {
    addTo(tally, tries)
  }
  return signInOnce(send, request, tally, signal).catch((thrown: unknown) => {
    throw refusal(thrown, who)
  })
}

function addTo(tally: Tally, more: Tally): void {
  tally.calls += more.calls
  tally.retries += more.retries
  tally.bytes += more.bytes
}

async function signInOnce(
  send: Send,
  { who, apiVersion, serverNow }: SignInRequest,
  tally: Tally,
  signal?: AbortSignal,
): Promise<Credentials> {
  const attributes = await attributesOf(who.identity, { now: serverNow(), id: randomUUID() })
  const credentials = { ...attributes, site: { '@contentUrl': who.contentUrl } }
  const request = {
    method: 'POST',
    path: `/api/${apiVersion}/auth/signin`,
    body: xml.build({ tsRequest: { credentials } }),
    shape: { list: null, item: 'credentials' },
    confidential: true,
  } as const
  const { answer, date } = await send(request, tally, signal)
  const signedIn = credentialsOf(answer.items[0], request.path)
  // From now on nothing shows it.
  sessionToken(signedIn.token, signedIn.site)
  checkSite(who.contentUrl, signedIn.site.contentUrl)
  return { ...signedIn, date }
}

function credentialsOf(item: RawItem | undefined, path: string): Omit<Credentials, 'date'> {
  const token = one(item, '@token')
  const site = { id: one(item, 'site/@id'), contentUrl: one(item, 'site/@contentUrl') }
  const userId = one(item, 'user/@id')
  const isHeader = /^[\x21-\x7e]+$/.test(token)
  if (!isHeader || !isSegment(site.id) || !isSegment(userId)) {
    throw new AlmanacError('malformed-response', `The answer to POST ${path} lacks a token, a site or a user`)
  }
  return { token, site, userId }
}

/** Whatever was read from another site would be taken for this one's. The case of the name may be Tableau's own. */
function checkSite(asked: string, got: string): void {
  if (asked === '' || asked.toLowerCase() === got.toLowerCase()) return
  throw new AlmanacError(
    'malformed-response',
    `Signing in to site "${asked}" was answered with site "${redacted(got)}"`,
  )
}
