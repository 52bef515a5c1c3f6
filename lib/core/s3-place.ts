import { AlmanacError } from './errors.ts'

/** A warehouse in S3: the bucket, and what stands before every key, without a slash at the end; '' for nothing. */
export interface S3Place {
  readonly bucket: string
  readonly prefix: string
}

const SCHEME = 's3://'
/** Amazon S3 User Guide, "General purpose bucket naming rules": 3 to 63 characters, labels parted by single dots. */
const BUCKET = /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/
const LOOKS_LIKE_AN_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/
/** Of characters that need no encoding in a URL, with no dot at either end, where it hides or means another folder. */
const SEGMENT = /^[A-Za-z0-9_=-](?:[A-Za-z0-9_=.-]*[A-Za-z0-9_=-])?$/
/** S3 allows 1,024 bytes for a key; the rest is for the warehouse's own. */
const LONGEST_PREFIX = 120

/** Whether a warehouse is meant to be in S3 rather than in a folder, however its address goes on. */
export const isS3Url = (warehouse: string): boolean => warehouse.startsWith(SCHEME)

/** Bucket and segments of the prefix; a slash at the end counts for nothing. */
function partsOf(url: string): { readonly bucket: string; readonly segments: readonly string[] } {
  const [bucket = '', ...segments] = url.slice(SCHEME.length).replace(/\/$/, '').split('/')
  return { bucket, segments }
}

/** What is wrong with the address of a warehouse in S3, for after "it is none: "; undefined when nothing is. */
export function s3Objection(url: string): string | undefined {
  if (!isS3Url(url)) return `it does not start with ${SCHEME}`
  const { bucket, segments } = partsOf(url)
  if (!BUCKET.test(bucket) || LOOKS_LIKE_AN_ADDRESS.test(bucket))
    return `no bucket can have the name ${JSON.stringify(bucket)}`
  const isPrefix = segments.every((each) => SEGMENT.test(each))
  return isPrefix && segments.join('/').length <= LONGEST_PREFIX
    ? undefined
    : `its prefix may have ${LONGEST_PREFIX} letters, digits, "_", "=", "-" and ".", in segments parted by "/" that neither begin nor end with "."`
}

/**
 * Takes `s3://bucket/prefix` apart. Throws `bad-configuration`, naming the value, for a bucket that cannot exist and a
 * prefix that could not stand before a key.
 */
export function parseS3Url(url: string): S3Place {
  const objection = s3Objection(url)
  if (objection !== undefined)
    throw new AlmanacError(
      'bad-configuration',
      `the warehouse ${JSON.stringify(url)} is none: ${objection}`,
      {
        next: 'Write it as s3://bucket or s3://bucket/prefix.',
      },
    )
  const { bucket, segments } = partsOf(url)
  return { bucket, prefix: segments.join('/') }
}
