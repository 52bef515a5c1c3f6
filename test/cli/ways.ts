import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/server.ts'
import { type ProxyBehaviour, type ProxyRecord, startProxy } from '../network/proxy-server.ts'
import { listening } from '../tableau/servers.ts'
import { type Authority, makeAuthority, type ServerTls } from '../tls/certificates.ts'

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string>>

/** The day that the site has. */
export const DAY = '2026-11-01'

const PROXY_USER = 'svc'
/** Of the kind that must be percent-encoded in an address. */
const PROXY_PASSWORD = 'canary/of the@proxy:1'
const APP_SECRET = Buffer.from('canary-of-the-app-of-32-bytes-x8').toString('base64')

/** The secret of each way by the variable that holds it. */
const SECRETS: Variables = {
  TABLEAU_PAT_SECRET: 'canary-of-the-pat==:x',
  TABLEAU_CONNECTED_APP_SECRET_VALUE: APP_SECRET,
  TABLEAU_PASSWORD: 'canary of the password',
}

const COUNTS = {
  users: 40,
  groups: 4,
  projects: 8,
  workbooks: 60,
  views: 90,
  datasources: 12,
  jobsPerDay: 5,
  jobDays: 3,
}

const page = await readFile(resolve(import.meta.dirname, '../../docs/sign-in.md'), 'utf8')

/** What a section of the page about signing in exports, as the page has it. */
function exportsUnder(heading: string): Variables {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const found = [...section.matchAll(/^export (\w+)=(\S+)$/gm)]
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value]))
}

/** A way to sign in: its section of the page, and which flag of `init` says what which variable says. */
export interface PagedWay {
  readonly kind: string
  readonly shown: Variables
  readonly flags: Variables
}

const PAT: PagedWay = {
  kind: 'pat',
  shown: exportsUnder('Personal access token'),
  flags: { 'pat-name': 'TABLEAU_PAT_NAME' },
}
const APP: PagedWay = {
  kind: 'connected-app',
  shown: exportsUnder('Connected app'),
  flags: {
    'client-id': 'TABLEAU_CONNECTED_APP_CLIENT_ID',
    'secret-id': 'TABLEAU_CONNECTED_APP_SECRET_ID',
    user: 'TABLEAU_USERNAME',
  },
}
const UAT: PagedWay = {
  kind: 'uat',
  shown: exportsUnder('Unified access token'),
  flags: {
    issuer: 'TABLEAU_UAT_ISSUER',
    'key-id': 'TABLEAU_UAT_KEY_ID',
    'tenant-id': 'TABLEAU_UAT_TENANT_ID',
    user: 'TABLEAU_USERNAME',
  },
}
const PASSWORD: PagedWay = {
  kind: 'password',
  shown: exportsUnder('User and password'),
  flags: { user: 'TABLEAU_USERNAME' },
}

/** Every way of the page. */
export const PAGED_WAYS: readonly PagedWay[] = [PAT, APP, UAT, PASSWORD]

const on = ({ shown }: PagedWay, name: string): string => shown[name] ?? `${name}, which the page lacks`

/** A company with an authority, a key pair and a user of its own, for one test file. */
export interface Company {
  readonly corp: Authority
  readonly caFile: string
  readonly keyFile: string
  readonly publicKey: string
  /** Who signs in: the site's first user. */
  readonly user: string
  /** What no output and no file may hold. */
  readonly secrets: readonly string[]
}

/** Founds it, with its files in a folder. */
export async function found(folder: string): Promise<Company> {
  const corp = await makeAuthority()
  const [caFile, keyFile] = [join(folder, 'corp.pem'), join(folder, 'key.pem')]
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  await Promise.all([writeFile(caFile, corp.root.pem), writeFile(keyFile, pair.privateKey)])
  const look = await startSimulator({ day: DAY, counts: COUNTS, site: on(PAT, 'TABLEAU_SITE_ID') })
  const user = look.world().users[0]?.name ?? ''
  await look.close()
  const proxy = [PROXY_PASSWORD, encodeURIComponent(PROXY_PASSWORD), basic()]
  const key = pair.privateKey.split('\n').slice(1, -2)
  const secrets = [...Object.values(SECRETS), ...proxy, ...key]
  return { corp, caFile, keyFile, publicKey: pair.publicKey, user, secrets }
}

const basic = (): string => Buffer.from(`${PROXY_USER}:${PROXY_PASSWORD}`).toString('base64')

/** A site over TLS that every way of the page opens, with the page's own names and identifiers. */
async function openSite({ corp, publicKey, user }: Company, more: SimulatorOptions): Promise<Simulator> {
  const site = await startSimulator({
    day: DAY,
    counts: COUNTS,
    tls: corp.good,
    site: on(PAT, 'TABLEAU_SITE_ID'),
    patName: on(PAT, 'TABLEAU_PAT_NAME'),
    patSecret: SECRETS['TABLEAU_PAT_SECRET'] ?? '',
    connectedApps: [
      {
        clientId: on(APP, 'TABLEAU_CONNECTED_APP_CLIENT_ID'),
        secretId: on(APP, 'TABLEAU_CONNECTED_APP_SECRET_ID'),
        secret: APP_SECRET,
      },
    ],
    uat: [
      {
        issuer: on(UAT, 'TABLEAU_UAT_ISSUER'),
        keyId: on(UAT, 'TABLEAU_UAT_KEY_ID'),
        tenantId: on(UAT, 'TABLEAU_UAT_TENANT_ID'),
        userClaim: on(UAT, 'TABLEAU_UAT_USER_CLAIM'),
        publicKey,
      },
    ],
    passwords: [{ user, password: SECRETS['TABLEAU_PASSWORD'] ?? '' }],
    ...more,
  })
  onTestFinished(() => site.close())
  return site
}

/** A site behind a proxy that asks for credentials, until the test is over. */
export interface Behind {
  readonly site: Simulator
  readonly proxy: ProxyRecord
  /** The proxy as HTTPS_PROXY says it. */
  readonly proxyUrl: string
  /** As the configuration says it. */
  readonly configured: { readonly url: string; readonly user: string; readonly password: object }
  /** The variable that `configured` and `--proxy-password` name. */
  readonly proxyPassword: Variables
  /** The page's variables with the values of this site. */
  variables(way?: PagedWay): Variables
}

/** What may be otherwise with a site behind a proxy. */
export interface Unlike {
  readonly site?: SimulatorOptions
  readonly proxy?: ProxyBehaviour
}

/** Opens both. */
export async function behindProxy(company: Company, unlike: Unlike = {}): Promise<Behind> {
  const site = await openSite(company, unlike.site ?? {})
  // Kept as it is, and not copied, since a test may change it in between.
  const proxy = await startProxy(unlike.proxy ?? { credentials: `${PROXY_USER}:${PROXY_PASSWORD}` })
  const values: Variables = {
    ...SECRETS,
    TABLEAU_SERVER_URL: site.url,
    TABLEAU_USERNAME: company.user,
    TABLEAU_UAT_PRIVATE_KEY_FILE: company.keyFile,
  }
  return {
    site,
    proxy,
    proxyUrl: proxy.url.replace('//', `//${PROXY_USER}:${encodeURIComponent(PROXY_PASSWORD)}@`),
    configured: { url: proxy.url, user: PROXY_USER, password: { env: 'PROXY_PASSWORD' } },
    proxyPassword: { PROXY_PASSWORD },
    variables: ({ shown } = PAT) =>
      Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, values[name] ?? value])),
  }
}

/** Of these variables, those that hold a secret. */
export const secretsIn = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => Object.hasOwn(SECRETS, name)))

/** The flags with which `init` says what these variables say. */
export function flagsOf({ kind, flags }: PagedWay, variables: Variables): readonly string[] {
  const said = { server: 'TABLEAU_SERVER_URL', 'tableau-site': 'TABLEAU_SITE_ID', ...flags }
  const keyFile = variables['TABLEAU_UAT_PRIVATE_KEY_FILE']
  return [
    `--sign-in=${kind}`,
    ...Object.entries(said).map(([flag, name]) => `--${flag}=${variables[name] ?? ''}`),
    ...(keyFile === undefined ? [] : [`--secret=file:${keyFile}`]),
  ]
}

/** A webhook over https, and the bodies that it got, until the test is over. */
export async function secureWebhook(tls: ServerTls) {
  const bodies: string[] = []
  const server = createServer(tls, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    bodies.push(Buffer.concat(chunks).toString())
    response.writeHead(200).end('ok')
  })
  const host = `127.0.0.1:${await listening(server)}`
  return { bodies, host, url: `https://${host}/hooks/canary-of-the-webhook` }
}
