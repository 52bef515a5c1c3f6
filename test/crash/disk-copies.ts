import { cp, mkdtemp, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { diskStore } from '../../lib/adapters/local/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Plan } from './every-operation.ts'

/** Writes a store's objects into a new folder. */
async function written(store: ObjectStore, base: string): Promise<string> {
  const root = await mkdtemp(join(base, 'template-'))
  const disk = diskStore(root)
  for (const { key } of await store.list('')) {
    const object = await store.read(key)
    if (object !== undefined) await disk.write(key, object.bytes, 'absent')
  }
  return root
}

/** Every Parquet file that is published in a folder, as a pattern of a shell or an engine finds them. */
async function globbed(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const keys = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  return keys.filter((key) => /^(snapshot|coverage|current|history|event)\//.test(key)).sort()
}

/**
 * A warehouse on the disk for every blow, below `base`: the folder of a store is written once and copied from then on.
 * Whoever opens files by a pattern must find what the store lists, and nothing else.
 */
export function diskCopies(base: string): Required<Pick<Plan, 'copy' | 'look'>> {
  const templates = new Map<ObjectStore, Promise<string>>()
  const roots = new Map<ObjectStore, string>()
  return {
    copy: async (store) => {
      const template = templates.get(store) ?? written(store, base)
      templates.set(store, template)
      const root = await mkdtemp(join(base, 'warehouse-'))
      await cp(await template, root, { recursive: true })
      const disk = diskStore(root)
      roots.set(disk, root)
      return disk
    },
    look: async (store) => {
      const listed = new Set((await store.list('')).map(({ key }) => key))
      const files = await globbed(roots.get(store) ?? '')
      return files.filter((key) => !listed.has(key)).map((key) => `a file that is no object: ${key}`)
    },
  }
}
