import { XMLBuilder } from 'fast-xml-parser'
import { AlmanacError, isError } from '../core/errors.ts'
import type { RawItem } from '../core/item.ts'
import { compareVersions, isVersion } from '../core/version.ts'
import type { Send, Tally } from './calls.ts'

/** Whose session it is to be: a site by its content URL ('' is Server's default site), and a personal access token. */
export interface SignIn {
  readonly serverUrl: string
  readonly contentUrl: string
  readonly patName: string
  readonly patSecret: string
}

/** The newest REST API version that this client was tested with (Tableau Server 26.2). */
export const NEWEST_TESTED = '3.29'
/** Personal access tokens can sign in from here on (Tableau 2019.4). */
const OLDEST_USABLE = '3.6'
/** The version that introduced the question which versions there are; every later server answers it. */
const SERVER_INFO_PATH = '/api/2.4/serverinfo'

/** What a server says of itself, and the version to speak with it: its own, or the newest tested if that is older. */
export interface ServerInfo {
  readonly productVersion: string
  readonly apiVersion: string
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

const tooOld = (spoken: string): AlmanacError =>
  new AlmanacError(
    'sign-in-refused',
    `The server speaks REST API ${spoken}; signing in with a personal access token needs ${OLDEST_USABLE} (Tableau 2019.4)`,
    {
      next: 'Upgrade Tableau Server to 2019.4 or newer.',
    },
  )

/**
 * Asks the server for its versions (Query Server Info, needs no session).
 * Throws `sign-in-refused` when it is too old for personal access tokens, and what a call throws: `not-tableau` above all.
 */
export async function readServerInfo(send: Send, tally: Tally, signal?: AbortSignal): Promise<ServerInfo> {
  const request = {
    method: 'GET',
    path: SERVER_INFO_PATH,
    shape: { list: null, item: 'serverInfo' },
  } as const
  const reply = await send(request, tally, signal).catch((thrown: unknown) => {
    // What a server older than 2.4 answers (404003, on some 404001).
    if (isError(thrown, 'tableau-error') && thrown.tableauCode?.startsWith('404'))
      throw tooOld('2.3 or older')
    throw thrown
  })
  const info = reply.answer.items[0]
  const spoken = one(info, 'restApiVersion/text()').trim()
  if (!isVersion(spoken))
    throw new AlmanacError(
      'malformed-response',
      `The server states no REST API version in ${SERVER_INFO_PATH}`,
    )
  if (compareVersions(spoken, OLDEST_USABLE) < 0) throw tooOld(spoken)
  const apiVersion = compareVersions(spoken, NEWEST_TESTED) < 0 ? spoken : NEWEST_TESTED
  return { productVersion: one(info, 'productVersion/text()').trim(), apiVersion }
}

/**
 * Signs in with a personal access token, which ends every earlier session of that token, on any site.
 * Throws `sign-in-refused` for whatever Tableau has against it: it does not say which of name, secret and site is wrong.
 */
export async function signIn(
  send: Send,
  who: SignIn,
  apiVersion: string,
  tally: Tally,
  signal?: AbortSignal,
): Promise<Credentials> {
  const credentials = {
    '@personalAccessTokenName': who.patName,
    '@personalAccessTokenSecret': who.patSecret,
    site: { '@contentUrl': who.contentUrl },
  }
  const request = {
    method: 'POST',
    path: `/api/${apiVersion}/auth/signin`,
    body: xml.build({ tsRequest: { credentials } }),
    shape: { list: null, item: 'credentials' },
    confidential: true,
  } as const
  const { answer, date } = await send(request, tally, signal).catch((thrown: unknown) => {
    throw refusal(thrown, who)
  })
  return { ...credentialsOf(answer.items[0], request.path), date }
}

function refusal(thrown: unknown, who: SignIn): unknown {
  if (!(thrown instanceof AlmanacError) || thrown.tableauCode === undefined) return thrown
  const { tableauCode } = thrown
  const wrongPod = {
    next: 'On Tableau Cloud, check that TABLEAU_SERVER_URL names the pod of your site, with https.',
  }
  const isRefusal = tableauCode.startsWith('401') || tableauCode === '405000'
  if (!isRefusal) return thrown
  const site = who.contentUrl === '' ? 'the default site' : `site "${who.contentUrl}"`
  return new AlmanacError(
    'sign-in-refused',
    `Tableau refused to sign in to ${site} with the token named "${who.patName}" (${tableauCode})`,
    {
      tableauCode,
      ...(tableauCode === '405000' ? wrongPod : {}),
    },
  )
}

function credentialsOf(item: RawItem | undefined, path: string): Omit<Credentials, 'date'> {
  const token = one(item, '@token')
  const site = { id: one(item, 'site/@id'), contentUrl: one(item, 'site/@contentUrl') }
  const userId = one(item, 'user/@id')
  const isHeader = /^[\x21-\x7e]+$/.test(token)
  if (!isHeader || site.id === '' || userId === '') {
    throw new AlmanacError('malformed-response', `The answer to POST ${path} lacks a token, a site or a user`)
  }
  return { token, site, userId }
}
