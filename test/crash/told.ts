import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { type Hit, scanWorld } from '../canary/scan.ts'
import type { Canary } from '../canary/spellings.ts'
import type { ProgramEnd } from './program.ts'

/** A program that ended, and the secret that it was given. */
export interface Told extends Pick<ProgramEnd, 'out' | 'err'> {
  readonly secret: Canary
}

/** What a look at a warehouse and at what was said came to. */
export interface Look {
  readonly hits: readonly Hit[]
  /** Objects that look packed and could not be opened; what stands in `.tmp` may be torn, and is searched as it is. */
  readonly unread: readonly string[]
  readonly places: number
}

/** Looks for secrets and for anything else in what programs said, and in every file that is new since the last look. */
export type Lookout = (root: string, ended: readonly Told[], more?: readonly Canary[]) => Promise<Look>

const filesIn = async (root: string): Promise<readonly string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))

/**
 * A lookout over warehouses in folders, temporary files and all. No program may run in a warehouse while it is looked
 * at. A file is looked at again only when it changed: what was written before a run cannot hold the run's secret.
 */
export function openLookout(): Lookout {
  const seen = new Map<string, string>()
  const isNew = async (path: string): Promise<boolean> => {
    const { ino, mtimeMs, size } = await stat(path)
    const version = [ino, mtimeMs, size].join()
    if (seen.get(path) === version) return false
    seen.set(path, version)
    return true
  }
  return async (root, ended, more = []) => {
    const objects: [string, Uint8Array][] = []
    for (const path of await filesIn(root))
      if (await isNew(path)) objects.push([relative(root, path).replaceAll(sep, '/'), await readFile(path)])
    const texts = Object.fromEntries(
      ended.flatMap(({ out, err }, i) => [
        [`stdout ${i}`, out],
        [`stderr ${i}`, err],
      ]),
    )
    const canaries = [...ended.map(({ secret }) => secret), ...more]
    const { hits, unread, places } = await scanWorld(canaries, { texts, objects })
    return { hits, unread: unread.filter((place) => !place.startsWith('.tmp/')), places }
  }
}
