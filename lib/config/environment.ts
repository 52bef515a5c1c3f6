import { resolve } from 'node:path'
import { AlmanacError } from '../core/errors.ts'
import { isTableauCloud, parseAddress } from '../network/address.ts'
import type { SignInConfiguration, SiteConfiguration } from './configuration.ts'
import { CONCURRENCY, TIME_ZONE, TIMEOUTS, USER_CLAIM, WAREHOUSE } from './defaults.ts'
import { looksSecret } from './plaintext.ts'
import { warehouseAt } from './resolve.ts'
import { slugOf } from './slug.ts'
import { CONTENT_URL, CONTENT_URL_NOUN, NO_PASSWORD, serverObjection } from './value.ts'
import { shown, wrong } from './words.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One way to sign in: the variables that it needs, those that it may have, and what they make. */
interface WayIn {
  readonly kind: SignInConfiguration['kind']
  /** All variables that belong to it alone: any of them set means that this way is meant. */
  readonly own: readonly string[]
  /** Of each group, one must be set. */
  readonly needs: readonly (readonly string[])[]
  make(value: (name: string) => string, cwd: string): SignInConfiguration
}

const SERVER = 'TABLEAU_SERVER_URL'
const SITE = 'TABLEAU_SITE_ID'
const USER = 'TABLEAU_USERNAME'
const OWNER = 'ALMANAC_OWNER'
const KEY = 'TABLEAU_UAT_PRIVATE_KEY'
const KEY_FILE = 'TABLEAU_UAT_PRIVATE_KEY_FILE'

const only = (names: readonly string[]): readonly (readonly string[])[] => names.map((name) => [name])

const PAT = ['TABLEAU_PAT_NAME', 'TABLEAU_PAT_SECRET']
const APP = [
  'TABLEAU_CONNECTED_APP_CLIENT_ID',
  'TABLEAU_CONNECTED_APP_SECRET_ID',
  'TABLEAU_CONNECTED_APP_SECRET_VALUE',
]
const UAT = ['TABLEAU_UAT_ISSUER', 'TABLEAU_UAT_KEY_ID', 'TABLEAU_UAT_TENANT_ID']

const WAYS_IN: readonly WayIn[] = [
  {
    kind: 'pat',
    own: PAT,
    needs: only(PAT),
    make: (value) => ({
      kind: 'pat',
      name: value('TABLEAU_PAT_NAME'),
      secret: { env: 'TABLEAU_PAT_SECRET' },
    }),
  },
  {
    kind: 'connected-app',
    own: APP,
    needs: only([...APP, USER]),
    make: (value) => ({
      kind: 'connected-app',
      clientId: value('TABLEAU_CONNECTED_APP_CLIENT_ID'),
      secretId: value('TABLEAU_CONNECTED_APP_SECRET_ID'),
      secret: { env: 'TABLEAU_CONNECTED_APP_SECRET_VALUE' },
      user: value(USER),
    }),
  },
  {
    kind: 'uat',
    own: [...UAT, KEY, KEY_FILE, 'TABLEAU_UAT_USER_CLAIM'],
    needs: [...only(UAT), [KEY, KEY_FILE], [USER]],
    make: (value, cwd) => ({
      kind: 'uat',
      issuer: value('TABLEAU_UAT_ISSUER'),
      keyId: value('TABLEAU_UAT_KEY_ID'),
      tenantId: value('TABLEAU_UAT_TENANT_ID'),
      privateKey: value(KEY) === '' ? { file: resolve(cwd, value(KEY_FILE)) } : { env: KEY },
      user: value(USER),
      userClaim: value('TABLEAU_UAT_USER_CLAIM') || USER_CLAIM,
    }),
  },
  {
    kind: 'password',
    own: ['TABLEAU_PASSWORD'],
    needs: only([USER, 'TABLEAU_PASSWORD']),
    make: (value) => ({ kind: 'password', user: value(USER), password: { env: 'TABLEAU_PASSWORD' } }),
  },
]

/** The way that people mean who have set no variable of any. */
const [USUAL] = WAYS_IN
/** The variables that hold a secret. */
export const SECRET_VARIABLES: readonly string[] = [
  'TABLEAU_PAT_SECRET',
  'TABLEAU_CONNECTED_APP_SECRET_VALUE',
  KEY,
  'TABLEAU_PASSWORD',
]
const OTHERS = [SERVER, SITE, USER]

/** Every variable that says which site is read and as whom, in the order of the documentation. */
export const SITE_VARIABLES: readonly string[] = [...OTHERS, ...WAYS_IN.flatMap(({ own }) => own)]

/** A variable's value; one set to nothing counts as not set, and white space around a value comes from copying. */
export const setTo = (env: Environment, name: string): string => (env[name] ?? '').trim()

/** `a`, `a and b`, `a, b and c`. */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

const bad = (message: string, next?: string): AlmanacError =>
  new AlmanacError('bad-configuration', message, next === undefined ? {} : { next })

/** The one way that the environment means. */
function wayIn(env: Environment): WayIn {
  const isSet = (name: string): boolean => setTo(env, name) !== ''
  const meant = WAYS_IN.filter(({ own }) => own.some(isSet))
  if (meant.length > 1) {
    const ways = meant.map(({ kind, own }) => `${kind} (${listed(own.filter(isSet))})`)
    throw bad(
      `the environment names ${meant.length} ways to sign in: ${ways.join(', ')}`,
      'Set the variables of one way alone.',
    )
  }
  const [way] = meant
  if (way !== undefined) return way
  const byDefault = WAYS_IN.find(({ kind }) => kind === (isSet(USER) ? 'password' : USUAL?.kind))
  if (byDefault === undefined) throw new AlmanacError('internal', 'there is no usual way to sign in')
  return byDefault
}

/** Throws when a variable of the way is missing, or one is set that belongs to another. */
function checkWhole(env: Environment, way: WayIn, cwd: string): void {
  const isSet = (name: string): boolean => setTo(env, name) !== ''
  const missing = [[SERVER], ...way.needs]
    .filter((group) => !group.some(isSet))
    .map((group) => group.join(' or '))
  if (missing.length > 0)
    throw bad(
      `the site is configured only in part: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set, and there is no almanac.config.json in ${cwd}`,
      'Run "almanac init" there, name the file with --config, or set what is missing.',
    )
  const both = way.needs.find((group) => group.filter(isSet).length > 1)
  if (both !== undefined) throw bad(`${listed(both)} are both set`, 'Set one of them.')
  if (way.kind === 'pat' && isSet(USER))
    throw bad(
      `the environment names 2 ways to sign in: pat (${listed(way.own)}), and ${USER}, which belongs to the others`,
      'Set the variables of one way alone.',
    )
}

/** A secret in the wrong variable would be shown as a name or an address. */
function checkShown(env: Environment): void {
  const swapped = [...SITE_VARIABLES, OWNER].find(
    (name) => !SECRET_VARIABLES.includes(name) && looksSecret(setTo(env, name)),
  )
  if (swapped !== undefined)
    throw bad(
      `${swapped} holds what looks like a secret`,
      `A secret stands in ${listed(SECRET_VARIABLES)} alone; check which variable holds what.`,
    )
}

/** Names under which people and other tools keep a site. */
const LIKE_SITE = /^TABLEAU_(.*_)?(SITE|CONTENT_?URL)/i

/** Without its variable the default site is read: whoever named a site by another one would get the history of a wrong one. */
function checkSiteNamed(env: Environment): void {
  if (setTo(env, SITE) !== '') return
  const unread = Object.keys(env).filter((name) => LIKE_SITE.test(name) && setTo(env, name) !== '')
  if (unread.length > 0)
    throw bad(
      `${listed(unread)} ${unread.length === 1 ? 'is' : 'are'} set, which nothing reads, and ${SITE} is not: the default site would be read`,
      `Put the part of the site’s address after /site/ into ${SITE}; for the default site, unset ${listed(unread)}.`,
    )
}

/** The values that are told better than by what reads them. */
function checkValues(env: Environment): void {
  const [server, site] = [setTo(env, SERVER), setTo(env, SITE)]
  if (!CONTENT_URL.test(site)) throw bad(`${SITE}: ${wrong(site, CONTENT_URL_NOUN)}`, 'Correct the variable.')
  const objection = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\//i.test(server) ? serverObjection(server) : undefined
  if (objection !== undefined) throw bad(`${SERVER}: ${shown(server)} ${objection}`, 'Correct the variable.')
}

/** What the environment is read against. */
export interface EnvironmentOptions {
  /** The working folder, absolute: paths are relative to it. */
  readonly cwd: string
  /** Names of all entities, in the registry's order. */
  readonly entities: readonly string[]
  /** The slug, when it was given. */
  readonly slug?: string | undefined
}

/**
 * The site that the environment configures alone; undefined when none of its variables is set. Secrets stay where they
 * are: the site holds the names of their variables. It is asked only where there is no configuration file, and says so.
 * Throws `bad-configuration` (a way to sign in that is set in part, or two at once), and what `parseAddress` throws for the server.
 */
export function siteFromEnvironment(
  env: Environment,
  options: EnvironmentOptions,
): SiteConfiguration | undefined {
  const value = (name: string): string => setTo(env, name)
  if (SITE_VARIABLES.every((name) => value(name) === '')) return undefined
  const way = wayIn(env)
  checkWhole(env, way, options.cwd)
  checkShown(env)
  checkSiteNamed(env)
  checkValues(env)
  const server = parseAddress(value(SERVER)).url
  if (way.kind === 'password' && isTableauCloud(new URL(server).host))
    throw bad(
      `TABLEAU_PASSWORD is set for ${server}: ${NO_PASSWORD}`,
      'Unset TABLEAU_PASSWORD and use a personal access token or a connected app.',
    )
  const caFile = value('TABLEAU_CA_FILE')
  const { cwd, entities, slug } = options
  return {
    slug: slug ?? slugOf(value(SITE)),
    server,
    contentUrl: value(SITE),
    timeZone: TIME_ZONE,
    entities,
    concurrency: CONCURRENCY,
    acceptSurplus: [],
    acceptNarrowed: [],
    warehouse: warehouseAt(cwd, WAREHOUSE),
    owner: value(OWNER) || undefined,
    notify: [],
    signIn: way.make(value, cwd),
    proxy: undefined,
    caFile: caFile === '' ? undefined : resolve(cwd, caFile),
    timeouts: TIMEOUTS,
  }
}
