import type { Answer, ErrorForm } from './faults.ts'
import type { Page, S3Bucket, S3ObjectRecord } from './s3-objects.ts'

const XML: Readonly<Record<string, string>> = { 'content-type': 'application/xml' }
const REQUEST_ID = { 'x-amz-request-id': 'TESTREQUEST00001' }
const EMPTY = new Uint8Array()

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const xml = (body: string): Uint8Array =>
  new TextEncoder().encode(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`)

/** An error as S3 says it. */
export const s3Error: ErrorForm = (status, code, message = `${code} was set up by a test`) => ({
  status,
  headers: { ...XML, ...REQUEST_ID },
  body: xml(`<Error><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message></Error>`),
})

/** An answer without a body. */
export const emptyAnswer = (status: number, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { ...REQUEST_ID, ...headers },
  body: EMPTY,
})

/** The headers that describe an object; its checksum only when it was asked for. */
function objectHeaders(record: S3ObjectRecord, withChecksum: boolean): Record<string, string> {
  const { etag, body, checksum, metadata } = record
  const described = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value] as const)
  return {
    ...REQUEST_ID,
    etag,
    'content-type': 'application/octet-stream',
    'content-length': String(body.length),
    ...Object.fromEntries(described),
    ...(withChecksum && checksum !== undefined
      ? { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': 'FULL_OBJECT' }
      : {}),
  }
}

/** An object with its bytes, or for a HEAD without. */
export const objectAnswer = (record: S3ObjectRecord, withChecksum: boolean, withBody: boolean): Answer => ({
  status: 200,
  headers: objectHeaders(record, withChecksum),
  body: withBody ? record.body : EMPTY,
})

/** A page of a listing in the form of ListObjectsV2. */
export function listAnswer(name: string, bucket: S3Bucket, page: Page, isEncoded: boolean): Answer {
  const written = (key: string): string =>
    isEncoded ? encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+') : escaped(key)
  const contents = page.keys.map((key) => {
    const { etag, body } = bucket.get(key) ?? { etag: '', body: EMPTY }
    return `<Contents><Key>${written(key)}</Key><ETag>${escaped(etag)}</ETag><Size>${body.length}</Size></Contents>`
  })
  const more =
    page.next === undefined
      ? ''
      : `<NextContinuationToken>${Buffer.from(page.next).toString('base64url')}</NextContinuationToken>`
  const facts = `<Name>${name}</Name><KeyCount>${page.keys.length}</KeyCount><IsTruncated>${page.next !== undefined}</IsTruncated>`
  const body = xml(`<ListBucketResult>${facts}${more}${contents.join('')}</ListBucketResult>`)
  return { status: 200, headers: { ...XML, ...REQUEST_ID }, body }
}
