import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { diskFolder } from '../package/disk.ts'
import { etagOf, sha256, text } from './bytes.ts'

const KEY = 'snapshot/entity=users/site=demo/dt=2026-11-01/data.parquet'
const TWO_DAYS_AGO = new Date(Date.now() - 48 * 60 * 60 * 1000)

let base: string
let root: string
let store: ObjectStore
const path = (key: string): string => join(root, key)

beforeAll(async () => {
  base = await diskFolder('disk')
})
beforeEach(async () => {
  root = join(await mkdtemp(join(base, 'case-')), 'warehouse')
  store = diskStore(root)
})
afterAll(() => rm(base, { recursive: true, force: true }))

/** Every name below the root, folders aside. */
async function filesBelowRoot(): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
}

const markers = async (): Promise<readonly string[]> =>
  (await filesBelowRoot()).filter((name) => name.startsWith('.data.parquet.'))

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

describe('what lies on the disk', () => {
  it('makes a missing root at the first write, not before', async () => {
    expect(await store.read(KEY)).toBeUndefined()
    expect(await store.list('')).toEqual([])
    await store.remove(KEY)
    await expect(stat(root)).rejects.toMatchObject({ code: 'ENOENT' })
    await store.write(KEY, text('one'), 'absent')
    expect(await readFile(path(KEY), 'utf8')).toBe('one')
  })

  it('has the SHA-256 for its ETag', async () => {
    const etag = etagOf(await store.write(KEY, text('one'), 'absent'))
    expect(etag).toBe(sha256('one'))
    expect(etagOf(await store.write(KEY, text('two'), { etag }))).toBe(sha256('two'))
  })

  it('leaves one marker an object and no temporary file, whoever won', async () => {
    const racers = Array.from({ length: 10 }, (_, i) => store.write(KEY, text(`racer ${i % 5}`), 'absent'))
    const etag = (await Promise.all(racers)).flatMap((result) => (result.won ? [result.etag] : []))[0] ?? ''
    expect(await markers()).toHaveLength(1)
    await Promise.all(Array.from({ length: 10 }, (_, i) => store.write(KEY, text(`next ${i}`), { etag })))
    expect(await markers()).toHaveLength(1)
    expect(await readdir(path('.tmp'))).toEqual([])
    expect(await readdir(root)).toEqual(expect.arrayContaining(['.lock.duckdb', '.tmp', 'snapshot']))
  })

  it('removes markers and the folders left empty, up to what is in use', async () => {
    await store.write(KEY, text('one'), 'absent')
    await store.write('snapshot/entity=views/x', text('stays'), 'absent')
    await store.remove(KEY)
    expect(await readdir(path('snapshot'))).toEqual(['entity=views'])
    await store.remove('snapshot/entity=views/x')
    expect((await readdir(root)).sort()).toEqual(['.lock.duckdb', '.tmp'])
  })

  it('writes into folders that others prune', async () => {
    let isWriting = true
    const prune = async (): Promise<void> => {
      const folders = ['landing/run=1/shard=1', 'landing/run=1', 'landing']
      while (isWriting) for (const folder of folders) await rmdir(path(folder)).catch(() => undefined)
    }
    const write = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const key = `landing/run=1/shard=1/part-${i}`
        expect(await store.write(key, text(key), 'absent')).toMatchObject({ won: true })
        expect(await store.read(key)).toMatchObject({ sha256: sha256(key) })
        await store.remove(key)
      }
      isWriting = false
    }
    await Promise.all([write(), prune(), prune()])
    expect(await store.list('')).toEqual([])
  })

  it('sweeps temporary files older than a day, and those only', async () => {
    await mkdir(path('.tmp'), { recursive: true })
    await writeFile(path('.tmp/dead'), 'half')
    await utimes(path('.tmp/dead'), TWO_DAYS_AGO, TWO_DAYS_AGO)
    await writeFile(path('.tmp/alive'), 'half')
    await store.write(KEY, text('one'), 'absent')
    expect(await readdir(path('.tmp'))).toEqual(['alive'])
  })

  it('lists strangers that could be objects, and no other files', async () => {
    await store.write(KEY, text('one'), 'absent')
    await writeFile(path('.DS_Store'), 'x')
    await writeFile(path('snapshot/data copy.parquet'), 'x')
    await writeFile(path('snapshot/stranger.parquet'), 'x')
    expect((await store.list('')).map(({ key }) => key)).toEqual([KEY, 'snapshot/stranger.parquet'])
    await expect(store.read('snapshot/stranger.parquet')).rejects.toMatchObject({ code: 'corrupt-object' })
  })
})

describe('damage', () => {
  const flip = async (): Promise<void> => {
    const bytes = await readFile(path(KEY))
    bytes[2] = (bytes[2] ?? 0) ^ 1
    await writeFile(path(KEY), bytes)
  }
  const DAMAGES: Readonly<Record<string, () => Promise<void>>> = {
    'a flipped bit': flip,
    'a flipped bit beside a marker of a crashed writer': async () => {
      await plantMarker('never written')
      await flip()
    },
    truncation: () => truncate(path(KEY), 5),
    emptying: () => truncate(path(KEY), 0),
    'one byte more': () => writeFile(path(KEY), 'the bytes.x'),
    'a foreign file in its place': async () => {
      await writeFile(path('foreign'), 'foreign')
      await rename(path('foreign'), path(KEY))
    },
    'a lost marker': async () => {
      for (const name of await markers()) await rm(join(dirname(path(KEY)), name))
    },
  }

  it.each(Object.entries(DAMAGES))('is found: %s; and can be replaced', async (_, damage) => {
    await store.write(KEY, text('the bytes.'), 'absent')
    await damage()
    const found = sha256(await readFile(path(KEY), 'utf8'))
    await expect(store.read(KEY)).rejects.toMatchObject({
      code: 'corrupt-object',
      message: expect.stringContaining(KEY),
      details: { key: KEY, found: expect.stringContaining(found) },
    })
    const state = await store.head(KEY)
    expect(await store.list('snapshot/')).toEqual([state])
    expect(await store.write(KEY, text('healed'), { etag: state?.etag ?? '' })).toMatchObject({ won: true })
    expect(await store.read(KEY)).toMatchObject({ sha256: sha256('healed') })
  })

  it('names the hash that was recorded', async () => {
    await store.write(KEY, text('the bytes.'), 'absent')
    await flip()
    const expected = `${sha256('the bytes.')} (10 bytes)`
    await expect(store.read(KEY)).rejects.toMatchObject({ details: { expected } })
  })

  it('is not seen where the warehouse was copied', async () => {
    const etag = etagOf(await store.write(KEY, text('one'), 'absent'))
    const copied = `${root}-copy`
    await cp(root, copied, { recursive: true })
    const copy = diskStore(copied)
    expect(await copy.read(KEY)).toMatchObject({ sha256: sha256('one') })
    expect(await copy.write(KEY, text('two'), { etag })).toMatchObject({ won: true })
    expect(await copy.read(KEY)).toMatchObject({ sha256: sha256('two') })
    root = copied
    expect(await markers()).toHaveLength(1)
  })
})

describe('a disk that refuses', () => {
  const failed = (code: string) => ({
    code: 'store-failed',
    message: expect.stringMatching(new RegExp(`${code}`)),
  })

  it('a file in the place of the root', async () => {
    await writeFile(root, 'x')
    const refused = { ...failed('ENOTDIR|EEXIST'), details: expect.objectContaining({ root, key: KEY }) }
    await expect(store.write(KEY, text('x'), 'absent')).rejects.toMatchObject(refused)
    await expect(store.write(KEY, text('x'), { etag: 'x' })).rejects.toMatchObject(refused)
    await expect(store.read(KEY)).rejects.toMatchObject(refused)
    await expect(store.head(KEY)).rejects.toMatchObject(refused)
    await expect(store.remove(KEY)).rejects.toMatchObject(refused)
    await expect(store.list('snapshot/')).rejects.toMatchObject(failed('ENOTDIR'))
  })

  it('a file in the place of a folder', async () => {
    await mkdir(root)
    await writeFile(path('snapshot'), 'x')
    await expect(store.write(KEY, text('x'), 'absent')).rejects.toMatchObject(failed('ENOTDIR'))
    await expect(store.read(KEY)).rejects.toMatchObject(failed('ENOTDIR'))
  })

  it('a file in the place of the folder for temporary files', async () => {
    await mkdir(root)
    await writeFile(path('.tmp'), 'x')
    await expect(store.write(KEY, text('x'), 'absent')).rejects.toMatchObject(failed('ENOTDIR|EEXIST'))
    await rm(path('.tmp'))
    expect(await store.write(KEY, text('x'), 'absent')).toMatchObject({ won: true })
  })

  it('a folder in the place of an object', async () => {
    await mkdir(path(KEY), { recursive: true })
    await expect(store.write(KEY, text('x'), 'absent')).rejects.toMatchObject(failed('is a folder'))
    expect(await store.read(KEY)).toBeUndefined()
  })

  it('a link in the place of a folder', async () => {
    await mkdir(root)
    await symlink(base, path('snapshot'))
    await expect(store.list('')).rejects.toMatchObject(failed('neither a file nor a folder'))
  })

  it('a damaged lock file', async () => {
    const etag = etagOf(await store.write(KEY, text('one'), 'absent'))
    await copyFile(path(KEY), path('.lock.duckdb'))
    const refused = { ...failed('.lock.duckdb'), next: expect.stringContaining('delete') }
    await expect(store.write(KEY, text('two'), { etag })).rejects.toMatchObject(refused)
    expect(await store.read(KEY)).toMatchObject({ sha256: sha256('one') })
    expect(await markers()).toHaveLength(1)
  })

  it.skipIf(process.getuid?.() === 0)('a folder that may not be written', async () => {
    await store.write(KEY, text('one'), 'absent')
    await chmod(dirname(path(KEY)), 0o500)
    await expect(store.write(KEY, text('two'), { etag: sha256('one') })).rejects.toMatchObject(
      failed('EACCES'),
    )
    await chmod(dirname(path(KEY)), 0o700)
    expect(await store.read(KEY)).toMatchObject({ sha256: sha256('one') })
  })
})
