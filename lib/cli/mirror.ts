import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fewAtOnce } from './few-at-once.ts'
import { READABLE } from './shelf.ts'
import type { Warehouse } from './warehouse.ts'

/** The keys of the files below a folder, relative and with `/`. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((each) => each.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

/**
 * Copies what analysts read of a bucket into a folder, by way of the verified cache, and takes away what is gone from the
 * bucket. Answers the folder.
 */
export async function mirrored({ store, file }: Warehouse, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const infos = (await Promise.all(READABLE.map((area) => store.list(`${area}/`)))).flat()
  const { copyInto } = await import('../adapters/local/cache.ts')
  await fewAtOnce(infos, async (info) => copyInto(join(folder, info.key), await file(info)))
  const wanted = new Set(infos.map(({ key }) => join(folder, key)))
  for (const path of await filesBelow(folder)) if (!wanted.has(path)) await rm(path, { force: true })
  return folder
}
