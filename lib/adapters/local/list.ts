import { join } from 'node:path'
import type { ObjectInfo } from '../../core/ports.ts'
import { byKey } from '../key.ts'
import { readFolder } from './folder.ts'
import { placeOf } from './place.ts'
import { stateIn } from './state.ts'

async function walk(root: string, base: string, start: string): Promise<readonly ObjectInfo[]> {
  const folder = await readFolder(join(root, base))
  if (folder === undefined) return []
  const files = [...folder.files].filter((name) => name.startsWith(start))
  const folders = folder.folders.filter((name) => name.startsWith(start))
  const here = await Promise.all(files.map((name) => stateIn(folder, placeOf(root, base + name))))
  const below = await Promise.all(folders.map((name) => walk(root, `${base}${name}/`, '')))
  return [...here.filter((info) => info !== undefined), ...below.flat()]
}

/** All objects whose key starts with the prefix, in the order of their keys' code units. One reading per folder. */
export async function listObjects(root: string, prefix: string): Promise<readonly ObjectInfo[]> {
  const cut = prefix.lastIndexOf('/') + 1
  return [...(await walk(root, prefix.slice(0, cut), prefix.slice(cut)))].sort(byKey)
}
