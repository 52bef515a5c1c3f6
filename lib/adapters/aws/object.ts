import type { S3Client } from '@aws-sdk/client-s3'
import { AlmanacError } from '../../core/errors.ts'
import type { S3Place } from '../../core/s3-place.ts'
import { checkKey } from '../key.ts'

/** A warehouse in S3 and the client that leads to it. */
export interface S3Warehouse extends S3Place {
  readonly client: S3Client
}

/** One object of it: its key in the warehouse, its key in the bucket, and its address for messages. */
export interface S3Object {
  readonly client: S3Client
  readonly key: string
  readonly address: { readonly Bucket: string; readonly Key: string }
  readonly url: string
}

/** What stands before every key of the warehouse in its bucket. */
export const keyPrefix = ({ prefix }: S3Place): string => (prefix === '' ? '' : `${prefix}/`)

/** The object of a key. Throws `internal` for what is no key. */
export function objectAt(warehouse: S3Warehouse, key: string): S3Object {
  checkKey(key)
  const { client, bucket } = warehouse
  const address = { Bucket: bucket, Key: `${keyPrefix(warehouse)}${key}` }
  return { client, key, address, url: `s3://${bucket}/${address.Key}` }
}

/** An entity-tag in quotes, as RFC 9110, 8.8.3 has it; neither weak nor `*`, which If-Match takes for any. */
const ETAG = /^"[\x21\x23-\x7e]+"$/

/** Whether a text can be the ETag of an object in S3. */
export const isEtag = (text: string): boolean => ETAG.test(text)

/**
 * The ETag of an answer in its one form, with quotes: S3 itself always sends them, some that speak its protocol leave
 * them out of listings. Throws `store-failed` when there is none.
 */
export function etagIn(answered: string | undefined, url: string): string {
  const etag = answered?.startsWith('"') ? answered : `"${answered ?? ''}"`
  if (isEtag(etag)) return etag
  throw new AlmanacError('store-failed', `${url}: the answer holds no ETag, so it was not S3 that answered`, {
    next: 'Check AWS_ENDPOINT_URL_S3 and the proxy.',
  })
}
