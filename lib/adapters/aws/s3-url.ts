import { AlmanacError } from '../../core/errors.ts'
import { isSegment } from '../key.ts'

/** A warehouse in S3: the bucket, and what stands before every key, without a slash at the end; '' for nothing. */
export interface S3Place {
  readonly bucket: string
  readonly prefix: string
}

const SCHEME = 's3://'
/** Amazon S3 User Guide, "General purpose bucket naming rules": 3 to 63 characters, labels parted by single dots. */
const BUCKET = /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/
const LOOKS_LIKE_AN_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/
/** S3 allows 1,024 bytes for a key; the rest is for the warehouse's own. */
const LONGEST_PREFIX = 120

function refuse(url: string, why: string): never {
  throw new AlmanacError('bad-configuration', `the warehouse ${JSON.stringify(url)} is none: ${why}`, {
    next: 'Write it as s3://bucket or s3://bucket/prefix.',
  })
}

/** Whether a warehouse is meant to be in S3 rather than in a folder. */
export const isS3Url = (warehouse: string): boolean => warehouse.startsWith(SCHEME)

/**
 * Takes `s3://bucket/prefix` apart; a slash at the end counts for nothing. Throws `bad-configuration`, naming the
 * value, for a bucket that cannot exist and a prefix whose segments could not be part of a key.
 */
export function parseS3Url(url: string): S3Place {
  if (!isS3Url(url)) refuse(url, `it does not start with ${SCHEME}`)
  const [bucket = '', ...segments] = url.slice(SCHEME.length).replace(/\/$/, '').split('/')
  if (!BUCKET.test(bucket) || LOOKS_LIKE_AN_ADDRESS.test(bucket)) {
    refuse(url, `no bucket can have the name ${JSON.stringify(bucket)}`)
  }
  const prefix = segments.join('/')
  if (!segments.every(isSegment) || prefix.length > LONGEST_PREFIX) {
    refuse(
      url,
      `its prefix may have ${LONGEST_PREFIX} letters, digits, "_", "=", "-" and ".", in segments parted by "/"`,
    )
  }
  return { bucket, prefix }
}
