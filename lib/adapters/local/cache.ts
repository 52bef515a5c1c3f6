import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AlmanacError } from '../../core/errors.ts'
import type { ObjectInfo, ObjectStore, StoredObject } from '../../core/ports.ts'
import { sha256 } from '../../core/sha256.ts'
import { isSystemError, onDisk, unless } from './failure.ts'

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

/** Keeps a copy of an object; one that was replaced since it was listed is kept as what it is now. */
async function kept(cache: string, object: StoredObject): Promise<string> {
  const path = join(stateFolder(cache, object), object.sha256, object.key)
  await mkdir(dirname(path), { recursive: true })
  const temporary = join(dirname(path), `.${randomUUID()}`)
  await writeFile(temporary, object.bytes)
  await rename(temporary, path)
  return path
}

/** Does a task in the cache; the operating system's errors become `store-failed`, naming it and not the warehouse. */
async function inCache<T>(folder: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (thrown) {
    if (!isSystemError(thrown)) throw thrown
    throw new AlmanacError('store-failed', `the cache ${folder} cannot be used: ${thrown.message}`, {
      cause: thrown,
      next: 'Let its folder be written to, or name another one in XDG_CACHE_HOME.',
    })
  }
}

/**
 * The cache of a store; its folder is made at the first object. Copies lie below the ETag they had and the SHA-256 they were verified with, which is checked
 * at each use, so that neither an old nor a damaged copy is ever read. The key ends the path: partitions are read from it.
 */
export function fileCache({ root, name, store }: CacheOptions): FileCache {
  const folder = join(root, sha256(name).slice(0, 32))
  let opened: Promise<void> | undefined
  const open = (): Promise<void> => {
    opened ??= inCache(folder, async () => {
      // People's names may be in it.
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await prune(folder, Date.now())
    })
    return opened
  }
  return {
    folder,
    file: async (info) => {
      await open()
      const copy = await inCache(folder, () => wholeCopy(stateFolder(folder, info), info.key))
      if (copy !== undefined) return copy
      const object = await store.read(info.key)
      if (object === undefined) throw new AlmanacError('store-conflict', `${info.key} was listed and is gone`)
      return inCache(folder, () => kept(folder, object))
    },
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
