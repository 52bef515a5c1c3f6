import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AlmanacError } from '../../core/errors.ts'
import type { ObjectInfo, ObjectStore } from '../../core/ports.ts'
import { sha256 } from '../../core/sha256.ts'
import { onDisk, unless } from './failure.ts'

/** A folder of verified copies of a store's objects, for an engine that reads files. */
export interface FileCache {
  /** Absolute; nothing of another store is below it. */
  readonly folder: string
  /** The path of the copy of an object in just this state; fetched when it is not there or not whole. */
  file(info: ObjectInfo): Promise<string>
}

/** What a cache is over: `root` is shared by all stores, `name` tells them apart. */
export interface CacheOptions {
  readonly root: string
  readonly name: string
  readonly store: Pick<ObjectStore, 'read'>
}

const UNUSED_AFTER_MS = 30 * 24 * 3_600_000

/** The folder of an object's state: its key and ETag name it, whatever letters an ETag may have. */
const stateFolder = (cache: string, { key, etag }: Pick<ObjectInfo, 'key' | 'etag'>): string =>
  join(cache, sha256(`${key}\n${etag}`).slice(0, 32))

/** Takes away what no question needed for a month. Another process may do the same: what is gone is gone. */
async function prune(cache: string, now: number): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name)
    const found = await unless(['ENOENT'], stat(path))
    if (found !== undefined && now - found.mtimeMs > UNUSED_AFTER_MS)
      await rm(path, { recursive: true, force: true })
  }
}

/** The copy's path when its bytes are those that were verified; a damaged one counts as absent. */
async function wholeCopy(folder: string, key: string): Promise<string | undefined> {
  const names = (await unless(['ENOENT'], readdir(folder))) ?? []
  const recorded = names.find((name) => /^[0-9a-f]{64}$/.test(name))
  if (recorded === undefined) return undefined
  const path = join(folder, recorded, key)
  const bytes = await unless(['ENOENT'], readFile(path))
  if (bytes === undefined || sha256(bytes) !== recorded) return undefined
  const now = new Date()
  await unless(['ENOENT', 'EPERM'], utimes(folder, now, now))
  return path
}

/** Fetches an object and keeps a copy; one that was replaced since it was listed is kept as what it is now. */
async function fetched(cache: string, { key }: ObjectInfo, store: CacheOptions['store']): Promise<string> {
  const object = await store.read(key)
  if (object === undefined) throw new AlmanacError('store-conflict', `${key} was listed and is gone`)
  const path = join(stateFolder(cache, object), object.sha256, key)
  await mkdir(dirname(path), { recursive: true })
  const temporary = join(dirname(path), `.${randomUUID()}`)
  await writeFile(temporary, object.bytes)
  await rename(temporary, path)
  return path
}

/**
 * Opens the cache of a store. Copies lie below the ETag they had and the SHA-256 they were verified with, which is checked
 * at each use, so that neither an old nor a damaged copy is ever read. The key ends the path: partitions are read from it.
 */
export async function fileCache({ root, name, store }: CacheOptions): Promise<FileCache> {
  const folder = join(root, sha256(name).slice(0, 32))
  await onDisk(root, name, async () => {
    // People's names may be in it.
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await prune(folder, Date.now())
  })
  return {
    folder,
    file: (info) =>
      onDisk(
        root,
        info.key,
        async () => (await wholeCopy(stateFolder(folder, info), info.key)) ?? fetched(folder, info, store),
      ),
  }
}

/** Copies a file to a path, whole or not at all; folders on the way are made. */
export async function copyInto(path: string, from: string): Promise<void> {
  await onDisk(path, from, async () => {
    await mkdir(dirname(path), { recursive: true })
    const temporary = join(dirname(path), `.${randomUUID()}`)
    await copyFile(from, temporary)
    await rename(temporary, path)
  })
}
