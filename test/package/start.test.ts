import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { missingPackages } from '../../bin/install.mjs'
import { run } from './run.ts'
import { ROOT } from './sources.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-start-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const start = (env: Record<string, string>, ...args: string[]) =>
  run(process.execPath, [join(ROOT, 'bin/start.mjs'), ...args], { cwd: folder, env })

const URL_ = { TABLEAU_SERVER_URL: 'http://127.0.0.1:9' }
const SITE = { TABLEAU_SITE_ID: 'marketing' }
const NAME = { TABLEAU_PAT_NAME: 'nightly' }
const SECRET = { TABLEAU_PAT_SECRET: 'canary-3f9a' }

describe('npm start', () => {
  test.each([
    [{ ...URL_ }, 'TABLEAU_PAT_NAME, TABLEAU_PAT_SECRET are not set'],
    [{ ...SITE }, 'TABLEAU_SERVER_URL, TABLEAU_PAT_NAME, TABLEAU_PAT_SECRET are not set'],
    [{ ...URL_, ...SITE, ...NAME }, 'TABLEAU_PAT_SECRET is not set'],
    [{ ...NAME, ...SECRET, TABLEAU_SERVER_URL: '  ' }, 'TABLEAU_SERVER_URL is not set'],
  ])('configured in part, %j: says what is missing and runs nothing', async (env, missing) => {
    const { exit, out, err } = await start(env)
    expect(err).toContain(missing)
    expect(err).not.toContain('canary')
    expect({ exit, out }).toEqual({ exit: 2, out: '' })
  })

  test.each([
    ['with a site', { ...URL_, ...SITE, ...NAME, ...SECRET }],
    ['with the default site', { ...URL_, ...NAME, ...SECRET }],
  ])('configured %s: runs the night of that site, and hands arguments on', async (_, env) => {
    const { exit, err } = await start(env, '--date', 'someday')
    expect(err).toContain('error bad-date: "someday"')
    expect(exit).toBe(2)
  })

  test('configured with an address where nobody is: fails with what to do, and never falls back to the demo', async () => {
    const { exit, out, err } = await start(
      { ...URL_, ...NAME, ...SECRET },
      '--select',
      'users',
      '--warehouse',
      join(folder, 'real'),
    )
    expect(err).toContain('unreachable')
    expect(out + err).not.toMatch(/demo|canary/)
    expect(exit).toBe(1)
  })

  test('not configured: runs the demo, and hands arguments on', async () => {
    const { exit, err } = await start({}, '--nights', 'none')
    expect(err).toContain('error usage: --nights is "none"')
    expect(exit).toBe(2)
  })
})

describe('what an install lacks', () => {
  const entry = { version: '1.0.0', integrity: 'sha512-a' }
  const wanted = {
    '': { name: 'x' },
    'node_modules/runs': entry,
    'node_modules/tests': { ...entry, dev: true },
    'node_modules/for-a-mac': { ...entry, optional: true },
  }
  const both = { 'node_modules/runs': entry, 'node_modules/tests': { ...entry, dev: true } }

  test.each([
    ['nothing is installed', undefined, ['runs'], ['runs', 'tests']],
    ['an install was interrupted', 'not JSON {', ['runs'], ['runs', 'tests']],
    ['what running needs is installed', { 'node_modules/runs': entry }, [], ['tests']],
    ['all is installed', both, [], []],
    [
      'the version differs',
      { ...both, 'node_modules/runs': { ...entry, version: '0.9.0' } },
      ['runs'],
      ['runs'],
    ],
    [
      'the content differs',
      { ...both, 'node_modules/runs': { ...entry, integrity: 'sha512-b' } },
      ['runs'],
      ['runs'],
    ],
    ['more is installed', { ...both, 'node_modules/more': entry }, [], []],
  ])('%s', async (_, installed, forRunning, forTests) => {
    const root = await mkdtemp(join(folder, 'lock-'))
    await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: wanted }))
    if (installed !== undefined) {
      await mkdir(join(root, 'node_modules'))
      const record = typeof installed === 'string' ? installed : JSON.stringify({ packages: installed })
      await writeFile(join(root, 'node_modules/.package-lock.json'), record)
    }
    const names = (paths: readonly string[]) => paths.map((path) => path.replace('node_modules/', ''))
    expect(names(missingPackages(root, false))).toEqual(forRunning)
    expect(names(missingPackages(root, true))).toEqual(forTests)
  })

  test('no lock file: says so', () => {
    expect(() => missingPackages(join(folder, 'nowhere'), false)).toThrow('has no package-lock.json')
  })
})
