import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fileCache } from '../../lib/adapters/local/cache.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { ObjectInfo, ObjectStore } from '../../lib/core/ports.ts'
import { diskFolder } from '../package/disk.ts'
import { etagOf, text } from './bytes.ts'

const KEY = 'current/entity=users/site=demo/data.parquet'
const MONTH = 31 * 24 * 3_600_000

let base: string
beforeAll(async () => {
  base = await diskFolder('cache')
})
afterAll(() => rm(base, { recursive: true, force: true }))

/** A store that writes down which keys were read. */
function watched(): { store: ObjectStore; reads: string[] } {
  const [inner, reads] = [memoryStore(), [] as string[]]
  return {
    reads,
    store: {
      ...inner,
      read: (key) => {
        reads.push(key)
        return inner.read(key)
      },
    },
  }
}

let root: string
let store: ObjectStore
let reads: string[]
beforeEach(async () => {
  root = await mkdtemp(join(base, 'root-'))
  ;({ store, reads } = watched())
})

const open = (name = 's3://bucket/prefix') => fileCache({ root, name, store })
const infoOf = async (): Promise<ObjectInfo> => {
  const info = await store.head(KEY)
  if (info === undefined) throw new Error('there is no object')
  return info
}

describe('the cache of a bucket', () => {
  test('fetches an object once, and keeps its key in the path', async () => {
    await store.write(KEY, text('one'), 'absent')
    const path = await open().file(await infoOf())
    expect(path.endsWith(`/${KEY}`)).toBe(true)
    expect(await readFile(path, 'utf8')).toBe('one')
    expect(await open().file(await infoOf())).toBe(path)
    expect(reads).toEqual([KEY])
  })

  test('fetches the new state of an object that was replaced', async () => {
    const first = etagOf(await store.write(KEY, text('one'), 'absent'))
    const cache = open()
    const old = await infoOf()
    const before = await cache.file(old)
    await store.write(KEY, text('two'), { etag: first })
    expect(await readFile(await cache.file(await infoOf()), 'utf8')).toBe('two')
    expect(await readFile(before, 'utf8')).toBe('one')
    expect(await cache.file(old)).toBe(before)
  })

  test('gives the present state where the listed one is gone', async () => {
    const first = etagOf(await store.write(KEY, text('one'), 'absent'))
    const old = await infoOf()
    await store.write(KEY, text('two'), { etag: first })
    const cache = open()
    expect(await readFile(await cache.file(old), 'utf8')).toBe('two')
    await store.remove(KEY)
    await expect(cache.file({ ...old, etag: 'never' })).rejects.toMatchObject({ code: 'store-conflict' })
  })

  test.each([
    ['changed', (path: string) => writeFile(path, 'xne')],
    ['cut', (path: string) => writeFile(path, 'o')],
    ['taken away', (path: string) => rm(path)],
  ])('never reads a copy that was %s', async (_, harm) => {
    await store.write(KEY, text('one'), 'absent')
    const cache = open()
    await harm(await cache.file(await infoOf()))
    expect(await readFile(await cache.file(await infoOf()), 'utf8')).toBe('one')
    expect(reads).toEqual([KEY, KEY])
  })

  test('keeps two buckets apart', async () => {
    const [one, two] = [await open('s3://one'), await open('s3://two')]
    expect(one.folder).not.toBe(two.folder)
  })

  test('is for its user alone', async () => {
    await store.write(KEY, text('one'), 'absent')
    const cache = open()
    await cache.file(await infoOf())
    expect((await stat(cache.folder)).mode & 0o077).toBe(0)
  })

  test('takes away what was not used for a month, and nothing else', async () => {
    await store.write(KEY, text('one'), 'absent')
    await store.write(`${KEY}.2`, text('two'), 'absent')
    const cache = open()
    await cache.file(await infoOf())
    const [aged] = await readdir(cache.folder)
    for (const info of await store.list('')) await cache.file(info)
    const then = new Date(Date.now() - MONTH)
    await utimes(join(cache.folder, aged ?? ''), then, then)
    for (const info of await store.list(`${KEY}.2`)) await open().file(info)
    expect(await readdir(cache.folder)).toHaveLength(1)
    expect(await readdir(cache.folder)).not.toContain(aged)
  })

  test('serves many at once, of one object too', async () => {
    await store.write(KEY, text('one'), 'absent')
    const cache = open()
    const info = await infoOf()
    const paths = await Promise.all(Array.from({ length: 20 }, () => cache.file(info)))
    expect(new Set(paths).size).toBe(1)
    expect(await readFile(paths[0] ?? '', 'utf8')).toBe('one')
  })

  test('makes nothing before it is needed', async () => {
    open()
    expect(await readdir(root)).toEqual([])
  })

  test('says that it is the cache that cannot be used, and how to name another', async () => {
    await store.write(KEY, text('one'), 'absent')
    await writeFile(join(root, 'file'), '')
    const cache = fileCache({ root: join(root, 'file'), name: 'x', store })
    await expect(cache.file(await infoOf())).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining(`the cache ${join(root, 'file')}`),
      next: expect.stringContaining('XDG_CACHE_HOME'),
    })
  })
})
