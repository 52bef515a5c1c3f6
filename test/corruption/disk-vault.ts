import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { parseMarker } from '../../lib/adapters/local/marker.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { readableFolders } from '../../lib/cli/shelf.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Vault } from './vault.ts'
import type { World } from './world.ts'

type Folder = ReadonlyMap<string, Uint8Array>

/** Every folder below a root with the bytes of its files, by absolute path. */
async function picture(root: string): Promise<ReadonlyMap<string, Folder>> {
  const folders = new Map<string, Map<string, Uint8Array>>()
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const { parentPath, name } = entry
    const folder = folders.get(parentPath) ?? new Map<string, Uint8Array>()
    if (entry.isFile()) folders.set(parentPath, folder.set(name, await readFile(join(parentPath, name))))
  }
  return folders
}

/** Makes a folder hold just these files; the folders in it stay. */
async function refill(path: string, files: Folder): Promise<void> {
  await mkdir(path, { recursive: true })
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isFile() && !files.has(entry.name)) await rm(join(path, entry.name))
  for (const [name, bytes] of files) await writeFile(join(path, name), bytes)
}

/** A warehouse in a folder, whose files are changed as a failing disk or a person would. */
export async function diskVault({ objects }: World): Promise<Vault> {
  const root = await mkdtemp(join(tmpdir(), 'almanac-corruption-'))
  const touched = new Set<string>()
  const at = (key: string): string => {
    touched.add(dirname(join(root, key)))
    return join(root, key)
  }
  const disk = diskStore(root)
  const store: ObjectStore = {
    ...disk,
    write: (key, bytes, condition) => {
      at(key)
      return disk.write(key, bytes, condition)
    },
    remove: (key) => {
      at(key)
      return disk.remove(key)
    },
  }
  for (const [key, bytes] of objects) await store.write(key, bytes, 'absent')
  const whole = await picture(root)
  touched.clear()
  return {
    store,
    shelf: {
      store,
      folders: readableFolders(root),
      file: async ({ key }) => {
        await store.read(key)
        return join(root, key)
      },
    },
    put: async (key, bytes) => {
      await mkdir(dirname(at(key)), { recursive: true })
      await writeFile(at(key), bytes)
    },
    drop: (key) => rm(at(key)),
    mark: async (key, mark) => {
      const [folder, name] = [dirname(at(key)), basename(key)]
      for (const each of await readdir(folder))
        if (parseMarker(each)?.object === name) await rm(join(folder, each))
      if (mark !== undefined)
        await writeFile(join(folder, `.${name}.${mark.sha256}.${mark.size}.1.0badcafe`), '')
    },
    reset: async () => {
      for (const path of touched) await refill(path, whole.get(path) ?? new Map())
      touched.clear()
    },
    close: () => rm(root, { recursive: true, force: true }),
  }
}
