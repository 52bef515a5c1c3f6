import { ListObjectsV2Command, type ListObjectsV2CommandOutput as Page } from '@aws-sdk/client-s3'
import { AlmanacError } from '../../core/errors.ts'
import type { ObjectInfo } from '../../core/ports.ts'
import { byKey, isKey } from '../key.ts'
import { onS3 } from './failure.ts'
import { etagIn, keyPrefix, type S3Warehouse } from './object.ts'

/** Keys come percent-encoded because XML cannot hold all that a stranger's key may. */
const decoded = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '))

/** One page of the objects under a prefix, at most `most` of them. */
async function pageOf(
  warehouse: S3Warehouse,
  prefix: string,
  more: { readonly ContinuationToken?: string; readonly MaxKeys?: number },
): Promise<Page> {
  const { client, bucket } = warehouse
  const Prefix = keyPrefix(warehouse) + prefix
  const list = new ListObjectsV2Command({ Bucket: bucket, Prefix, EncodingType: 'url', ...more })
  const place = `s3://${bucket}/${Prefix}`
  const page = await onS3(place, () => client.send(list))
  checkPage(page, place)
  return page
}

function infosIn(warehouse: S3Warehouse, page: Page): readonly ObjectInfo[] {
  const start = keyPrefix(warehouse).length
  return (page.Contents ?? []).flatMap(({ Key = '', ETag, Size = 0 }) => {
    const full = decoded(Key)
    const key = full.slice(start)
    return isKey(key) ? [{ key, etag: etagIn(ETag, `s3://${warehouse.bucket}/${full}`), size: Size }] : []
  })
}

const refuse = (place: string, why: string): never => {
  throw new AlmanacError('store-failed', `${place}: the listing ${why}`, {
    next: 'Check AWS_ENDPOINT_URL_S3 and the proxy: S3 itself does not answer like that.',
  })
}

/** Lets a page pass that is one: a listing that lacks something must never look like an emptier warehouse. */
function checkPage({ Contents = [], KeyCount = Contents.length, IsTruncated }: Page, place: string): void {
  if (IsTruncated === undefined) refuse(place, 'does not say whether it is whole')
  if (KeyCount !== Contents.length) refuse(place, `counts ${KeyCount} keys and holds ${Contents.length}`)
}

/** Where the next page begins; undefined after the last. */
function continuation(page: Page, before: string | undefined, place: string): string | undefined {
  if (page.IsTruncated !== true) return undefined
  const token = page.NextContinuationToken
  return token !== undefined && token !== before ? token : refuse(place, 'does not say where it goes on')
}

/**
 * All objects whose key starts with the prefix, in the order of their keys' code units. What no key of a warehouse can
 * be (a folder that the console made, a stranger's file) is left out, as on the disk.
 */
export async function listObjects(warehouse: S3Warehouse, prefix: string): Promise<readonly ObjectInfo[]> {
  const found: ObjectInfo[] = []
  const place = `s3://${warehouse.bucket}/${keyPrefix(warehouse)}${prefix}`
  let token: string | undefined
  do {
    const page = await pageOf(warehouse, prefix, token === undefined ? {} : { ContinuationToken: token })
    found.push(...infosIn(warehouse, page))
    token = continuation(page, token, place)
  } while (token !== undefined)
  return found.sort(byKey)
}

/** Asks for one object at most: throws in words what a HEAD, which has no body, cannot say (as a missing bucket). */
export async function probe(warehouse: S3Warehouse): Promise<void> {
  await pageOf(warehouse, '', { MaxKeys: 1 })
}
