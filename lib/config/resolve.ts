import { resolve } from 'node:path'
import { isS3Url } from '../core/s3-place.ts'
import type { SecretReference } from '../core/secret.ts'
import { parseAddress } from '../network/address.ts'
import type { ProxyConfiguration, SignInConfiguration, SiteConfiguration } from './configuration.ts'
import { CONCURRENCY, TIME_ZONE, TIMEOUTS, USER_CLAIM, WAREHOUSE } from './defaults.ts'
import type { ConfigurationFile, SiteOfFile } from './shape.ts'
import { slugOf } from './slug.ts'

type Reference = Extract<SiteOfFile['signIn'], { kind: 'pat' }>['secret']

/** What a site is made of besides itself. */
export interface Surroundings {
  readonly file: ConfigurationFile
  /** The file's folder, absolute: what its relative paths are relative to. */
  readonly folder: string
  readonly entities: readonly string[]
  /** Trusted authorities where the file names none: absolute. */
  readonly caFile: string | undefined
}

/** The folder of a warehouse as an absolute path; `s3://…` without the slash at its end. */
export const warehouseAt = (folder: string, warehouse: string): string =>
  isS3Url(warehouse) ? warehouse.replace(/\/$/, '') : resolve(folder, warehouse)

/** A reference whose file is absolute. */
function referenceAt(folder: string, { env, file, awsSecret, field, region }: Reference): SecretReference {
  if (env !== undefined) return { env }
  if (file !== undefined) return { file: resolve(folder, file) }
  return {
    awsSecret: awsSecret ?? '',
    ...(field === undefined ? {} : { field }),
    ...(region === undefined ? {} : { region }),
  }
}

function signInAt(folder: string, signIn: SiteOfFile['signIn']): SignInConfiguration {
  switch (signIn.kind) {
    case 'pat':
    case 'connected-app':
      return { ...signIn, secret: referenceAt(folder, signIn.secret) }
    case 'uat':
      return { userClaim: USER_CLAIM, ...signIn, privateKey: referenceAt(folder, signIn.privateKey) }
    case 'password':
      return { ...signIn, password: referenceAt(folder, signIn.password) }
  }
}

function proxyAt(folder: string, proxy: SiteOfFile['proxy']): ProxyConfiguration | 'direct' | undefined {
  if (proxy === undefined || proxy === 'direct') return proxy
  const { url, user, password } = proxy
  const address = new URL(url).origin
  if (user === undefined || password === undefined) return { url: address }
  return { url: address, user, password: referenceAt(folder, password) }
}

/** The registry's order, whatever order they are named in. */
const inOrder = (entities: readonly string[], named: readonly string[] = []): readonly string[] =>
  entities.filter((name) => named.includes(name))

/** A site of the file with what the top says and every default filled in, and every path absolute. */
export function resolveSite(
  own: SiteOfFile,
  { file, folder, entities, caFile }: Surroundings,
): SiteConfiguration {
  const site = {
    warehouse: WAREHOUSE,
    timeZone: TIME_ZONE,
    concurrency: CONCURRENCY,
    notify: [],
    ...shared(file),
    ...own,
  }
  const switches: Readonly<Record<string, boolean | undefined>> = { ...file.entities, ...own.entities }
  const contentUrl = site.site ?? ''
  return {
    slug: site.slug ?? slugOf(contentUrl),
    server: parseAddress(site.server).url,
    contentUrl,
    timeZone: site.timeZone,
    entities: entities.filter((name) => switches[name] !== false),
    concurrency: site.concurrency,
    acceptSurplus: inOrder(entities, site.acceptSurplus),
    acceptNarrowed: inOrder(entities, site.acceptNarrowed),
    warehouse: warehouseAt(folder, site.warehouse),
    owner: site.owner,
    notify: site.notify.map(({ kind, url }) => ({ kind, url: referenceAt(folder, url) })),
    signIn: signInAt(folder, site.signIn),
    proxy: proxyAt(folder, site.proxy),
    caFile: site.caFile === undefined ? caFile : resolve(folder, site.caFile),
    timeouts: { ...TIMEOUTS, ...file.timeouts, ...own.timeouts },
  }
}

/** What the top says for all sites. */
const shared = ({ sites: _, $schema: __, aws: ___, ...rest }: ConfigurationFile) => rest
