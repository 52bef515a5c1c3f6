import { isPath, isS3 } from '../config/value.ts'
import { AlmanacError } from '../core/errors.ts'
import { isSlug } from '../core/keys.ts'
import { type Options, textOption } from './command.ts'

/** A place that can be a warehouse; the configuration file takes the same. */
const isPlace = (text: string): boolean => isS3(text) || isPath(text)

/** The place given with --warehouse, if any. Throws `usage` for what is neither a folder nor `s3://bucket/prefix`. */
export function warehouseOption(options: Options): string | undefined {
  const place = textOption(options, 'warehouse')
  if (place === undefined || isPlace(place)) return place
  throw new AlmanacError('usage', `--warehouse "${place}" is neither a folder nor s3://bucket/prefix`, {
    next: 'Give the path of a folder, or s3:// with a bucket’s name and a prefix.',
  })
}

/** The slug given with --site, if any. Throws `usage` for what can be none. */
export function siteOption(options: Options): string | undefined {
  const slug = textOption(options, 'site')
  if (slug === undefined || isSlug(slug)) return slug
  throw new AlmanacError('usage', `--site "${slug}" is no slug`, {
    next: 'Give lower-case letters, digits and hyphens.',
  })
}
