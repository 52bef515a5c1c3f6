import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { isPath, isTimeZone } from '../config/value.ts'
import type { OptionSpec } from './command.ts'

/** Answers by the name of their question; `config` is the file’s path. */
export type Answers = Readonly<Record<string, string>>

/** The environment, as far as it suggests answers. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One thing that `init` needs to know. Each is a flag too, so that it runs without a terminal. */
export interface Question {
  /** Name of the answer, and of its option in camel case. */
  readonly name: string
  readonly flags: string
  /** What is asked, and what the help says. */
  readonly asks: string
  /**
   * Whether it is asked at all, by the answers so far. Where false for every answer it is a flag, and asked only when
   * what is suggested will not do.
   */
  isAsked(answers: Answers): boolean
  /** The only answers there are; undefined: any. */
  readonly choices: readonly string[] | undefined
  /** What is taken when nothing is said; undefined: it must be said. */
  suggested(answers: Answers, env: Environment): string | undefined
}

const always = (): boolean => true
const never = (): boolean => false
const forKind =
  (...kinds: readonly string[]) =>
  ({ signIn }: Answers): boolean =>
    kinds.includes(signIn ?? '')
const variable =
  (name: string) =>
  (_: Answers, env: Environment): string | undefined =>
    env[name]?.trim() || undefined

/** Where the secret of each way to sign in is, unless somebody says otherwise. */
const SECRET_OF: Readonly<Record<string, string>> = {
  pat: 'env:TABLEAU_PAT_SECRET',
  'connected-app': 'env:TABLEAU_CONNECTED_APP_SECRET_VALUE',
  uat: 'env:TABLEAU_UAT_PRIVATE_KEY',
  password: 'env:TABLEAU_PASSWORD',
}

/** The site in an address as people copy it from the browser: `…/#/site/marketing/home`. */
export const siteInAddress = (address: string): string | undefined => /\/site\/([^/?#]+)/.exec(address)?.[1]

/** What is left of an address that was copied from the browser. */
export function withoutPage(address: string): string {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`
  return /^https?:/i.test(full) && URL.canParse(full) ? new URL(full).origin : address
}

const kindIn = (env: Environment): string => {
  if (env['TABLEAU_CONNECTED_APP_CLIENT_ID']) return 'connected-app'
  if (env['TABLEAU_UAT_ISSUER']) return 'uat'
  return env['TABLEAU_PASSWORD'] ? 'password' : 'pat'
}

/** The warehouse beside a configuration file, as it is typed in the working folder. */
const besideFile = (config: string): string => {
  const path = join(dirname(config), 'warehouse')
  return dirname(config) === '.' ? `./${path}` : path
}

/** The zone of this machine; where it names none (an empty TZ is “Etc/Unknown”), UTC. */
const zoneOfMachine = (): string => {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  return isTimeZone(timeZone) ? timeZone : 'UTC'
}

const question = (
  flags: string,
  asks: string,
  isAsked: Question['isAsked'],
  suggested: Question['suggested'] = () => undefined,
  choices?: readonly string[],
): Question => {
  const name = /^--([a-z-]+)/.exec(flags)?.[1] ?? flags
  return {
    name: name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    flags,
    asks,
    isAsked,
    suggested,
    choices,
  }
}

/** Everything that is asked, in order. */
export const QUESTIONS: readonly Question[] = [
  question('--server <url>', 'Address of Tableau', always, variable('TABLEAU_SERVER_URL')),
  question(
    '--tableau-site <name>',
    'Site, as in its address after /site/ (empty: Tableau Server’s default site)',
    always,
    ({ server = '' }, env) => siteInAddress(server) ?? env['TABLEAU_SITE_ID']?.trim() ?? '',
  ),
  question('--slug <slug>', 'Short name of the site in tables and commands', never, () => ''),
  question(
    '--sign-in <kind>',
    'How to sign in: pat, connected-app, uat or password (Tableau Server only)',
    always,
    (_, env) => kindIn(env),
    Object.keys(SECRET_OF),
  ),
  question(
    '--pat-name <name>',
    'Name of the personal access token',
    forKind('pat'),
    variable('TABLEAU_PAT_NAME'),
  ),
  question(
    '--client-id <id>',
    'Client ID of the connected app',
    forKind('connected-app'),
    variable('TABLEAU_CONNECTED_APP_CLIENT_ID'),
  ),
  question(
    '--secret-id <id>',
    'Secret ID of the connected app',
    forKind('connected-app'),
    variable('TABLEAU_CONNECTED_APP_SECRET_ID'),
  ),
  question(
    '--issuer <url>',
    'Issuer of the unified access token',
    forKind('uat'),
    variable('TABLEAU_UAT_ISSUER'),
  ),
  question(
    '--key-id <id>',
    'Key ID of the unified access token',
    forKind('uat'),
    variable('TABLEAU_UAT_KEY_ID'),
  ),
  question(
    '--tenant-id <id>',
    'Tenant ID of Tableau Cloud',
    forKind('uat'),
    variable('TABLEAU_UAT_TENANT_ID'),
  ),
  question(
    '--user <name>',
    'Tableau user to read as, spelled as Tableau spells it',
    forKind('connected-app', 'uat', 'password'),
    variable('TABLEAU_USERNAME'),
  ),
  question(
    '--secret <reference>',
    'Where the secret is kept: env:VARIABLE, file:PATH or aws:NAME (#FIELD for one field of it)',
    always,
    ({ signIn = 'pat' }) => SECRET_OF[signIn],
  ),
  question('--time-zone <zone>', 'Time zone of the site’s days', always, zoneOfMachine),
  question('--warehouse <place>', 'Warehouse: a folder, or s3://bucket/prefix', always, ({ config }) =>
    besideFile(config ?? ''),
  ),
  question(
    '--owner <who>',
    'Who answers for the job: a team and how to reach it',
    always,
    variable('ALMANAC_OWNER'),
  ),
  question(
    '--notify <kind=reference>',
    'Whom to tell of failed nights: slack=env:VARIABLE, teams=… or json=… (empty: nobody)',
    always,
    () => '',
  ),
  question('--proxy <url>', 'Proxy to Tableau, unless HTTPS_PROXY says it', never, () => ''),
  question('--proxy-user <name>', 'User at the proxy', never, () => ''),
  question('--proxy-password <reference>', 'Where the proxy’s password is kept', never, () => ''),
  question(
    '--ca-file <path>',
    'PEM file of the certificate authority to trust',
    never,
    variable('TABLEAU_CA_FILE'),
  ),
]

/** The questions as options of the command. */
export const QUESTION_OPTIONS: readonly OptionSpec[] = QUESTIONS.map(({ flags, asks, choices }) => ({
  flags,
  doc: asks,
  ...(choices === undefined ? {} : { choices }),
}))

/** How a path that was typed is written: what is typed is relative to the working folder, what the file says to its own. */
export type InFile = (typed: string) => string

/** Paths for a file in this folder, which is absolute. */
export const inFileAt =
  (folder: string): InFile =>
  (typed) => {
    if (folder === process.cwd() || isAbsolute(typed) || !isPath(typed)) return typed
    return relative(folder, resolve(typed)) || '.'
  }

/** Where a file has its warehouse when it does not say. */
export const BESIDE = './warehouse'

/** A warehouse as the file has it. The usual place is written in the usual way, however it was typed. */
export const warehouseIn = (folder: string, typed: string): string =>
  isPath(typed) && resolve(typed) === resolve(folder, BESIDE) ? BESIDE : inFileAt(folder)(typed)

/**
 * A reference as it is typed, as the file has it; `inFile` makes the path of a file one. Undefined for a text that is
 * none, which may be the secret itself.
 */
export function referenceIn(text: string, inFile: InFile = (typed) => typed): object | undefined {
  const [, kind = '', value = '', field] = /^(env|file|aws):([^#]+)(?:#(.+))?$/.exec(text.trim()) ?? []
  if (kind === 'env' && field === undefined) return { env: value }
  if (kind === 'file') return { file: inFile(field === undefined ? value : `${value}#${field}`) }
  if (kind === 'aws') return field === undefined ? { awsSecret: value } : { awsSecret: value, field }
  return undefined
}

/** Whom to tell as it is typed, `slack=env:VARIABLE`, as the file has it; undefined for a text that is none. */
export function notifyIn(text: string, inFile?: InFile): readonly object[] | undefined {
  const [, kind, reference = ''] = /^([a-z]+)=(.+)$/.exec(text.trim()) ?? []
  const url = referenceIn(reference, inFile)
  return kind === undefined || url === undefined ? undefined : [{ kind, url }]
}
