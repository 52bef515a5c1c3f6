import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withLock } from '../../lib/adapters/local/lock.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { diskFolder } from '../package/disk.ts'
import { etagOf, sha256, text } from './bytes.ts'

const KEY = 'snapshot/entity=users/site=demo/dt=2026-11-01/data.parquet'
const TWO_DAYS_AGO = new Date(Date.now() - 48 * 60 * 60 * 1000)
const LOST = { won: false }

let base: string
let root: string
let store: ObjectStore
const path = (key: string): string => join(root, key)

beforeAll(async () => {
  base = await diskFolder('crash')
})
beforeEach(async () => {
  root = await mkdtemp(join(base, 'warehouse-'))
  store = diskStore(root)
})
afterAll(() => rm(base, { recursive: true, force: true }))

const markers = async (): Promise<readonly string[]> =>
  (await readdir(dirname(path(KEY)))).filter((name) => name.startsWith('.data.parquet.'))

/** A marker as a crashed writer of these bytes leaves it. */
async function plantMarker(value: string, file = '1'): Promise<string> {
  const marker = join(
    dirname(path(KEY)),
    `.data.parquet.${sha256(value)}.${text(value).length}.${file}.0badcafe`,
  )
  await mkdir(dirname(marker), { recursive: true })
  await writeFile(marker, '')
  return marker
}

describe('a crash', () => {
  it('before the marker leaves nothing but a temporary file', async () => {
    await mkdir(path('.tmp'), { recursive: true })
    await writeFile(path('.tmp/half'), 'ha')
    expect(await store.list('')).toEqual([])
    expect(await store.write(KEY, text('one'), 'absent')).toMatchObject({ won: true })
  })

  it.each([
    ['the same bytes', 'one'],
    ['other bytes', 'two'],
  ])('between marker and link leaves no object; the next writer brings %s', async (_, value) => {
    await plantMarker('one')
    expect(await store.head(KEY)).toBeUndefined()
    expect(await store.read(KEY)).toBeUndefined()
    expect(await store.list('')).toEqual([])
    expect(await store.write(KEY, text('never'), { etag: sha256('one') })).toEqual(LOST)
    const etag = etagOf(await store.write(KEY, text(value), 'absent'))
    expect(await store.read(KEY)).toMatchObject({ etag: sha256(value) })
    expect(await store.list('')).toEqual([{ key: KEY, etag, size: 3 }])
  })

  it('between link and unlink leaves a whole object', async () => {
    await store.write(KEY, text('one'), 'absent')
    await link(path(KEY), path('.tmp/left'))
    expect(await store.read(KEY)).toMatchObject({ sha256: sha256('one') })
    expect(await store.write(KEY, text('two'), { etag: sha256('one') })).toMatchObject({ won: true })
    expect(await readFile(path('.tmp/left'), 'utf8')).toBe('one')
  })

  it('between marker and rename leaves the old object', async () => {
    const etag = etagOf(await store.write(KEY, text('old'), 'absent'))
    await plantMarker('longer new')
    const old = { key: KEY, etag, size: 3 }
    expect(await store.read(KEY)).toMatchObject({ etag: sha256('old') })
    expect(await store.head(KEY)).toEqual(old)
    expect(await store.list('')).toEqual([old])
    expect(await store.write(KEY, text('x'), { etag: sha256('longer new') })).toEqual(LOST)
    expect(await store.write(KEY, text('next'), { etag })).toMatchObject({ won: true })
  })

  it('between rename and clean-up leaves the new object', async () => {
    const old = etagOf(await store.write(KEY, text('old'), 'absent'))
    const etag = etagOf(await store.write(KEY, text('longer new'), { etag: old }))
    await plantMarker('old')
    const state = { key: KEY, etag, size: 10 }
    expect(await store.read(KEY)).toMatchObject({ etag: sha256('longer new') })
    expect(await store.head(KEY)).toEqual(state)
    expect(await store.list('')).toEqual([state])
    expect(await store.write(KEY, text('x'), { etag: old })).toEqual(LOST)
    expect(await store.write(KEY, text('next'), { etag })).toMatchObject({ won: true })
  })

  it('between unlink and the markers of a removal leaves no object', async () => {
    await store.write(KEY, text('one'), 'absent')
    await rm(path(KEY))
    expect(await store.head(KEY)).toBeUndefined()
    expect(await store.write(KEY, text('two'), 'absent')).toMatchObject({ won: true })
    expect(await store.read(KEY)).toMatchObject({ sha256: sha256('two') })
  })

  it('leaves markers that the next replacement clears after a day, and not those of a writer under way', async () => {
    const etag = etagOf(await store.write(KEY, text('one'), 'absent'))
    const dead = await plantMarker('dead')
    await utimes(dead, TWO_DAYS_AGO, TWO_DAYS_AGO)
    const alive = await plantMarker('one', '2')
    await store.write(KEY, text('two'), { etag })
    expect(await markers()).toHaveLength(2)
    await stat(alive)
    await store.remove(KEY)
    expect(await markers()).toHaveLength(1)
    await stat(alive)
  })

  it('never finds the lock file half made, so that a death while making it blocks nobody', async () => {
    const sizes = new Set<number>()
    for (let i = 0; i < 40; i++) {
      const fresh = await mkdtemp(join(base, 'lock-'))
      let isDone = false
      const held = withLock({ root: fresh, key: KEY, deadlineMs: 1000 }, async () => undefined).finally(
        () => {
          isDone = true
        },
      )
      while (!isDone) sizes.add((await stat(join(fresh, '.lock.duckdb')).catch(() => undefined))?.size ?? -1)
      await held
      expect(await readdir(join(fresh, '.tmp'))).toEqual([])
      sizes.add((await stat(join(fresh, '.lock.duckdb'))).size)
    }
    sizes.delete(-1)
    expect([...sizes]).toEqual([expect.any(Number)])
    expect(sizes).not.toContain(0)
  })
})
