import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type S3Server, startS3 } from './s3-server.ts'
import { clientOf } from './warehouse.ts'

let server: S3Server
let client: S3Client
beforeAll(async () => {
  server = await startS3()
  client = await clientOf(server)
})
afterAll(async () => {
  client.destroy()
  await server.close()
})

const put = (more: Omit<PutObjectCommandInput, 'Bucket'>) =>
  client.send(new PutObjectCommand({ Bucket: server.bucket, ...more }))

const failing = (name: string, status: number) => ({ name, $metadata: { httpStatusCode: status } })

describe('the S3 server of the tests', () => {
  it('takes the checksum that the SDK adds by itself', async () => {
    await put({ Key: 'plain', Body: 'hello' })
    expect(server.objects.get('plain')?.checksum?.algorithm).toBe('crc32')
  })

  it('takes a stream in pieces, with its checksum behind', async () => {
    const pieces = Array.from({ length: 20 }, (_, i) => Buffer.alloc(9000, i))
    const ContentLength = 20 * 9000
    await put({ Key: 'stream', Body: Readable.from(pieces), ContentLength })
    const kept = server.objects.get('stream')
    expect(Buffer.compare(kept?.body ?? Buffer.of(), Buffer.concat(pieces))).toBe(0)
    expect(kept?.checksum?.algorithm).toBe('crc32')
    const get = new GetObjectCommand({ Bucket: server.bucket, Key: 'stream', ChecksumMode: 'ENABLED' })
    expect(await (await client.send(get)).Body?.transformToByteArray()).toHaveLength(ContentLength)
  })

  it('refuses bytes that are not those of the checksum', async () => {
    const ChecksumSHA256 = Buffer.alloc(32).toString('base64')
    const wrong = put({ Key: 'wrong', Body: 'hello', ChecksumSHA256 })
    await expect(wrong).rejects.toMatchObject(failing('BadDigest', 400))
    expect(server.objects.has('wrong')).toBe(false)
  })

  it.each<[string, Partial<PutObjectCommandInput>, string, string, number]>([
    ['creates nothing twice', { IfNoneMatch: '*' }, 'there', 'PreconditionFailed', 412],
    ['replaces no other state', { IfMatch: '"other"' }, 'there', 'PreconditionFailed', 412],
    ['replaces nothing that is absent', { IfMatch: '"other"' }, 'absent', 'NoSuchKey', 404],
    ['replaces nothing at all that is absent', { IfMatch: '*' }, 'absent', 'NoSuchKey', 404],
    ['knows no other condition for creating', { IfNoneMatch: '"other"' }, 'absent', 'NotImplemented', 501],
  ])('%s', async (_, condition, Key, name, status) => {
    await put({ Key: 'there', Body: 'one' })
    await expect(put({ Key, Body: 'two', ...condition })).rejects.toMatchObject(failing(name, status))
    expect(Buffer.from(server.objects.get('there')?.body ?? []).toString()).toBe('one')
  })

  it('lets a star replace whatever is there, as S3 does', async () => {
    await put({ Key: 'any', Body: 'one' })
    await put({ Key: 'any', Body: 'two', IfMatch: '*' })
    expect(Buffer.from(server.objects.get('any')?.body ?? []).toString()).toBe('two')
  })

  it('pretends nothing that it cannot do', async () => {
    const place = { Bucket: server.bucket, Key: 'copy' }
    const commands = [
      client.send(new CopyObjectCommand({ ...place, CopySource: 'warehouse/plain' })),
      client.send(new CreateMultipartUploadCommand(place)),
    ]
    for (const each of await Promise.allSettled(commands))
      expect(each).toMatchObject({ status: 'rejected', reason: failing('NotImplemented', 501) })
  })
})
