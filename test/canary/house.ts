import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { startSimulator } from '../../lib/simulator/server.ts'
import { type S3Server, startS3 } from '../aws/s3-server.ts'
import { type SecretsServer, startSecrets } from '../aws/secrets-server.ts'
import { REGION } from '../aws/warehouse.ts'
import { temporaryFolder } from '../cli/terminal.ts'
import { type ProxyRecord, startProxy } from '../network/proxy-server.ts'
import { listening } from '../tableau/servers.ts'
import { rsaPair } from '../tableau/sign-in-identities.ts'
import { makeAuthority } from '../tls/certificates.ts'
import { openFront } from './front.ts'
import { keyCanary, type Mint } from './secrets.ts'
import type { Canary } from './spellings.ts'

/** The day that the house has first. */
export const DAY = '2026-11-01'
const COUNTS = { users: 6, groups: 2, projects: 2, workbooks: 30, views: 4, datasources: 1, jobsPerDay: 1 }
const OFF = {
  users: false,
  group_members: false,
  site: false,
  projects: false,
  views: false,
  datasources: false,
  jobs: false,
}
const [APP, UAT] = [
  { clientId: 'client', secretId: 'key' },
  { issuer: 'https://keys.example.com', keyId: 'k', tenantId: 't', userClaim: 'email' },
]

/** A secret for every place where one can stand. */
function vaultOf(mint: Mint) {
  const pair = rsaPair()
  return {
    pair,
    pat: mint.special('PAT secret'),
    app: mint.special('app secret'),
    password: mint.special('password'),
    key: keyCanary('private key', pair.privateKey),
    proxy: mint.special('proxy password'),
    environmentProxy: mint.special('password of HTTPS_PROXY'),
    accessKey: mint.header('AWS secret access key'),
    sessionToken: mint.header('AWS session token'),
    slack: mint.plain('Slack webhook'),
    teams: mint.plain('Teams webhook'),
    json: mint.plain('JSON webhook'),
    signature: mint.plain('signature in a webhook’s query'),
  }
}

/** All secrets of a house. */
export type Vault = ReturnType<typeof vaultOf>

/** A webhook that may repeat what it is sent to, and what it was sent: headers and bodies. */
export interface Hook {
  readonly url: string
  readonly bodies: string[]
  readonly heard: string[]
  /** Whether it answers 200; else it refuses, and repeats its own address in all parts of the answer. */
  isKind: boolean
}

async function openHook(): Promise<Hook> {
  const hook: Hook = { url: '', bodies: [], heard: [], isKind: true }
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    hook.bodies.push(Buffer.concat(chunks).toString())
    hook.heard.push(request.rawHeaders.join('\n'))
    const said = request.url ?? ''
    if (hook.isKind) response.writeHead(200).end('ok')
    else
      response
        .writeHead(400, `no ${said}`, { location: said, 'x-said': said, 'www-authenticate': said })
        .end([said, encodeURIComponent(said), ...request.rawHeaders].join('\n'))
  })
  return Object.assign(hook, { url: `http://127.0.0.1:${await listening(server)}` })
}

/** The ways to sign in; each has a site and a server of its own. */
export const KINDS = ['pat', 'app', 'uat', 'password'] as const
/** One of `KINDS`. */
export type Kind = (typeof KINDS)[number]

const contentUrlOf = (kind: Kind): string => `${kind}-site`

/** A simulated site of this kind behind a hostile server over TLS. */
async function openSite(kind: Kind, vault: Vault, mint: Mint, tls: { key: string; cert: string }) {
  const site = contentUrlOf(kind)
  const look = await startSimulator({ counts: COUNTS, site, day: DAY })
  const user = look.world().users[0]?.name ?? ''
  await look.close()
  const sim = await startSimulator({
    counts: COUNTS,
    site,
    day: DAY,
    patName: 'almanac',
    patSecret: vault.pat.value,
    passwords: [{ user, password: vault.password.value }],
    connectedApps: [{ ...APP, secret: vault.app.value }],
    uat: [{ ...UAT, publicKey: vault.pair.publicKey }],
  })
  onTestFinished(() => sim.close())
  const front = await openFront(sim, mint, tls)
  return { sim, front, user }
}

/** A site, its hostile server, and who signs in. */
export type Site = Awaited<ReturnType<typeof openSite>>

const signInOf = (kind: Kind, user: string) =>
  ({
    pat: { kind: 'pat', name: 'almanac', secret: { env: 'KEPT_PAT' } },
    app: { kind: 'connected-app', ...APP, user, secret: { file: 'app-secret.txt' } },
    uat: { kind: 'uat', ...UAT, user, privateKey: { file: 'key.pem' } },
    password: { kind: 'password', user, password: { awsSecret: 'almanac/tableau', field: 'password' } },
  })[kind]

/** Everything that stands in a house. */
export interface House {
  readonly folder: string
  readonly vault: Vault
  readonly config: string
  readonly sites: Readonly<Record<Kind, Site>>
  readonly hook: Hook
  readonly bucket: S3Server
  readonly kept: SecretsServer
  readonly proxies: readonly ProxyRecord[]
  readonly env: Readonly<Record<string, string>>
  /** Everything secret that was handed out so far. */
  canaries(): readonly Canary[]
}

const proxyUrl = ({ url }: ProxyRecord, password: string): string =>
  url.replace('//', `//svc:${encodeURIComponent(password)}@`)

/** The secrets in files and variables, and a configuration that names them all. The files are outside of `folder`. */
async function furnish(
  at: string,
  vault: Vault,
  sites: House['sites'],
  proxy: ProxyRecord,
  authority: string,
): Promise<string> {
  const config = join(at, 'almanac.config.json')
  const configured = KINDS.map((kind) => ({
    slug: kind,
    server: sites[kind].front.url,
    site: contentUrlOf(kind),
    signIn: signInOf(kind, sites[kind].user),
    // Without one of its own, a site takes the environment's.
    ...(kind === 'pat' ? {} : { proxy: { url: proxy.url, user: 'svc', password: { env: 'KEPT_PROXY' } } }),
  }))
  const notify = (['slack', 'teams', 'json'] as const).map((kind) => ({
    kind,
    url: { env: `KEPT_${kind.toUpperCase()}` },
  }))
  const file = { owner: 'BI platform', caFile: 'ca.pem', entities: OFF, notify, sites: configured }
  await Promise.all([
    writeFile(config, JSON.stringify(file)),
    writeFile(join(at, 'ca.pem'), authority),
    writeFile(join(at, 'app-secret.txt'), `${vault.app.value}\n`),
    writeFile(join(at, 'key.pem'), vault.pair.privateKey),
  ])
  return config
}

/** AWS's own library reads the process's environment, and temporary files go where that says. */
function stubProcess(vault: Vault, folder: string, bucket: S3Server, kept: SecretsServer): void {
  const variables = {
    TMPDIR: join(folder, 'tmp'),
    AWS_ENDPOINT_URL_S3: bucket.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: kept.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'AKIAHARMLESS00000001',
    AWS_SECRET_ACCESS_KEY: vault.accessKey.value,
    AWS_SESSION_TOKEN: vault.sessionToken.value,
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** Builds a house with a secret in every place, until the test is over. */
export async function openHouse(mint: Mint): Promise<House> {
  const vault = vaultOf(mint)
  const [outer, authority] = await Promise.all([temporaryFolder(), makeAuthority()])
  onTestFinished(() => outer.remove())
  const [folder, secret] = [join(outer.path, 'seen'), join(outer.path, 'secret')]
  await Promise.all([mkdir(join(folder, 'tmp'), { recursive: true }), mkdir(secret)])
  const opened: Partial<Record<Kind, Site>> = {}
  for (const kind of KINDS) opened[kind] = await openSite(kind, vault, mint, authority.good)
  const sites = opened as House['sites'] // each kind had its turn
  const [proxy, environmentProxy] = [
    await startProxy({ credentials: `svc:${vault.proxy.value}` }),
    await startProxy({ credentials: `svc:${vault.environmentProxy.value}` }),
  ]
  const hook = await openHook()
  const [bucket, kept] = [
    await startS3({ pageSize: 100 }),
    await startSecrets({ 'almanac/tableau': { text: JSON.stringify({ password: vault.password.value }) } }),
  ]
  onTestFinished(async () => void (await Promise.all([bucket.close(), kept.close()])))
  stubProcess(vault, folder, bucket, kept)
  const config = await furnish(secret, vault, sites, proxy, authority.root.pem)
  const { pair: _, ...canaries } = vault
  const fronts = KINDS.map((kind) => sites[kind].front)
  return {
    ...{ folder, vault, config, sites, hook, bucket, kept, proxies: [proxy, environmentProxy] },
    env: {
      KEPT_PAT: vault.pat.value,
      KEPT_PROXY: vault.proxy.value,
      KEPT_SLACK: `${hook.url}/services/T0/B0/${vault.slack.value}`,
      KEPT_TEAMS: `${hook.url}/workflows/${vault.teams.value}?sig=${vault.signature.value}`,
      KEPT_JSON: `${hook.url}/hooks/${vault.json.value}`,
      HTTPS_PROXY: proxyUrl(environmentProxy, vault.environmentProxy.value),
      XDG_CACHE_HOME: join(folder, 'cache'),
      AWS_ENDPOINT_URL_S3: bucket.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: kept.url,
      AWS_REGION: REGION,
    },
    canaries: () => [...Object.values(canaries), ...fronts.flatMap((front) => front.canaries)],
  }
}
