import { readFile } from 'node:fs/promises'
import type { Configuration, SiteConfiguration } from '../config/configuration.ts'
import { AlmanacError, saidBy } from '../core/errors.ts'
import { ENTITIES } from '../entities/index.ts'
import { type Call, textOption } from './command.ts'
import { siteOption } from './site-option.ts'

/** The file that is looked for where none is named. */
export const CONFIG_FILE = 'almanac.config.json'

const NAMES = ENTITIES.map(({ name }) => name)

const isAbsent = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')

/** The file's text; undefined when nobody named it and it is not there. */
async function textOf(path: string, isNamed: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (!isNamed && isAbsent(cause)) return undefined
    const said = saidBy(cause)
    throw new AlmanacError('bad-configuration', `the configuration ${path} cannot be read: ${said}`, {
      cause,
      next: 'Name the file with --config, or run "almanac init" to write one.',
    })
  }
}

/** The path that --config or ALMANAC_CONFIG names; undefined when neither does. */
export const namedFile = ({ options, io }: Call): string | undefined =>
  textOption(options, 'config') ?? (io.env['ALMANAC_CONFIG']?.trim() || undefined)

/**
 * What is configured: by the file, else by the environment; undefined when nothing is.
 * Throws `bad-configuration` for a file that cannot be read or is wrong, or an environment that says only a part.
 */
export async function configurationOf(call: Call): Promise<Configuration | undefined> {
  const { io } = call
  const named = namedFile(call)
  const path = named ?? CONFIG_FILE
  const text = await textOf(path, named !== undefined)
  const cwd = process.cwd()
  if (text !== undefined) {
    const { parseConfiguration } = await import('../config/parse.ts')
    return parseConfiguration({ path, text, entities: NAMES, cwd, env: io.env })
  }
  const { siteFromEnvironment } = await import('../config/environment.ts')
  const site = siteFromEnvironment(io.env, { cwd, entities: NAMES, slug: siteOption(call.options) })
  return site === undefined ? undefined : { source: 'the environment', sites: [site] }
}

const NO_SITE = {
  next: 'Run "almanac init", or set TABLEAU_SERVER_URL, TABLEAU_PAT_NAME and TABLEAU_PAT_SECRET (and TABLEAU_SITE_ID, unless it is the default site). "almanac demo" shows a simulated site.',
}

/**
 * The configured sites that are meant: the one of --site, else all. A site of the environment takes --site as its slug.
 * Throws `bad-configuration` when none is configured, `not-found` for a slug that is not among them.
 */
export async function configuredSites(call: Call): Promise<readonly SiteConfiguration[]> {
  const slug = siteOption(call.options)
  const configuration = await configurationOf(call)
  if (configuration === undefined)
    throw new AlmanacError('bad-configuration', 'no site is configured', NO_SITE)
  const { sites, source } = configuration
  if (slug === undefined) return sites
  const chosen = sites.filter((site) => site.slug === slug)
  if (chosen.length > 0) return chosen
  throw new AlmanacError('not-found', `${source} has no site "${slug}"`, {
    next: `It has: ${sites.map((site) => site.slug).join(', ')}.`,
  })
}
