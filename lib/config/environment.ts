import { AlmanacError } from '../core/errors.ts'
import { isSlug } from '../core/keys.ts'

/** A site as it is configured. `patSecret` is not enumerable: printing, inspecting and copying leave it out. */
export interface SiteConfiguration {
  /** As it was given; the client checks it. */
  readonly serverUrl: string
  /** What follows /site/ in the site's address; '' is Tableau Server's default site. */
  readonly contentUrl: string
  readonly patName: string
  readonly patSecret: string
}

/** The variables that Tableau users know from its other tools. */
export const VARIABLES = {
  serverUrl: 'TABLEAU_SERVER_URL',
  contentUrl: 'TABLEAU_SITE_ID',
  patName: 'TABLEAU_PAT_NAME',
  patSecret: 'TABLEAU_PAT_SECRET',
} as const

const REQUIRED = [VARIABLES.serverUrl, VARIABLES.patName, VARIABLES.patSecret] as const
const LONGEST_SLUG = 63

/** A variable set to nothing counts as not set; white space around a value comes from copying. */
const setTo = (env: Readonly<Record<string, string | undefined>>, name: string): string =>
  (env[name] ?? '').trim()

/**
 * The site that the environment configures; undefined when none of the four variables is set.
 * TABLEAU_SITE_ID may be absent: Server's default site. Throws `bad-configuration`, naming what is missing.
 */
export function siteFrom(env: Readonly<Record<string, string | undefined>>): SiteConfiguration | undefined {
  const missing = REQUIRED.filter((name) => setTo(env, name) === '')
  if (missing.length === REQUIRED.length && setTo(env, VARIABLES.contentUrl) === '') return undefined
  if (missing.length > 0) {
    throw new AlmanacError(
      'bad-configuration',
      `the site is configured only in part: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`,
    )
  }
  const site = {
    serverUrl: setTo(env, VARIABLES.serverUrl),
    contentUrl: setTo(env, VARIABLES.contentUrl),
    patName: setTo(env, VARIABLES.patName),
    patSecret: '',
  }
  return Object.defineProperty(site, 'patSecret', {
    value: setTo(env, VARIABLES.patSecret),
    enumerable: false,
  })
}

/**
 * The slug that a site has unless one is given: its content URL in lower-case letters, digits and hyphens; `default`
 * for the default site. Throws `bad-configuration` when nothing is left of it.
 */
export function slugOf(contentUrl: string): string {
  if (contentUrl === '') return 'default'
  const slug = contentUrl
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, LONGEST_SLUG)
  if (isSlug(slug)) return slug
  throw new AlmanacError(
    'bad-configuration',
    `the site "${contentUrl}" has no letter or digit a slug could be made of`,
    {
      next: 'Name it with --site, in lower-case letters, digits and hyphens.',
    },
  )
}

/** The same site at its address as the client wrote it after its checks; the secret stays out of sight. */
export function atAddress(site: SiteConfiguration, serverUrl: string): SiteConfiguration {
  const { contentUrl, patName, patSecret } = site
  return Object.defineProperty({ serverUrl, contentUrl, patName, patSecret: '' }, 'patSecret', {
    value: patSecret,
    enumerable: false,
  })
}
