import { AlmanacError } from '../core/errors.ts'
import { isSlug } from '../core/keys.ts'
import { type Options, textOption } from './command.ts'

/** The slug given with --site, if any. Throws `usage` for what can be none. */
export function siteOption(options: Options): string | undefined {
  const slug = textOption(options, 'site')
  if (slug === undefined || isSlug(slug)) return slug
  throw new AlmanacError('usage', `--site "${slug}" is no slug`, {
    next: 'Give lower-case letters, digits and hyphens.',
  })
}
