import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the clone. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** A file of ours, by its path from the root, with `/`. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** What an import statement (or a dynamic import) names: a path from the root for our own files, else a package. */
export interface Import {
  readonly target: string
  readonly isOwn: boolean
  readonly isType: boolean
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  )
}

const isThere = (folder: string): boolean => readdirSync(ROOT).includes(folder)

/** Every code file below these folders of the root; a folder that is not there has none. */
export const sourcesBelow = (...folders: readonly string[]): readonly Source[] =>
  folders
    .filter(isThere)
    .flatMap((folder) => walk(join(ROOT, folder)))
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => ({
      path: relative(ROOT, path).replaceAll('\\', '/'),
      text: readFileSync(path, 'utf8'),
    }))

const STATIC = /^(?:import|export)\b(\s+type\b)?(?:[^'"`;]*?\bfrom)?\s*'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'/g

/** All imports of a source. Those that the types alone need are marked: they vanish when it runs. */
export function importsOf({ path, text }: Source): readonly Import[] {
  const named = [
    ...[...text.matchAll(STATIC)].map(([, type, target]) => ({ target, isType: type !== undefined })),
    ...[...text.matchAll(DYNAMIC)].map(([, target]) => ({ target, isType: false })),
  ]
  return named.map(({ target = '', isType }) => {
    const isOwn = target.startsWith('.')
    return { target: isOwn ? normalize(join(dirname(path), target)) : target, isOwn, isType }
  })
}

/** The text without comments: rules look at code, and words in comments are free. */
export const codeOf = ({ text }: Source): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/\s\/\/ .*$/gm, '')

/** The package of an import: `@scope/name` or `name`. */
export const packageOf = (target: string): string =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
