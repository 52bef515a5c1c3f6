import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Fault } from '../../aws/faults.ts'
import { clientOf, warehouseIn } from '../../aws/warehouse.ts'
import { serve } from '../../tableau/servers.ts'
import { etagOf, sha256, text } from '../bytes.ts'
import { opened } from './opened.ts'

const KEY = 'history/entity=users/site=demo/data.parquet'

const CUTS: readonly (readonly [name: string, fault: Fault])[] = [
  ['before the first byte', { kind: 'cut', after: 0 }],
  ['in the middle', { kind: 'cut', after: 100_000 }],
  ['before the last byte', { kind: 'cut', after: 299_999 }],
]

describe('reading from S3', () => {
  it.each(CUTS)('reads again when the body is cut %s', async (_, fault) => {
    const { server, store } = await opened()
    const bytes = new Uint8Array(randomBytes(300_000))
    await store.write(KEY, bytes, 'absent')
    server.faults.set(({ count }) => (count === 1 ? fault : undefined))
    const found = await store.read(KEY)
    expect(found?.sha256).toBe(sha256(bytes))
    expect(Buffer.compare(found?.bytes ?? text(''), bytes)).toBe(0)
    expect(server.counts).toMatchObject({ GetObject: 2 })
  })

  it('fails when the body is cut every time', async () => {
    const { server, store, urlOf } = await opened()
    await store.write(KEY, text('whole'), 'absent')
    server.faults.set(() => ({ kind: 'cut', after: 2 }))
    const begun = performance.now()
    await expect(store.read(KEY)).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining(`${urlOf(KEY)}: the object was cut 4 times: the connection was reset`),
    })
    expect(server.counts).toMatchObject({ GetObject: 4 })
    // It waited three times, 300 ms in all: a timer may be early by less than one, and never by more.
    expect(performance.now() - begun).toBeGreaterThan(296)
  })

  it.each([1, 10, 3_000_000])('takes no other bytes for those written (of %i)', async (size) => {
    const { server, store, urlOf } = await opened()
    const bytes = new Uint8Array(randomBytes(size))
    await store.write(KEY, bytes, 'absent')
    server.faults.set(() => ({ kind: 'damage' }))
    await expect(store.read(KEY)).rejects.toMatchObject({
      code: 'corrupt-object',
      message: expect.stringContaining(`${urlOf(KEY)} is damaged: SHA-256 ${sha256(bytes)} was recorded`),
      details: { key: KEY, expected: sha256(bytes) },
    })
    expect(server.counts).toMatchObject({ GetObject: 1 })
  })

  it('holds the bytes against the record itself, whatever the client holds of them', async () => {
    const { server, client, store } = await opened()
    await store.write(KEY, text('written'), 'absent')
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        Object.assign(result.output, { Body: Readable.from([text('another')]) })
        return result
      },
      { step: 'initialize' },
    )
    await expect(store.read(KEY)).rejects.toMatchObject({
      code: 'corrupt-object',
      details: { expected: sha256('written'), found: sha256('another') },
    })
    expect(server.counts).toMatchObject({ GetObject: 1 })
  })

  it.each([
    ['cut', (body: Uint8Array) => body.subarray(0, -1)],
    ['longer', (body: Uint8Array) => Buffer.concat([body, text('!')])],
    ['empty', () => text('')],
    ['another of the same length', (body: Uint8Array) => new Uint8Array(body.length)],
  ])('takes no object that rotted in the store: %s', async (_, rot) => {
    const { server, store, prefix } = await opened()
    const etag = etagOf(await store.write(KEY, text('written'), 'absent'))
    const key = `${prefix}/${KEY}`
    const record = server.objects.get(key)
    if (record === undefined) throw new Error('the object is not where it should be')
    server.objects.set(key, { ...record, body: rot(record.body) })
    await expect(store.read(KEY)).rejects.toMatchObject({ code: 'corrupt-object' })
    // It has a state all the same, so that it can be replaced.
    expect(await store.write(KEY, text('anew'), { etag })).toMatchObject({ won: true })
    expect(await store.read(KEY)).toMatchObject({ sha256: sha256('anew') })
  })

  it.each([
    ['no checksum', undefined],
    ['a checksum of another kind', { algorithm: 'crc32', value: 'AAAAAA==' }],
    ['the checksum of parts', { algorithm: 'sha256', value: `${'A'.repeat(43)}=-3` }],
  ])('takes nothing that was written by other means: %s', async (_, checksum) => {
    const { server, store, prefix, urlOf } = await opened()
    const record = { body: text('{}'), etag: '"0f"', metadata: {}, checksum }
    server.objects.set(`${prefix}/${KEY}`, record)
    await expect(store.read(KEY)).rejects.toMatchObject({
      code: 'corrupt-object',
      message: expect.stringContaining(
        `${urlOf(KEY)} has no SHA-256 of its own, so it was not written by Almanac`,
      ),
    })
  })
})

describe('a page of somebody else', () => {
  const answers = ['read', 'head'] as const
  it.each(answers)('is no object: %s', async (method) => {
    const url = await serve((_, response) => response.end('<html><body>Please log in</body></html>'))
    const client = await clientOf({ url })
    onTestFinished(() => client.destroy())
    const store = warehouseIn({ bucket: 'warehouse' }, client, '')
    const failed = { code: 'store-failed', message: expect.stringContaining('it was not S3 that answered') }
    await expect(store[method](KEY)).rejects.toMatchObject(failed)
    await expect(store.write(KEY, text('one'), 'absent')).rejects.toMatchObject(failed)
  })
})

describe('listing in S3', () => {
  it('lists 2,500 keys, page by page', async () => {
    const { server, store, prefix } = await opened()
    const record = { body: text('x'), etag: '"0f"', metadata: {}, checksum: undefined }
    const keys = Array.from({ length: 2500 }, (_, i) => `landing/part-${i}.parquet`)
    for (const key of keys) server.objects.set(`${prefix}/${key}`, record)
    const listed = await store.list('landing/')
    expect(listed.map(({ key }) => key)).toEqual([...keys].sort())
    expect(listed.every(({ etag, size }) => etag === '"0f"' && size === 1)).toBe(true)
    expect(server.counts).toEqual({ ListObjectsV2: 3 })
  })

  it('leaves out what is no key of a warehouse, and other warehouses', async () => {
    const { server, store, prefix } = await opened()
    const record = { body: text('x'), etag: '"0f"', metadata: {}, checksum: undefined }
    const strangers = ['', 'a/', '.hidden', 'with space', 'x+y', '\u0001', 'ä', '100%', 'a//b', '<&>']
    for (const key of [...strangers, 'a/b']) server.objects.set(`${prefix}/${key}`, record)
    for (const key of ['else/c', `${prefix}-too/d`, `${prefix}e`]) server.objects.set(key, record)
    expect((await store.list('')).map(({ key }) => key)).toEqual(['a/b'])
  })

  it.each([
    ['a page', 1],
    ['a later page', 3],
  ])('lists nothing rather than a part when %s fails', async (_, page) => {
    const { server, store, prefix } = await opened(1)
    const record = { body: text('x'), etag: '"0f"', metadata: {}, checksum: undefined }
    for (let i = 0; i < 2500; i++) server.objects.set(`${prefix}/k${i}`, record)
    server.faults.set(({ count }) =>
      count === page ? { kind: 'error', status: 500, code: 'InternalError' } : undefined,
    )
    await expect(store.list('')).rejects.toMatchObject({ code: 'store-failed' })
  })

  it.each([
    ['a page of something else', '<html><body>Please log in</body></html>'],
    ['an empty answer', '<ListBucketResult/>'],
    [
      'a page that counts more keys than it holds',
      '<ListBucketResult><KeyCount>2</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>',
    ],
    [
      'a page that goes on nowhere',
      '<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>true</IsTruncated></ListBucketResult>',
    ],
    ['half a page', '<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated>'],
  ])('never takes %s for a listing', async (_, body) => {
    const url = await serve((_request, response) => response.end(body))
    const client = await clientOf({ url })
    onTestFinished(() => client.destroy())
    const store = warehouseIn({ bucket: 'warehouse' }, client, '')
    await expect(store.list('')).rejects.toMatchObject({ code: 'store-failed' })
  })

  it('lists nothing rather than a part when a page is cut', async () => {
    const { server, store } = await opened(1)
    for (const key of ['a', 'b', 'c']) await store.write(key, text(key), 'absent')
    server.faults.set(() => ({ kind: 'cut', after: 250 }))
    await expect(store.list('')).rejects.toMatchObject({ code: 'store-failed' })
  })
})
