import { AlmanacError } from '../core/errors.ts'
import { isSlug } from '../core/keys.ts'

const LONGEST_SLUG = 63

/**
 * The slug that a site has unless one is given: its content URL in lower-case letters, digits and hyphens; `default`
 * for the default site. Throws `bad-configuration` when nothing is left of it.
 */
export function slugOf(contentUrl: string): string {
  const slug = slugFor(contentUrl)
  if (slug !== undefined) return slug
  throw new AlmanacError('bad-configuration', `of the site "${contentUrl}" no slug can be made`, {
    next: 'Name it with --site, in lower-case letters, digits and hyphens.',
  })
}

/** The same; undefined when nothing is left. */
export function slugFor(contentUrl: string): string | undefined {
  if (contentUrl === '') return 'default'
  const slug = contentUrl
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, LONGEST_SLUG)
  return isSlug(slug) ? slug : undefined
}
