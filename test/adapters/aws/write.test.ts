import { describe, expect, it } from 'vitest'
import { CONFLICT, type Fault, type FaultRule, INTERNAL_ERROR, SLOW_DOWN } from '../../aws/faults.ts'
import { etagOf, sha256, text } from '../bytes.ts'
import { opened } from './opened.ts'

const KEY = 'manifest/entity=users/site=demo/dt=2026-11-01/v0001.json'
const LOST = { won: false }

/** A fault of the first writes, so many of them. */
const firstWrites =
  (many: number, fault: Fault): FaultRule =>
  ({ operation, count }) =>
    operation === 'PutObject' && count <= many ? fault : undefined

const LOST_ANSWER: Fault = { kind: 'lost answer' }
/** Carried out, and nobody can know: every way in which S3 may leave a writer without the answer. */
const DOUBTS: readonly (readonly [name: string, fault: Fault])[] = [
  ['a lost answer', LOST_ANSWER],
  ['a 500 after the write', { kind: 'lying error', status: 500, code: 'InternalError' }],
  ['a 503 after the write', { kind: 'lying error', status: 503, code: 'ServiceUnavailable' }],
]

describe('a write whose answer is lost', () => {
  it.each(DOUBTS)('creates, and knows it won: %s', async (_, fault) => {
    const { server, store } = await opened()
    server.faults.set(firstWrites(1, fault))
    const etag = etagOf(await store.write(KEY, text('one'), 'absent'))
    expect(await store.head(KEY)).toEqual({ key: KEY, etag, size: 3 })
    expect(server.counts).toMatchObject({ PutObject: 2 })
  })

  it.each(DOUBTS)('replaces, and knows it won: %s', async (_, fault) => {
    const { server, store } = await opened()
    const first = etagOf(await store.write(KEY, text('one'), 'absent'))
    server.faults.set(firstWrites(2, fault))
    const etag = etagOf(await store.write(KEY, text('second'), { etag: first }))
    expect(await store.head(KEY)).toEqual({ key: KEY, etag, size: 6 })
  })

  it.each(DOUBTS)('knows it won when no attempt was answered: %s', async (_, fault) => {
    const { server, store } = await opened(1)
    server.faults.set(firstWrites(1, fault))
    expect(await store.write(KEY, text('one'), 'absent')).toMatchObject({ won: true })
  })

  it.each(DOUBTS)('knows that another won, though with the same bytes: %s', async (_, fault) => {
    const { server, store } = await opened(1)
    await store.write(KEY, text('same'), 'absent')
    server.faults.set(firstWrites(2, fault))
    await expect(store.write(KEY, text('same'), 'absent')).rejects.toMatchObject({ code: 'store-failed' })
    server.faults.clear()
    expect(await store.write(KEY, text('same'), 'absent')).toEqual(LOST)
  })

  it('loses to the writer that came between its attempts, though with the same bytes', async () => {
    const { server, store, prefix } = await opened()
    server.faults.set(({ operation, attempt }) => {
      if (operation !== 'PutObject' || attempt > 1) return undefined
      const body = text('same')
      server.objects.set(`${prefix}/${KEY}`, { body, etag: '"0f"', checksum: undefined, metadata: {} })
      return { kind: 'reset' }
    })
    expect(await store.write(KEY, text('same'), 'absent')).toEqual(LOST)
    expect(server.counts).toMatchObject({ PutObject: 2, HeadObject: 1 })
  })

  it('says that it cannot tell when reading back fails as well', async () => {
    const { server, store, urlOf } = await opened(1)
    server.faults.set(({ operation }) => (operation === 'PutObject' ? LOST_ANSWER : INTERNAL_ERROR))
    await expect(store.write(KEY, text('one'), 'absent')).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringMatching(
        new RegExp(`^${urlOf(KEY)}: the write may have been made, and reading it back failed too`),
      ),
    })
  })

  it('fails when nothing was written', async () => {
    const { server, store } = await opened(2)
    server.faults.set(firstWrites(9, { kind: 'reset' }))
    await expect(store.write(KEY, text('one'), 'absent')).rejects.toMatchObject({ code: 'store-failed' })
    expect(server.counts).toEqual({ PutObject: 2, HeadObject: 1 })
    expect(await store.read(KEY)).toBeUndefined()
  })
})

describe('a write that S3 puts off', () => {
  it('gets through a storm of 503s', async () => {
    const { server, store } = await opened(4)
    server.faults.set(firstWrites(2, SLOW_DOWN))
    expect(await store.write(KEY, text('one'), 'absent')).toMatchObject({ won: true })
    expect(server.counts).toMatchObject({ PutObject: 3 })
  })

  it('gives up when the storm does not end', async () => {
    const { server, store } = await opened(2)
    server.faults.set(() => SLOW_DOWN)
    await expect(store.read(KEY)).rejects.toMatchObject({
      code: 'store-failed',
      details: { error: 'SlowDown', status: 503 },
      next: expect.stringContaining('later'),
    })
    expect(server.counts).toEqual({ GetObject: 2 })
  })

  it('is made again after a conflict, with the same condition', async () => {
    const { server, store } = await opened()
    server.faults.set(firstWrites(2, CONFLICT))
    expect(await store.write(KEY, text('one'), 'absent')).toMatchObject({ won: true })
    expect(await store.write(KEY, text('two'), 'absent')).toEqual(LOST)
    expect(server.counts).toEqual({ PutObject: 4 })
  })

  it('fails when the conflicts do not end', async () => {
    const { server, store } = await opened()
    server.faults.set(() => CONFLICT)
    const failing = { code: 'store-failed', details: { error: 'ConditionalRequestConflict' } }
    await expect(store.write(KEY, text('one'), 'absent')).rejects.toMatchObject(failing)
    expect(server.counts).toEqual({ PutObject: 5 })
  })

  it('remembers a lost answer through a conflict', async () => {
    const { server, store } = await opened()
    const answers: readonly Fault[] = [LOST_ANSWER, CONFLICT]
    server.faults.set(({ operation, count }) => (operation === 'PutObject' ? answers[count - 1] : undefined))
    expect(await store.write(KEY, text('one'), 'absent')).toMatchObject({ won: true })
    expect(server.counts).toEqual({ PutObject: 3, HeadObject: 1 })
  })
})

describe('what is sent', () => {
  it.each(['', '*', '"*', 'none', '"', '""', 'W/"0f"', '"0f"\r\nx: y', '0f'.repeat(32)])(
    'never asks to replace %j',
    async (etag) => {
      const { server, store } = await opened()
      expect(await store.write(KEY, text('two'), { etag })).toEqual(LOST)
      expect(server.counts).toEqual({})
    },
  )

  it('asks once when there is no doubt', async () => {
    const { server, store } = await opened()
    const etag = etagOf(await store.write(KEY, text('one'), 'absent'))
    await store.write(KEY, text('two'), 'absent')
    await store.write(KEY, text('two'), { etag })
    await store.write(KEY, text('three'), { etag })
    await store.remove(KEY)
    await store.write(KEY, text('three'), { etag })
    expect(server.counts).toEqual({ PutObject: 5, DeleteObject: 1 })
  })

  it('records the SHA-256 as the checksum, and the attempt', async () => {
    const { server, store, prefix } = await opened()
    await store.write(KEY, text('one'), 'absent')
    const value = Buffer.from(sha256('one'), 'hex').toString('base64')
    const [[key, record] = []] = [...server.objects]
    expect(key).toBe(`${prefix}/${KEY}`)
    expect(record?.checksum).toEqual({ algorithm: 'sha256', value })
    expect(record?.metadata).toEqual({ attempt: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  })

  it('does not mistake another error for a lost write', async () => {
    const { server, store } = await opened()
    server.faults.set(() => ({ kind: 'error', status: 404, code: 'NoSuchBucket' }))
    for (const condition of ['absent', { etag: '"0f"' }] as const) {
      await expect(store.write(KEY, text('one'), condition)).rejects.toMatchObject({ code: 'store-failed' })
    }
  })
})

/** Faults that come and go as one number says. Whoever is patient gets through: every request's third sending is spared. */
function weather(seed: number): FaultRule {
  let state = seed
  const kinds: readonly (Fault | undefined)[] = [
    undefined,
    undefined,
    LOST_ANSWER,
    { kind: 'reset' },
    INTERNAL_ERROR,
    { kind: 'lying error', status: 500, code: 'InternalError' },
    { kind: 'late', milliseconds: 3 },
  ]
  return ({ attempt }) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return attempt > 2 ? undefined : kinds[(state >>> 16) % kinds.length]
  }
}

const RACERS = 12

describe('racers in bad weather', () => {
  it.each([1, 2, 3, 4, 5, 6])('exactly one creates, though all have the same bytes (%i)', async (seed) => {
    const { server, store } = await opened()
    server.faults.set(weather(seed))
    const racers = Array.from({ length: RACERS }, () => store.write(KEY, text('same'), 'absent'))
    expect((await Promise.all(racers)).filter(({ won }) => won)).toHaveLength(1)
  })

  it.each([7, 8, 9])('exactly one replaces, and its bytes stand there (%i)', async (seed) => {
    const { server, store } = await opened()
    const etag = etagOf(await store.write(KEY, text('0'), 'absent'))
    server.faults.set(weather(seed))
    const racers = Array.from({ length: RACERS }, (_, i) => store.write(KEY, text(`racer ${i}`), { etag }))
    const results = await Promise.all(racers)
    server.faults.clear()
    expect(results.filter(({ won }) => won)).toHaveLength(1)
    const found = await store.read(KEY)
    expect(found?.bytes).toEqual(text(`racer ${results.findIndex(({ won }) => won)}`))
  })
})
