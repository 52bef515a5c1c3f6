import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Mutant } from './mutants.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const ENGINE = '@duckdb/node-api'
/** Where the source is that mutants change. */
export const LIB = join(HERE, '../../lib')

/** A source with a mutant's edits. Throws when one of them does not stand just once: a mutant that changes nothing proves nothing. */
export function edited(source: string, { name, file, edits }: Mutant): string {
  return edits.reduce((text, [find, put]) => {
    const count = text.split(find).length - 1
    if (count !== 1)
      throw new Error(
        `the mutant "${name}" looks for a text that stands ${count} times in lib/${file}: ${find}`,
      )
    return text.replace(find, () => put)
  }, source)
}

const mutating = (mutant: Mutant): Plugin => ({
  name: 'mutant',
  setup: (bundler) => {
    const path = join(LIB, mutant.file)
    bundler.onLoad({ filter: /\.ts$/ }, async (asked) =>
      asked.path === path
        ? { contents: edited(await readFile(path, 'utf8'), mutant), loader: 'ts' }
        : undefined,
    )
  },
})

/** DuckDB stays where it is installed: its binary cannot be bundled, and is not found from elsewhere. */
const installedEngine: Plugin = {
  name: 'engine',
  setup: (bundler) => {
    const path = createRequire(import.meta.url).resolve(ENGINE)
    bundler.onResolve({ filter: new RegExp(`^${ENGINE}$`) }, () => ({ path, external: true }))
  },
}

/** Bundles the simulation, with a mutant in it when one is given, into a file that plays seeds until one is wrong; the source stays as it is. */
export async function bundleSimulation(outfile: string, mutant?: Mutant): Promise<void> {
  await build({
    entryPoints: [join(HERE, 'until-wrong.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    plugins: [installedEngine, ...(mutant === undefined ? [] : [mutating(mutant)])],
    // Packages of CommonJS ask for Node's modules by `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
  })
}
