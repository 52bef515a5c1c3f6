// Builds the command line to the one file dist/almanac.js, when its sources changed.
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { isMain, ROOT, requireNode } from './install.mjs'

/** The one file that the command line is built to. */
export const BUILT = join(ROOT, 'dist', 'almanac.js')

const ENGINE = '@duckdb/node-api'

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

/** One hash over everything the built file is made of. */
function sourcesHash() {
  const fixed = ['bin/almanac.ts', 'bin/build.mjs', 'package.json', 'package-lock.json']
  const files = fixed.map((path) => join(ROOT, path)).concat(filesBelow(join(ROOT, 'lib')).sort())
  const hash = createHash('sha256')
  for (const file of files) {
    const bytes = readFileSync(file)
    hash.update(`${relative(ROOT, file)} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

/**
 * The engine is a native package and stays outside. An import of it would move to the top of the file and be loaded for
 * --help too (a fifth of a second), so it becomes a require that runs where the import stood.
 */
const engineOnDemand = {
  name: 'engine-on-demand',
  setup(build) {
    build.onResolve({ filter: /^@duckdb\/node-api$/ }, ({ namespace }) =>
      namespace === ENGINE ? { path: ENGINE, external: true } : { path: ENGINE, namespace: ENGINE },
    )
    build.onLoad({ filter: /.*/, namespace: ENGINE }, () => ({
      contents: `module.exports = require(${JSON.stringify(ENGINE)})`,
    }))
  },
}

async function bundle(footer) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['bin/almanac.ts'],
    outfile: BUILT,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    legalComments: 'eof',
    logLevel: 'error',
    define: { 'process.env.ALMANAC_VERSION': JSON.stringify(version) },
    // Packages written for require() are inside; they find Node's own modules by it.
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as createRequireOf } from 'node:module'\nconst require = createRequireOf(import.meta.url)",
    },
    footer: { js: footer },
    // Its build for require() asks for its own files by names that no bundler can see.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    plugins: [engineOnDemand],
  })
  return outputFiles[0].contents
}

/** Whole or not at all: two commands may build at once, and one may be running what the other replaces. */
function put(bytes) {
  mkdirSync(dirname(BUILT), { recursive: true })
  const unfinished = `${BUILT}.${randomBytes(4).toString('hex')}`
  writeFileSync(unfinished, bytes)
  chmodSync(unfinished, 0o755)
  renameSync(unfinished, BUILT)
}

const isBuilt = (footer) => existsSync(BUILT) && readFileSync(BUILT, 'utf8').trimEnd().endsWith(footer)

/** Builds when what is there was made of other sources; says whether it did. */
export async function buildWhenChanged() {
  const footer = `// sources ${sourcesHash()}`
  if (isBuilt(footer)) return false
  const bytes = await bundle(footer)
  // Another command may have built the same meanwhile, and somebody may be reading that file.
  if (isBuilt(footer)) return false
  put(bytes)
  return true
}

if (isMain(import.meta.url)) {
  requireNode()
  buildWhenChanged().catch((error) => {
    process.stderr.write(`almanac: the build failed: ${error.message}\n`)
    process.exitCode = 1
  })
}
