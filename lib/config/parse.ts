import { dirname, resolve } from 'node:path'
import { acrossMistakes } from './across.ts'
import type { Configuration } from './configuration.ts'
import { readDocument } from './document.ts'
import { type Environment, setTo } from './environment.ts'
import { secretMistakes, shapeMistakes } from './issues.ts'
import { mistakesError } from './mistake.ts'
import { resolveSite } from './resolve.ts'
import { fileShape } from './shape.ts'

/** A configuration file that was read, and what it is read against. */
export interface ConfigurationInput {
  /** As it was given; messages name it so. */
  readonly path: string
  readonly text: string
  /** Names of all entities, in the registry's order. */
  readonly entities: readonly string[]
  /** The working folder, absolute: a relative `path` and TABLEAU_CA_FILE are relative to it. */
  readonly cwd: string
  /** TABLEAU_CA_FILE stands in where neither a site nor the top names a `caFile`. */
  readonly env?: Environment
}

/**
 * The sites of a configuration file, with every default filled in and every path absolute. Throws `bad-configuration`
 * with all that is wrong, one a line: `file:line:column path: what`. No message repeats a secret.
 */
export function parseConfiguration({
  path,
  text,
  entities,
  cwd,
  env = {},
}: ConfigurationInput): Configuration {
  // Editors on Windows begin a file with a mark that is no part of it.
  const plain = text.replace(/^\uFEFF/, '')
  const { root, value, mistakes } = readDocument(plain)
  if (root === undefined) throw mistakesError(path, plain, mistakes)
  // Read once: to compile the shape first takes longer than to walk it.
  const { data: file, error } = fileShape(entities).safeParse(value, { jitless: true })
  const all = [
    ...mistakes,
    ...secretMistakes(root),
    ...shapeMistakes(error?.issues ?? [], root),
    ...acrossMistakes(value, root, entities),
  ]
  if (file === undefined || all.length > 0) throw mistakesError(path, plain, all)
  const folder = resolve(cwd, dirname(path))
  const named = setTo(env, 'TABLEAU_CA_FILE')
  const caFile = named === '' ? undefined : resolve(cwd, named)
  return {
    source: path,
    sites: file.sites.map((site) => resolveSite(site, { file, folder, entities, caFile })),
    ...(file.aws === undefined ? {} : { aws: file.aws }),
  }
}
