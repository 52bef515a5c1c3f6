import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, answerWith } from './faults.ts'
import { type AwsServer, bodyOf, listening, newDesk, type TlsFiles } from './listening.ts'
import { emptyAnswer, listAnswer, objectAnswer, s3Error } from './s3-answers.ts'
import { etagOf, pageOf, refusal, type S3Bucket } from './s3-objects.ts'
import { payloadOf } from './s3-payload.ts'

/** An S3 server in this process: a few operations, as Amazon S3's API Reference describes them. */
export interface S3Server extends AwsServer {
  /** Its one bucket. */
  readonly bucket: string
  /** What the bucket holds; tests may look, and change it behind the server's back. */
  readonly objects: S3Bucket
}

interface S3ServerOptions {
  readonly bucket?: string
  /** Keys in a page of a listing at most; S3's own limit is 1,000. */
  readonly pageSize?: number
  readonly tls?: TlsFiles
}

/** A request taken apart; addresses have the bucket in their path. */
interface S3Request {
  readonly operation: string
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly raw: Buffer
}

/** What the server is made of. */
interface State {
  readonly name: string
  readonly objects: S3Bucket
  readonly pageSize: number
}

const METADATA = 'x-amz-meta-'
const OPERATIONS: Readonly<Record<string, string>> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
}

function operationOf(method: string, key: string, query: URLSearchParams): string {
  if (method === 'GET' && query.get('list-type') === '2' && !query.has('delimiter')) return 'ListObjectsV2'
  if (key === '' || query.has('uploadId') || query.has('uploads')) return 'Other'
  return OPERATIONS[method] ?? 'Other'
}

function takenApart({ method = '', url = '', headers }: IncomingMessage, raw: Buffer): S3Request {
  const { pathname, searchParams: query } = new URL(url, 'http://host')
  const [, bucket = '', ...rest] = pathname.split('/')
  const key = rest.map(decodeURIComponent).join('/')
  return { operation: operationOf(method, key, query), bucket, key, query, headers, raw }
}

const one = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name]
  return value === undefined ? undefined : String(value)
}

function metadataIn(headers: IncomingHttpHeaders): Record<string, string> {
  const names = Object.keys(headers).filter((name) => name.startsWith(METADATA))
  return Object.fromEntries(names.map((name) => [name.slice(METADATA.length), String(headers[name])]))
}

/** Looks and writes in one go: nothing comes between, so one of many racers wins. */
function put({ objects }: State, { key, headers, raw }: S3Request): Answer {
  if (headers['x-amz-copy-source'] !== undefined) return s3Error(501, 'NotImplemented')
  const payload = payloadOf(headers, raw)
  if (typeof payload === 'string') return s3Error(400, payload)
  const conditions = { ifNoneMatch: one(headers, 'if-none-match'), ifMatch: one(headers, 'if-match') }
  const refused = refusal(objects.get(key), conditions)
  if (refused !== undefined) return s3Error(refused.status, refused.code)
  const etag = etagOf(payload.body)
  objects.set(key, { ...payload, etag, metadata: metadataIn(headers) })
  return emptyAnswer(200, { etag })
}

function get({ objects }: State, { operation, key, headers }: S3Request): Answer {
  const found = objects.get(key)
  const isHead = operation === 'HeadObject'
  if (found === undefined) return isHead ? emptyAnswer(404) : s3Error(404, 'NoSuchKey')
  return objectAnswer(found, headers['x-amz-checksum-mode'] === 'ENABLED', !isHead)
}

function list({ name, objects, pageSize }: State, { query }: S3Request): Answer {
  const token = query.get('continuation-token')
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString()
  const most = Math.min(Number(query.get('max-keys') ?? pageSize), pageSize)
  const page = pageOf(objects, query.get('prefix') ?? '', after, most)
  return listAnswer(name, objects, page, query.get('encoding-type') === 'url')
}

function remove({ objects }: State, { key }: S3Request): Answer {
  objects.delete(key)
  return emptyAnswer(204)
}

const ACTIONS: Readonly<Record<string, (state: State, request: S3Request) => Answer>> = {
  PutObject: put,
  GetObject: get,
  HeadObject: get,
  DeleteObject: remove,
  ListObjectsV2: list,
}

function answerTo(state: State, request: S3Request): Answer {
  const action = ACTIONS[request.operation]
  if (action === undefined) return s3Error(501, 'NotImplemented')
  if (request.bucket === state.name) return action(state, request)
  return request.operation === 'HeadObject' ? emptyAnswer(404) : s3Error(404, 'NoSuchBucket')
}

/** The form of errors for a request: a HEAD has no body to say them in. */
const errorFormOf =
  ({ operation }: S3Request): typeof s3Error =>
  (status, code, message) =>
    operation === 'HeadObject' ? emptyAnswer(status) : s3Error(status, code, message)

/** Starts an S3 server on a free loopback port. Signatures are not checked; a fault can refuse them. */
export async function startS3(options: S3ServerOptions = {}): Promise<S3Server> {
  const { bucket = 'warehouse', pageSize = 1000, tls } = options
  const state: State = { name: bucket, objects: new Map(), pageSize }
  const desk = newDesk()
  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = takenApart(message, await bodyOf(message))
    const fault = desk.faults.of(desk.take(message, request.operation, request.key))
    await answerWith(response, fault, () => answerTo(state, request), errorFormOf(request))
  }
  return { ...(await listening(handle, desk, tls)), bucket, objects: state.objects }
}
