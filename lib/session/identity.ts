import { AlmanacError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { jsonBytes, parseStored } from '../core/receipt.ts'
import { isTableauCloud } from '../network/address.ts'

/** Which site a slug means: kept once, for ever. */
export interface SiteIdentity {
  readonly format: 1
  readonly host: string
  /** LUID of the site. */
  readonly id: string
  readonly contentUrl: string
}

/**
 * Whether two hosts may be those of one site. Cloud moves sites between pods; of servers, one may be a copy of the other,
 * restored from its backup with the same LUIDs. One server may be reached by several ports.
 */
function isSameServer(host: string, other: string): boolean {
  const [one, two] = [host, other].map((each) => each.toLowerCase().replace(/:\d+$/, ''))
  return one === two || (isTableauCloud(host) && isTableauCloud(other))
}

/** Whether a slug that is bound to one site may go on with another. */
export const isSameSite = (bound: SiteIdentity, site: Pick<SiteIdentity, 'host' | 'id'>): boolean =>
  bound.id === site.id && isSameServer(bound.host, site.host)

/** What to do where a server really has another name now, besides what `site-mismatch` says. */
const movedTo = (slug: string, host: string): string =>
  `Where the server is another, use another --site slug or --warehouse. Where it was only given the name ${host}, remove ${keys.site(slug)} from the warehouse: the next night binds the slug anew.`

/**
 * Binds a slug to a site at its first use, and holds every later run to it, so that two sites never share a history, nor a
 * server and its copy. Throws `site-mismatch`.
 */
export async function bindSite(store: ObjectStore, slug: string, site: SiteIdentity): Promise<void> {
  const key = keys.site(slug)
  if ((await store.write(key, jsonBytes(site), 'absent')).won) return
  const object = await store.read(key)
  if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was there and is gone`)
  const bound = parseStored<SiteIdentity>(key, object.bytes)
  if (isSameSite(bound, site)) return
  throw new AlmanacError(
    'site-mismatch',
    `"${slug}" means the site ${bound.id} ("${bound.contentUrl}" on ${bound.host}) in this warehouse, and the sign-in reached ${site.id} ("${site.contentUrl}" on ${site.host})`,
    bound.id === site.id ? { next: movedTo(slug, site.host) } : {},
  )
}

/**
 * Throws `site-mismatch` when a slug that is new in this warehouse would be the second one of a site: every row of the site
 * would count twice from then on.
 */
export async function refuseSecondSlug(
  store: ObjectStore,
  slug: string,
  site: Pick<SiteIdentity, 'host' | 'id'>,
): Promise<void> {
  const bound = (await store.list('site/')).map(({ key }) => key)
  if (bound.includes(keys.site(slug))) return
  for (const key of bound) {
    const object = await store.read(key)
    if (object === undefined || !isSameSite(parseStored<SiteIdentity>(key, object.bytes), site)) continue
    throw new AlmanacError(
      'site-mismatch',
      `the site ${site.id} on ${site.host} has a slug in this warehouse already (${key}), and "${slug}" would be its second: all its rows would count twice`,
      { next: 'Keep the slug that it has, or use another --warehouse.' },
    )
  }
}
