import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AlmanacError } from '../../../lib/core/errors.ts'
import type { ObjectStore } from '../../../lib/core/ports.ts'
import { startS3 } from '../../aws/s3-server.ts'
import { CANARY, clientOf, warehouseIn } from '../../aws/warehouse.ts'
import { serveRaw } from '../../tableau/servers.ts'
import { text } from '../bytes.ts'
import { opened } from './opened.ts'

const KEY = 'manifest/entity=users/site=demo/dt=2026-11-01/v0001.json'

const CALLS: Readonly<Record<string, (store: ObjectStore) => Promise<unknown>>> = {
  read: (store) => store.read(KEY),
  head: (store) => store.head(KEY),
  write: (store) => store.write(KEY, text('one'), 'absent'),
  replace: (store) => store.write(KEY, text('one'), { etag: '"0f"' }),
  list: (store) => store.list('manifest/entity=users/site=demo/dt=2026-11-01/v0001.json'),
  remove: (store) => store.remove(KEY),
}

/** S3's errors, their HTTP status, and a word that the next step must hold. */
const ERRORS: readonly (readonly [code: string, status: number, next: string])[] = [
  ['NoSuchBucket', 404, 'Create the bucket'],
  ['AccessDenied', 403, 's3:PutObject'],
  ['PermanentRedirect', 301, 'AWS_REGION'],
  ['AuthorizationHeaderMalformed', 400, 'AWS_REGION'],
  ['ExpiredToken', 400, 'expired'],
  ['InvalidAccessKeyId', 403, 'access key'],
  ['SignatureDoesNotMatch', 403, 'access key'],
  ['RequestTimeTooSkewed', 403, 'clock'],
  // A key that was disabled, and one that waits for its deletion.
  ['KMS.DisabledException', 400, 'enable it'],
  ['KMS.KMSInvalidStateException', 400, 'cancel its deletion'],
  ['InternalError', 500, 'later'],
  ['NotImplemented', 501, 'conditional writes'],
]

async function failureOf(promise: Promise<unknown>): Promise<AlmanacError> {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toMatchObject({ name: 'AlmanacError' })
  return thrown as AlmanacError
}

/** Everything that may be seen of an error, on paper, in logs and in a debugger. */
const allOf = (error: AlmanacError): string =>
  [
    inspect(error, { depth: 20, showHidden: true }),
    JSON.stringify(error),
    error.stack,
    error.message,
    error.next,
  ].join('\n')

function expectNoSecret(error: AlmanacError): void {
  const seen = allOf(error)
  for (const secret of Object.values(CANARY)) expect(seen).not.toContain(secret)
  for (const sign of ['AWS4-HMAC', 'Signature=', 'authorization', 'x-amz-']) expect(seen).not.toContain(sign)
}

/** What S3 might say, were it careless: everything that must not be repeated. */
const TALKATIVE = `You sent ${CANARY.accessKeyId} with AWS4-HMAC-SHA256/${CANARY.sessionToken}`

describe('an error of S3', () => {
  it.each(
    ERRORS.flatMap(([code, status, next]) =>
      Object.keys(CALLS).map((call) => [code, call, status, next] as const),
    ),
  )('%s, %s: says what and where, what to do, and no secret', async (code, call, status, next) => {
    const { server, store, urlOf } = await opened(1)
    server.faults.set(() => ({ kind: 'error', status, code, message: TALKATIVE }))
    const error = await failureOf(Promise.resolve(CALLS[call]?.(store)))
    expect(error.code).toBe('store-failed')
    // An answer to a HEAD has no body that could name the error; the whole warehouse is asked why nothing is there.
    const isMute = call === 'head' && status !== 404
    expect(error.message).toContain(call === 'head' && !isMute ? urlOf('') : `${urlOf(KEY)}: `)
    expect(error.details).toMatchObject({ status })
    if (!isMute) {
      expect(error.message).toContain(code)
      expect(error.next).toContain(next)
    }
    expectNoSecret(error)
  })

  it('names the bucket that is not there, even to a HEAD', async () => {
    const server = await startS3()
    const client = await clientOf(server)
    onTestFinished(async () => {
      client.destroy()
      await server.close()
    })
    const store = warehouseIn({ bucket: 'nowhere' }, client, 'here')
    const failed = {
      code: 'store-failed',
      message: expect.stringMatching(/^s3:\/\/nowhere\/here\/.*NoSuchBucket/),
    }
    for (const call of Object.values(CALLS)) await expect(call(store)).rejects.toMatchObject(failed)
  })

  it('asks for the bucket once, not for each object that is missing', async () => {
    const { server, store } = await opened()
    for (const key of ['a', 'b', 'c']) expect(await store.head(key)).toBeUndefined()
    expect(server.counts).toEqual({ HeadObject: 3, ListObjectsV2: 1 })
  })
})

describe('no answer of S3', () => {
  it.each(Object.keys(CALLS))('%s: says so', async (call) => {
    const { server, store, urlOf } = await opened(1)
    server.faults.set(() => ({ kind: 'reset' }))
    const error = await failureOf(Promise.resolve(CALLS[call]?.(store)))
    expect(error).toMatchObject({
      code: 'store-failed',
      next: expect.stringContaining('AWS_ENDPOINT_URL_S3'),
    })
    expect(error.message).toContain(`${urlOf(KEY)}: `)
    expect(error.message).toContain('ECONNRESET')
    expectNoSecret(error)
  })

  it.each([
    ['nothing listens', 'http://127.0.0.1:1', 'nothing listens there'],
    ['no such host', 'https://warehouse.invalid', 'ENOTFOUND|EAI_AGAIN'],
  ])('%s', async (_, url, words) => {
    const client = await clientOf({ url }, 1)
    onTestFinished(() => client.destroy())
    const error = await failureOf(warehouseIn({ bucket: 'warehouse' }, client, '').read(KEY))
    expect(error.message).toMatch(new RegExp(`^s3://warehouse/${KEY}: .*(${words})`))
    expectNoSecret(error)
  })

  it('is none when it is no HTTP', async () => {
    const url = await serveRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    const client = await clientOf({ url }, 1)
    onTestFinished(() => client.destroy())
    const error = await failureOf(warehouseIn({ bucket: 'warehouse' }, client, '').read(KEY))
    expect(error).toMatchObject({ code: 'store-failed', message: expect.stringContaining('rules of HTTP') })
  })
})
