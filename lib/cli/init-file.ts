import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { SiteConfiguration } from '../config/configuration.ts'
import { AlmanacError } from '../core/errors.ts'
import { shellWord } from '../core/shell.ts'
import { ENTITIES } from '../entities/index.ts'
import {
  type Answers,
  BESIDE,
  type Environment,
  type InFile,
  inFileAt,
  notifyIn,
  referenceIn,
  warehouseIn,
  withoutPage,
} from './init-questions.ts'

const SCHEMA_FILE = 'almanac.config.schema.json'
/** Every entity's name, as the configuration takes them. */
export const NAMES = ENTITIES.map(({ name }) => name)

interface FileOfSites {
  readonly sites: readonly object[]
}

/** The file that is to be written, as it is before. */
export interface Target {
  /** As it was named. */
  readonly path: string
  /** What the file holds; undefined when it is not there. */
  readonly present: (FileOfSites & Readonly<Record<string, unknown>>) | undefined
  /** The sites that it has. */
  readonly sites: readonly SiteConfiguration[]
  readonly env: Environment
}

/** Operating systems' errors in words; any other is named by its code. */
const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder is not there',
  ENOTDIR: 'what should be its folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
}

const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined

/** What the file system has against the file; anything else that was thrown, as it is. */
function fileError(path: string, deed: 'read' | 'written', thrown: unknown): unknown {
  const code = codeOf(thrown)
  if (code === undefined) return thrown
  const folder = dirname(path)
  const remedy =
    code === 'ENOENT'
      ? `Make the folder (mkdir -p ${shellWord(folder)})`
      : `Make ${folder} a folder to write to`
  return new AlmanacError(
    'bad-configuration',
    `the configuration ${path} cannot be ${deed}: ${FILE_ERRORS[code] ?? `the system says ${code}`}`,
    {
      cause: thrown,
      next: `${remedy}, or name another file with --config.`,
      details: { file: path, system: code },
    },
  )
}

/** Does something with a file beside this one. Throws `bad-configuration`, and takes the file away, when it cannot. */
async function beside(path: string, work: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${path}.${process.pid}.new`
  try {
    await work(unfinished)
  } catch (thrown) {
    // That this fails too would say nothing more than what is told.
    await rm(unfinished, { force: true }).catch(() => undefined)
    throw fileError(path, 'written', thrown)
  }
}

/** Whole or not at all: an editor may have the file open. */
const put = (path: string, text: string): Promise<void> =>
  beside(path, async (unfinished) => {
    await writeFile(unfinished, text, { mode: 0o644 })
    await rename(unfinished, path)
  })

/** Only writing shows whether it can be: permissions say nothing of a read-only file system or of root's limits. */
const tryToWrite = (path: string): Promise<void> =>
  beside(path, async (unfinished) => {
    await writeFile(unfinished, '')
    await rm(unfinished)
  })

async function presentText(path: string): Promise<string | undefined> {
  try {
    // Editors on Windows begin a file with a mark that is no part of it.
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw fileError(path, 'read', thrown)
  }
}

async function parsed(path: string, text: string, env: Environment) {
  const { parseConfiguration } = await import('../config/parse.ts')
  return parseConfiguration({ path, text, entities: NAMES, cwd: process.cwd(), env })
}

/**
 * Looks at the file before anything is asked. Throws `usage` for no name, `bad-configuration` for a file that cannot be
 * read or is wrong, and for a place where none can be written.
 */
export async function openTarget(path: string, env: Environment): Promise<Target> {
  if (path.trim() === '') throw new AlmanacError('usage', '--config is empty; it takes the path of a file')
  const text = await presentText(path)
  const sites = text === undefined ? [] : (await parsed(path, text, env)).sites
  await tryToWrite(path)
  return { path, present: text === undefined ? undefined : JSON.parse(text), sites, env }
}

/** Leaves out what nobody said. */
const said = (fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''))

function signInOf(answers: Answers, inFile: InFile): object {
  const { signIn: kind = '', patName, clientId, secretId, issuer, keyId, tenantId, user } = answers
  const secret = referenceIn(answers['secret'] ?? '', inFile)
  if (kind === 'pat') return { kind, name: patName, secret }
  if (kind === 'connected-app') return { kind, clientId, secretId, secret, user }
  if (kind === 'uat') return { kind, issuer, keyId, tenantId, privateKey: secret, user }
  return { kind, user, password: secret }
}

function proxyOf(
  { proxy = '', proxyUser = '', proxyPassword = '' }: Answers,
  inFile: InFile,
): object | undefined {
  if (`${proxy}${proxyUser}${proxyPassword}` === '') return undefined
  return said({ url: proxy, user: proxyUser, password: referenceIn(proxyPassword, inFile) })
}

/** A site as the file has it. Settings that may differ from site to site stand with it. */
const siteOf = (answers: Answers, inFile: InFile): object =>
  said({
    slug: answers['slug'],
    server: withoutPage(answers['server'] ?? ''),
    site: answers['tableauSite'],
    timeZone: answers['timeZone'],
    signIn: signInOf(answers, inFile),
    proxy: proxyOf(answers, inFile),
    caFile: answers['caFile'] && inFile(answers['caFile']),
  })

/**
 * What the file will hold: the site alone in a new one; one site more in the present one. What that says for all sites
 * stays, and what was said otherwise stands with the site. An answer that is missing or has no form is left out.
 */
export function contentOf({ path, present }: Target, answers: Answers): object {
  const folder = resolve(dirname(path))
  const inFile = inFileAt(folder)
  const site = siteOf(answers, inFile)
  const { owner, warehouse: typed = '' } = answers
  const warehouse = typed === '' ? undefined : warehouseIn(folder, typed)
  const notify = notifyIn(answers['notify'] ?? '', inFile)
  if (present === undefined)
    return { $schema: `./${SCHEMA_FILE}`, ...said({ owner, warehouse, notify }), sites: [site] }
  const own = said({
    owner: present['owner'] === owner ? undefined : owner,
    warehouse: (present['warehouse'] ?? BESIDE) === warehouse ? undefined : warehouse,
    notify,
  })
  return { ...present, sites: [...present.sites, { ...site, ...own }] }
}

/** The file's text. */
export const textOf = (content: object): string => `${JSON.stringify(content, null, 2)}\n`

/** A configuration file that is not written yet. */
export interface Draft {
  readonly path: string
  readonly text: string
  /** The site that was asked about, as the file configures it. */
  readonly site: SiteConfiguration
  /** Whether the file was there before, with other sites. */
  readonly isAddition: boolean
}

/** The file that these answers make, or the present one with a site more. Nothing is written. Throws `bad-configuration`. */
export async function draftOf(target: Target, answers: Answers): Promise<Draft> {
  const { path, present, env } = target
  const text = textOf(contentOf(target, answers))
  const site = (await parsed(path, text, env)).sites.at(-1)
  if (site === undefined) throw new AlmanacError('internal', `${path} would have no site`)
  return { path, text, site, isAddition: present !== undefined }
}

/** Whether a file holds this JSON, however it is laid out. One that cannot be read or is none is written anew. */
const holds = (path: string, value: object): Promise<boolean> =>
  readFile(path, 'utf8')
    .then((text) => isDeepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(value))))
    .catch(() => false)

/**
 * Writes the file, and beside it the schema that editors complete it by. Answers the schema's path.
 * Throws `bad-configuration` when they cannot be written.
 */
export async function writeDraft({ path, text }: Draft): Promise<string> {
  const { configurationSchema } = await import('../config/schema.ts')
  const schema = join(dirname(path), SCHEMA_FILE)
  const wanted = configurationSchema(NAMES)
  if (!(await holds(schema, wanted))) await put(schema, `${JSON.stringify(wanted, null, 2)}\n`)
  await put(path, text)
  return schema
}
