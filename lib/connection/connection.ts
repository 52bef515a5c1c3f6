import { readFile } from 'node:fs/promises'
import type { SignInConfiguration, SiteConfiguration } from '../config/configuration.ts'
import type { Emit } from '../core/event.ts'
import type { Clock, Secrets } from '../core/ports.ts'
import type { Way } from '../network/way.ts'
import type { Client } from '../tableau/client.ts'
import type { Identity, SignIn } from '../tableau/identity.ts'

/** What a process knows of its machine. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
}

/** The secrets of this machine: its environment, its files, AWS Secrets Manager. */
export async function secretsOf({ env }: Surroundings): Promise<Secrets> {
  const { openSecrets } = await import('../adapters/secrets.ts')
  return openSecrets({ env, readFile: (path) => readFile(path, 'utf8') })
}

/** Who signs in, with the secret in hand. Throws `secret-missing`. */
async function identityOf(
  signIn: SignInConfiguration,
  scopes: readonly string[],
  secrets: Secrets,
): Promise<Identity> {
  switch (signIn.kind) {
    case 'pat':
      return { kind: 'pat', name: signIn.name, secret: await secrets.read(signIn.secret) }
    case 'connected-app':
      return { ...signIn, scopes, secret: await secrets.read(signIn.secret) }
    case 'uat':
      return { ...signIn, scopes, privateKey: await secrets.read(signIn.privateKey) }
    case 'password':
      return { ...signIn, password: await secrets.read(signIn.password) }
  }
}

/** How a site is signed in to. Throws `secret-missing`. */
export async function signInOf(site: SiteConfiguration, secrets: Secrets): Promise<SignIn> {
  const [{ scopesFor }, { ENTITIES }] = await Promise.all([
    import('../tableau/scopes.ts'),
    import('../entities/index.ts'),
  ])
  const scopes = scopesFor(ENTITIES.filter(({ name }) => site.entities.includes(name)))
  const { server: serverUrl, contentUrl } = site
  return { serverUrl, contentUrl, identity: await identityOf(site.signIn, scopes, secrets) }
}

/** How a site is reached. Throws `bad-configuration` (CA file, proxy) or `secret-missing` (the proxy's password). */
export async function wayTo(site: SiteConfiguration, secrets: Secrets, { env }: Surroundings): Promise<Way> {
  const { openWay } = await import('../network/open-way.ts')
  const { server, proxy, caFile } = site
  if (typeof proxy !== 'object') return openWay({ url: server, proxy, caFile, env })
  const { password, ...others } = proxy
  const withPassword = password === undefined ? others : { ...others, password: await secrets.read(password) }
  return openWay({ url: server, proxy: withPassword, caFile, env })
}

/** What a connection needs of its run. */
export interface ConnectionPorts {
  readonly clock: Clock
  readonly emit: Emit
  readonly beforeSignIn: () => Promise<void>
  readonly signal: AbortSignal
}

const inMilliseconds = (seconds: number): number => seconds * 1000

/** How a site is spoken to, before anybody signs in. Throws what `wayTo` throws. */
export async function lineTo(site: SiteConfiguration, secrets: Secrets, around: Surroundings) {
  const { connect, headers, idle, whole } = site.timeouts
  return {
    way: await wayTo(site, secrets, around),
    random: Math.random,
    concurrency: site.concurrency,
    timeouts: {
      connect: inMilliseconds(connect),
      headers: inMilliseconds(headers),
      idle: inMilliseconds(idle),
      whole: inMilliseconds(whole),
    },
  }
}

/** How a site is signed in to and spoken to: what `connect` and `signInToKeep` take of it. Throws what its parts throw. */
export async function signInLine(site: SiteConfiguration, around: Surroundings) {
  const secrets = await secretsOf(around)
  return { signIn: await signInOf(site, secrets), ...(await lineTo(site, secrets, around)) }
}

/**
 * Signs in to a site. Secrets are read here and not before, so that one that is missing is the failure of its own site.
 * Throws `secret-missing`, `bad-configuration`, and what `connect` throws.
 */
export async function connectTo(
  site: SiteConfiguration,
  around: Surroundings,
  ports: ConnectionPorts,
): Promise<Client> {
  const [line, { connect }] = await Promise.all([signInLine(site, around), import('../tableau/client.ts')])
  return connect({ ...ports, ...line })
}

/** Whose one session a site's runs hold: known without any secret. */
export async function sessionOf({ server, contentUrl, signIn }: SiteConfiguration) {
  const { sessionNameOf } = await import('../tableau/identity.ts')
  return sessionNameOf(server, contentUrl, signIn)
}
