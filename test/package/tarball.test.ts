import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Finished, run, serve } from './run.ts'
import { ROOT } from './sources.ts'

const LONG = 180_000
const COUNTS = ['--users', '20', '--groups', '3', '--projects', '4', '--workbooks', '15', '--views', '30']

let folder = ''
let packed: Finished
const at = (...env: Readonly<Record<string, string>>[]) => ({
  cwd: folder,
  env: Object.assign({ npm_config_update_notifier: 'false' }, ...env) as Record<string, string>,
})

/** Long: packs the tarball, and installs it into an empty folder as anybody would. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-tarball-'))
  packed = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT })
  const tarball = packed.out.trim().split('\n').at(-1) ?? ''
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  const installed = await run('npm', ['install', ...options, `./${tarball}`], at())
  if (installed.exit !== 0) throw new Error(`npm install ${tarball}: ${installed.err}`)
}, LONG)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the packed tarball, installed into an empty folder', () => {
  test('holds the built file and papers, no sources and no tests', async () => {
    expect(packed.exit).toBe(0)
    const names = await readdir(join(folder, 'node_modules/almanac'))
    expect(names).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'dist', 'package.json']),
    )
    expect(names.filter((name) => ['lib', 'bin', 'test', 'bench', 'node_modules'].includes(name))).toEqual([])
    expect(await readdir(join(folder, 'node_modules/almanac/dist'))).toEqual(['almanac.js'])
  })

  test('npx almanac --help and --version', async () => {
    const help = await run('npx', ['almanac', '--help'], at())
    expect(help.err).toBe('')
    expect(help.out).toContain('Usage: almanac [options] [command]')
    const version = await run('npx', ['almanac', '--version'], at())
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('a night of a simulated site, and a question about it', { timeout: LONG }, async () => {
    const simulator = serve('node_modules/.bin/almanac', ['simulator', ...COUNTS], at())
    const { url, site, patName, patSecret } = JSON.parse(await simulator.line()) as Record<string, string>
    const configured = at({
      TABLEAU_SERVER_URL: url ?? '',
      TABLEAU_SITE_ID: site ?? '',
      TABLEAU_PAT_NAME: patName ?? '',
      TABLEAU_PAT_SECRET: patSecret ?? '',
    })
    const night = await run(
      'npx',
      ['--no', 'almanac', 'nightly', '--date', '2026-11-01', '--quiet'],
      configured,
    )
    expect(night.err).toBe('')
    expect(night.out).toMatch(/9 of 9 entities complete/)
    expect(night.exit).toBe(0)
    expect(await simulator.end()).toBe(0)
    const question =
      'SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM workbooks) AS workbooks'
    const asked = await run('npx', ['almanac', 'query', '--output', 'csv', question], at())
    expect(asked).toEqual({ exit: 0, out: 'users,workbooks\n20,15\n', err: '' })
  })
})
