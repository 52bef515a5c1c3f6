import { access, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SiteConfiguration } from '../config/configuration.ts'
import { AlmanacError } from '../core/errors.ts'
import { ENTITIES } from '../entities/index.ts'
import { type Answers, type Environment, referenceOf } from './init-questions.ts'

const SCHEMA_FILE = 'almanac.config.schema.json'

/** Leaves out what nobody said. */
const said = (fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''))

function signInOf(answers: Answers): object {
  const { signIn: kind = '', patName, clientId, secretId, issuer, keyId, tenantId, user } = answers
  const secret = referenceOf(answers['secret'] ?? '', '--secret')
  if (kind === 'pat') return { kind, name: patName, secret }
  if (kind === 'connected-app') return { kind, clientId, secretId, secret, user }
  if (kind === 'uat') return { kind, issuer, keyId, tenantId, privateKey: secret, user }
  return { kind, user, password: secret }
}

function proxyOf({ proxy = '', proxyUser, proxyPassword = '' }: Answers): object | undefined {
  if (proxy === '') return undefined
  const password = proxyPassword === '' ? undefined : referenceOf(proxyPassword, '--proxy-password')
  return said({ url: proxy, user: proxyUser, password })
}

function notifyOf({ notify = '' }: Answers): readonly object[] | undefined {
  if (notify === '') return undefined
  const [, kind, reference] = /^([a-z]+)=(.+)$/.exec(notify) ?? []
  if (kind !== undefined && reference !== undefined)
    return [{ kind, url: referenceOf(reference, '--notify') }]
  throw new AlmanacError('usage', '--notify takes a kind and the place of the webhook’s address', {
    next: 'Give slack=env:VARIABLE, teams=file:PATH or json=aws:NAME.',
  })
}

/** What is left of an address that was copied from the browser. */
function serverOf(address: string): string {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`
  return URL.canParse(full) ? new URL(full).origin : address
}

/** A site as the file has it. Settings that may differ from site to site stand with it. */
const siteOf = (answers: Answers): object =>
  said({
    slug: answers['slug'],
    server: serverOf(answers['server'] ?? ''),
    site: answers['tableauSite'],
    timeZone: answers['timeZone'],
    signIn: signInOf(answers),
    proxy: proxyOf(answers),
    caFile: answers['caFile'],
  })

interface FileOfSites {
  readonly sites: readonly object[]
}

/** A first file of one site. */
function newFile(answers: Answers): object {
  const { owner, warehouse } = answers
  return {
    $schema: `./${SCHEMA_FILE}`,
    ...said({ owner, warehouse, notify: notifyOf(answers) }),
    sites: [siteOf(answers)],
  }
}

/** The file with one site more; what it says for all sites stays, and what was said otherwise stands with the site. */
function withSite(file: FileOfSites & Readonly<Record<string, unknown>>, answers: Answers): object {
  const { owner, warehouse } = answers
  const own = said({
    owner: file['owner'] === owner ? undefined : owner,
    warehouse: (file['warehouse'] ?? './warehouse') === warehouse ? undefined : warehouse,
    notify: notifyOf(answers),
  })
  return { ...file, sites: [...file.sites, { ...siteOf(answers), ...own }] }
}

/** A configuration file that is not written yet. */
export interface Draft {
  readonly path: string
  readonly text: string
  /** The site that was asked about, as the file configures it. */
  readonly site: SiteConfiguration
  /** Whether the file was there before, with other sites. */
  readonly isAddition: boolean
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

async function parsed(path: string, text: string, env: Environment) {
  const { parseConfiguration } = await import('../config/parse.ts')
  const entities = ENTITIES.map(({ name }) => name)
  return parseConfiguration({ path, text, entities, cwd: process.cwd(), env })
}

/**
 * The file that these answers make, or the present one with a site more. Nothing is written. Throws `bad-configuration`
 * for answers that the file cannot hold, or for a present file that is wrong.
 */
export async function draftOf(path: string, answers: Answers, env: Environment): Promise<Draft> {
  const isAddition = await exists(path)
  const present = isAddition ? await readFile(path, 'utf8') : undefined
  if (present !== undefined) await parsed(path, present, env)
  const content = present === undefined ? newFile(answers) : withSite(JSON.parse(present), answers)
  const text = `${JSON.stringify(content, null, 2)}\n`
  const site = (await parsed(path, text, env)).sites.at(-1)
  if (site === undefined) throw new AlmanacError('internal', `${path} would have no site`)
  return { path, text, site, isAddition }
}

/** Whole or not at all: an editor may have the file open. */
async function put(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.new`
  await writeFile(unfinished, text, { mode: 0o644 })
  await rename(unfinished, path)
}

/** Writes the file, and beside it the schema that editors complete it by. Answers the schema's path. */
export async function writeDraft({ path, text }: Draft): Promise<string> {
  const { configurationSchema } = await import('../config/schema.ts')
  const schema = join(dirname(path), SCHEMA_FILE)
  const names = ENTITIES.map(({ name }) => name)
  await put(schema, `${JSON.stringify(configurationSchema(names), null, 2)}\n`)
  await put(path, text)
  return schema
}
