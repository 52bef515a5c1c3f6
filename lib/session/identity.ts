import { AlmanacError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { jsonBytes, parseStored } from '../core/receipt.ts'

/** Which site a slug means: kept once, for ever. */
export interface SiteIdentity {
  readonly format: 1
  readonly host: string
  /** LUID of the site. */
  readonly id: string
  readonly contentUrl: string
}

/**
 * Binds a slug to a site at its first use, and holds every later run to it, so that two sites never share a history.
 * A host may change its name (Cloud moves sites between pods); the site's LUID may not. Throws `site-mismatch`.
 */
export async function bindSite(store: ObjectStore, slug: string, site: SiteIdentity): Promise<void> {
  const key = keys.site(slug)
  if ((await store.write(key, jsonBytes(site), 'absent')).won) return
  const object = await store.read(key)
  if (object === undefined) throw new AlmanacError('corrupt-object', `${key} was there and is gone`)
  const bound = parseStored<SiteIdentity>(key, object.bytes)
  if (bound.id === site.id) return
  throw new AlmanacError(
    'site-mismatch',
    `"${slug}" means the site ${bound.id} ("${bound.contentUrl}" on ${bound.host}) in this warehouse, and the sign-in reached ${site.id} ("${site.contentUrl}" on ${site.host})`,
  )
}
