import { createHash } from 'node:crypto'

/** An object as S3 keeps it. The checksum is what the writer sent, in base64; S3 verified it. */
export interface S3ObjectRecord {
  readonly body: Uint8Array
  /** With its quotes. */
  readonly etag: string
  readonly checksum: { readonly algorithm: string; readonly value: string } | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** The objects of one bucket by key. */
export type S3Bucket = Map<string, S3ObjectRecord>

/** The ETag of an object that was written at one go and is not encrypted with a key of KMS: its MD5. */
export const etagOf = (body: Uint8Array): string => `"${createHash('md5').update(body).digest('hex')}"`

/** The conditions of a PutObject, as its headers say them. */
export interface Conditions {
  readonly ifNoneMatch: string | undefined
  readonly ifMatch: string | undefined
}

/** The error that a condition that does not hold is answered with; undefined when the write may be made. */
export function refusal(found: S3ObjectRecord | undefined, { ifNoneMatch, ifMatch }: Conditions) {
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') return { status: 501, code: 'NotImplemented' }
  if (ifNoneMatch === '*' && found !== undefined) return { status: 412, code: 'PreconditionFailed' }
  if (ifMatch === undefined) return undefined
  if (found === undefined) return { status: 404, code: 'NoSuchKey' }
  // A star matches any object that is there.
  return ifMatch === '*' || ifMatch === found.etag ? undefined : { status: 412, code: 'PreconditionFailed' }
}

/** One page of a listing. */
export interface Page {
  readonly keys: readonly string[]
  /** The last key of the page, when there are more after it. */
  readonly next: string | undefined
}

/** S3 lists by the bytes of the keys in UTF-8. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** At most `most` keys that start with the prefix and come after another. */
export function pageOf(bucket: S3Bucket, prefix: string, after: string, most: number): Page {
  const isOurs = (key: string): boolean => key.startsWith(prefix) && (after === '' || byBytes(key, after) > 0)
  const keys = [...bucket.keys()].filter(isOurs).sort(byBytes)
  const page = keys.slice(0, most)
  return { keys: page, next: keys.length > most ? page.at(-1) : undefined }
}
