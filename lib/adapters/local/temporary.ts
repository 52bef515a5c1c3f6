import { randomUUID } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeFile } from './durable.ts'
import { unless } from './failure.ts'

/** Milliseconds after which a temporary file or a marker without an object is a dead writer's. */
export const ABANDONED = 24 * 60 * 60 * 1000

/** Bytes on their way into the warehouse, on its own file system, so that they can be linked or renamed into place. */
export interface TemporaryFile {
  readonly path: string
  readonly number: string
}

const temporaryFolder = (root: string): string => join(root, '.tmp')

/** A new path in the warehouse's folder for temporary files, which is made when missing. */
export async function temporaryPath(root: string): Promise<string> {
  await makeFolder(temporaryFolder(root))
  return join(temporaryFolder(root), randomUUID())
}

/** Whether a file was last written so long ago that its writer must be dead. A missing file is not. */
export async function isAbandoned(path: string): Promise<boolean> {
  const found = await unless(['ENOENT'], stat(path))
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED
}

/** Removes the temporary files that killed writers left behind. */
export async function sweepTemporary(root: string): Promise<void> {
  const names = (await unless(['ENOENT'], readdir(temporaryFolder(root)))) ?? []
  for (const name of names) {
    const path = join(temporaryFolder(root), name)
    if (await isAbandoned(path)) await rm(path, { force: true })
  }
}

/** Writes bytes to a temporary file, durably, for as long as the task runs; the task may rename it away. */
export async function withTemporary<T>(
  root: string,
  bytes: Uint8Array,
  task: (file: TemporaryFile) => Promise<T>,
): Promise<T> {
  const path = await temporaryPath(root)
  try {
    return await task({ path, number: await writeFile(path, bytes) })
  } finally {
    await rm(path, { force: true })
  }
}
