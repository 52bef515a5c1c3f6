// Installs what is missing, and nothing when nothing is. Plain JavaScript on node:* alone, in words that old Nodes
// can read, since this must be able to say that a Node is too old.
import { spawnSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the clone. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

const FLOOR = [20, 19]

/** Whether this file is what Node was started with. */
export const isMain = (url) =>
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url)

/** Ends the process when this Node is older than what package.json's "engines" asks for. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])) return
  process.stderr.write(
    `Almanac needs Node ${FLOOR.join('.')} or newer, and this is Node ${process.versions.node} (${process.execPath}).\n` +
      'Install a newer one (https://nodejs.org, or "nvm install 24"), then run the same command again.\n',
  )
  process.exit(2)
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * The packages that package-lock.json asks for and that are not installed in that version. npm's own record in
 * node_modules tells what is: npm writes it last, so that an interrupted install leaves none. Optional packages
 * (engines for other machines) do not count.
 */
export function missingPackages(root, withDev) {
  const wanted = readJson(join(root, 'package-lock.json'))
  if (wanted === undefined) throw new Error(`${root} has no package-lock.json; clone the repository again`)
  const record = readJson(join(root, 'node_modules', '.package-lock.json'))
  const installed = record === undefined ? {} : record.packages
  return Object.keys(wanted.packages).filter((path) => {
    const entry = wanted.packages[path]
    if (path === '' || entry.optional || entry.devOptional || (entry.dev && !withDev)) return false
    const found = installed[path]
    return found === undefined || found.version !== entry.version || found.integrity !== entry.integrity
  })
}

/** npm, by the one that started us, so that no other is picked from the path. */
function npm(args) {
  const cli = process.env.npm_execpath
  const isScript = cli !== undefined && /npm-cli\.js$/.test(cli)
  const command = isScript ? process.execPath : 'npm'
  const onWindows = process.platform === 'win32' && !isScript
  // npm's talk goes to stderr: stdout belongs to the answers.
  return spawnSync(command, isScript ? [cli].concat(args) : args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: onWindows,
  })
}

/**
 * Installs by package-lock.json when something is missing: what running needs, and with `withDev` what testing needs too.
 * An install that has more than was asked for is left as it is. Ends the process when npm fails.
 */
export function ensureInstalled(withDev) {
  const missing = missingPackages(ROOT, withDev)
  if (missing.length === 0) return
  process.stderr.write(
    `Installing ${missing.length} packages for ${withDev ? 'development' : 'running'} (only when package-lock.json changes) …\n`,
  )
  // Without scripts: no package gets to run code of its own at the install, and none of ours needs to.
  const scope = withDev ? '--include=dev' : '--omit=dev'
  const done = npm(['ci', scope, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  if (done.status === 0) return
  const why = done.error === undefined ? `npm ci ended with ${done.status}` : done.error.message
  process.stderr.write(
    `almanac: the install failed: ${why}\nWhat npm says above tells why; run the same command again.\n`,
  )
  process.exit(1)
}

if (isMain(import.meta.url)) {
  requireNode()
  ensureInstalled(process.argv.includes('--dev'))
}
