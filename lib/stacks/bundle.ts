import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { buildSync } from 'esbuild'

const ROOT = resolve(import.meta.dirname, '../..')
/** What is made once and used again, by whichever process. */
export const CACHE = join(ROOT, 'node_modules/.cache/almanac')
const require = createRequire(import.meta.url)

/** Where a bundle runs. Lambda is `linux-arm64`; the tests run the very bundle on the machine they are on. */
export type Platform = 'linux-arm64' | 'linux-x64'

/** Platform on which functions are deployed. */
export const DEPLOYED: Platform = 'linux-arm64'

/** The names of the functions, each in its folder below `functions/`. */
export type FunctionName = 'start' | 'session' | 'extract' | 'load' | 'report' | 'freshness'

/** What the engine's package asks for at run time, beside its binding. */
const ENGINE_PACKAGES = ['@duckdb/node-bindings', 'detect-libc']

/** The lock file's version and hash of a package; the engine's bindings for other machines stand there, too. */
function locked(name: string): { version: string; integrity: string } {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const entry = packages[`node_modules/${name}`]
  if (entry === undefined) throw new Error(`package-lock.json has no ${name}`)
  return entry
}

/** The folder of a package that this machine does not install by itself, fetched once and held to the lock file's hash. */
function fetched(name: string): string {
  const { version, integrity } = locked(name)
  const installed = join(ROOT, 'node_modules', name)
  if (existsSync(installed)) return installed
  const folder = join(CACHE, `${name.replace('/', '+')}-${version}`)
  if (existsSync(folder)) return join(folder, 'package')
  mkdirSync(dirname(folder), { recursive: true })
  const fresh = mkdtempSync(`${folder}.`)
  execFileSync('npm', ['pack', '--silent', '--pack-destination', fresh, `${name}@${version}`], { cwd: fresh })
  const [archive = ''] = readdirSync(fresh)
  const hash = createHash('sha512')
    .update(readFileSync(join(fresh, archive)))
    .digest('base64')
  if (integrity !== `sha512-${hash}`) throw new Error(`${name}@${version} is not what package-lock.json says`)
  execFileSync('tar', ['-xzf', archive], { cwd: fresh })
  try {
    renameSync(fresh, folder)
  } catch (thrown) {
    // Another synthesis was first, with the same bytes.
    if (!existsSync(folder)) throw thrown
  }
  return join(folder, 'package')
}

function addEngine(out: string, platform: Platform): void {
  const add = (name: string, from: string): void =>
    cpSync(from, join(out, 'node_modules', name), { recursive: true })
  for (const name of ENGINE_PACKAGES) add(name, dirname(require.resolve(`${name}/package.json`)))
  const binding = `@duckdb/node-bindings-${platform}`
  add(binding, fetched(binding))
}

const DAY_MS = 86_400_000

/** Takes away what has not been made or used for a day: code changes, and its old bundles would stay for ever. */
function dropOld(cache: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    const isOld = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > DAY_MS
    if (isOld) rmSync(path, { recursive: true, force: true })
  }
}

/** Writes a bundle under a name of its own and moves it to its place, where another process may have been first. */
function keep(folder: string, code: Uint8Array, name: FunctionName, platform: Platform): void {
  const cache = dirname(folder)
  mkdirSync(cache, { recursive: true })
  dropOld(cache)
  const fresh = mkdtempSync(`${folder}.`)
  writeFileSync(join(fresh, 'index.mjs'), code)
  if (name === 'load') addEngine(fresh, platform)
  try {
    renameSync(fresh, folder)
  } catch (thrown) {
    rmSync(fresh, { recursive: true, force: true })
    if (!existsSync(folder)) throw thrown
  }
}

/** A function's code with everything it needs, but for what is native. */
function codeOf(name: FunctionName): Uint8Array {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [`functions/${name}/handler.ts`],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
    mainFields: ['module', 'main'],
    external: ['@duckdb/node-bindings*'],
    banner: {
      js: "import { createRequire as createRequireOf } from 'node:module';const require = createRequireOf(import.meta.url);",
    },
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error(`functions/${name}: esbuild made nothing`)
  return file.contents
}

const made = new Map<string, string>()

/**
 * Bundles a function with everything it needs, the SDK included, so that what runs is what was tested. The folder holds
 * `index.mjs`, and the engine for the function `load`; it lies below `node_modules/.cache`, named by what is in it, and is
 * not to be changed. Throws what esbuild and npm throw.
 */
export function bundleOf(name: FunctionName, platform: Platform = DEPLOYED): string {
  const known = made.get(`${name} ${platform}`)
  if (known !== undefined) return known
  const code = codeOf(name)
  const hash = createHash('sha256').update(code)
  if (name === 'load') hash.update(locked(`@duckdb/node-bindings-${platform}`).integrity)
  const folder = join(CACHE, 'bundles', `${name}-${platform}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) utimesSync(folder, new Date(), new Date())
  else keep(folder, code, name, platform)
  made.set(`${name} ${platform}`, folder)
  return folder
}
