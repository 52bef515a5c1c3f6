import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { figure } from '../guarantees/proof.ts'
import { DENIED, isDenied } from '../package/deny-list.ts'
import { INSTALL_SCRIPTS, type Lock, type LockEntry, lockFlaws, MOST_DIRECT } from './lock-rules.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const LOCK = JSON.parse(textOf('package-lock.json')) as Lock // npm's own shape

/** Versions that an advisory names, the newest bad and the oldest good one of each line where there are both. */
const ADVISORIES: readonly (readonly [name: string, bad: readonly string[], good: readonly string[]])[] = [
  [
    'undici',
    [
      '5.29.0',
      '6.23.0',
      '6.26.9',
      '7.0.0',
      '7.17.9',
      '7.23.9',
      '7.27.9',
      '7.28.9',
      '8.0.0',
      '8.4.9',
      '8.8.9',
    ],
    ['7.29.0', '7.30.2', '8.9.0', '8.12.4'],
  ],
  [
    'fast-xml-parser',
    [
      '3.21.1',
      '4.1.1',
      '4.2.3',
      '4.3.6',
      '4.5.5',
      '5.3.3',
      '5.3.5',
      '5.3.7',
      '5.5.5',
      '5.5.6',
      '5.6.9',
      '5.10.0',
    ],
    ['5.10.1', '5.12.1'],
  ],
  ['thrift', ['0.11.0', '0.22.0', '0.23.0', '0.24.0'], ['0.25.0']],
  ['parquetjs', ['0.11.2'], []],
  ['aws-sdk', ['2.1692.0'], []],
  ['@smithy/config-resolver', ['4.3.9', '3.0.0'], ['4.4.0']],
  ['duckdb', ['1.3.3'], []],
  ['@duckdb/node-api', ['1.3.3', '1.3.4'], ['1.4.0-r.1', '1.5.5-r.5']],
  ['@duckdb/node-bindings', ['1.3.3'], ['1.5.5-r.5']],
  ['@duckdb/duckdb-wasm', ['1.29.2'], ['1.30.0']],
]

describe('the deny list', () => {
  test.each(ADVISORIES)('has every bad version of %s, and no good one', (name, bad, good) => {
    expect(bad.filter((version) => !isDenied({ name, version }))).toEqual([])
    expect(good.filter((version) => isDenied({ name, version }))).toEqual([])
  })

  test('has a reason for every package', () => {
    for (const { name, why } of DENIED) expect([name, why.length > 10]).toEqual([name, true])
  })
})

test('the lock file has nothing that it may not have', () => {
  expect(lockFlaws(LOCK)).toEqual([])
  expect(Object.keys(LOCK.packages['']?.dependencies ?? {}).length).toBeLessThanOrEqual(MOST_DIRECT)
})

test('each package that may have an install script has a reason, and none runs at an installation', () => {
  for (const why of Object.values(INSTALL_SCRIPTS)) expect(why.length).toBeGreaterThan(10)
  for (const file of ['bin/install.mjs', 'Dockerfile']) expect(textOf(file)).toContain('--ignore-scripts')
})

const GOOD = 'node_modules/commander'
const EVIL = 'node_modules/evil'
const evil: LockEntry = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==`, license: 'MIT' }

const withEntry = (entry: LockEntry, path = EVIL): Lock => ({
  ...LOCK,
  packages: { ...LOCK.packages, [path]: entry },
})
const withRoot = (more: LockEntry): Lock => ({
  ...LOCK,
  packages: { ...LOCK.packages, '': { ...LOCK.packages[''], ...more } },
})
const without = (field: keyof LockEntry): Lock =>
  withEntry(
    Object.fromEntries(Object.entries(LOCK.packages[GOOD] ?? {}).filter(([name]) => name !== field)),
    GOOD,
  )

/** Lock files that somebody, or some tool, may have made worse. */
const PLANTED: readonly (readonly [string, Lock, RegExp])[] = [
  [
    'a denied version',
    withEntry({ ...evil, version: '1.3.3' }, 'node_modules/@duckdb/node-api'),
    /deny list/,
  ],
  [
    'a denied version deep down',
    withEntry({ ...evil, version: '0.24.0' }, 'node_modules/a/node_modules/thrift'),
    /deny list/,
  ],
  [
    'a denied version under another name',
    withEntry({ ...evil, name: 'undici', version: '7.28.0' }),
    /deny list/,
  ],
  ['no hash', without('integrity'), /no SHA-512/],
  ['a hash of SHA-1', withEntry({ ...evil, integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }), /no SHA-512/],
  [
    'a weaker hash beside the strong one',
    withEntry({ ...evil, integrity: `${evil.integrity} sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=` }),
    /no SHA-512/,
  ],
  ['a short hash', withEntry({ ...evil, integrity: 'sha512-AAAA' }), /no SHA-512/],
  [
    'a repository',
    withEntry({
      ...evil,
      resolved: 'git+ssh://git@github.com/evil/evil.git#0123456789abcdef0123456789abcdef01234567',
    }),
    /comes from git/,
  ],
  [
    'a repository by https',
    withEntry({ ...evil, resolved: 'git+https://github.com/evil/evil.git' }),
    /comes from git/,
  ],
  [
    'an archive on some host',
    withEntry({ ...evil, resolved: 'https://evil.example/x.tgz' }),
    /comes from https/,
  ],
  [
    'another registry',
    withEntry({ ...evil, resolved: 'https://registry.example.evil.example/x.tgz' }),
    /comes from https/,
  ],
  [
    'plain http',
    withEntry({ ...evil, resolved: 'http://registry.example/x/-/x-1.0.0.tgz' }),
    /comes from http/,
  ],
  ['a file', withEntry({ ...evil, resolved: 'file:../evil' }), /comes from file/],
  ['a link', withEntry({ ...evil, link: true, resolved: '../evil' }), /is a link/],
  ['a bundled package', withEntry({ ...evil, inBundle: true }), /inside another/],
  ['a folder that leads out', withEntry(evil, 'node_modules/../../evil'), /no folder of packages/],
  ['a workspace', withEntry(evil, 'packages/evil'), /no folder of packages/],
  ['an install script', withEntry({ ...evil, hasInstallScript: true }), /install script/],
  ['a licence that asks for more', withEntry({ ...evil, license: 'AGPL-3.0-only' }), /licence AGPL/],
  ['a licence that nobody knows', withEntry({ ...evil, license: 'SEE LICENSE IN x' }), /licence SEE/],
  ['no licence', without('license'), /licence none/],
  ['no version', without('version'), /no exact version/],
  [
    'a range',
    withRoot({ dependencies: { ...LOCK.packages['']?.dependencies, commander: '^14.0.3' } }),
    /asked for as "\^14/,
  ],
  ['a tag', withRoot({ devDependencies: { vitest: 'latest' } }), /asked for as "latest"/],
  [
    'a repository that is asked for',
    withRoot({ dependencies: { commander: 'github:evil/commander' } }),
    /asked for as "github/,
  ],
  ['an alias', withRoot({ dependencies: { commander: 'npm:evil@1.0.0' } }), /asked for as "npm/],
  [
    'a file that is asked for',
    withRoot({ optionalDependencies: { evil: 'file:../evil' } }),
    /asked for as "file/,
  ],
  [
    'another version than is asked for',
    withRoot({ dependencies: { commander: '14.0.2' } }),
    /locked as 14\.0\.3/,
  ],
  [
    'a package that is asked for and not locked',
    withRoot({ dependencies: { evil: '1.0.0' } }),
    /locked as undefined/,
  ],
  [
    'one direct dependency more',
    withRoot({ dependencies: { ...LOCK.packages['']?.dependencies, tslib: '2.8.1' } }),
    /direct dependencies/,
  ],
  ['an older form of the file', { ...LOCK, lockfileVersion: 1 }, /version 1/],
]

test.each(PLANTED)('%s is found', (_, lock, flaw) => {
  expect(lockFlaws(lock).join('\n')).toMatch(flaw)
})

test('what it came to', () => {
  const packages = Object.keys(LOCK.packages).length - 1
  figure('lock-file', {
    packages,
    'bad versions': ADVISORIES.flatMap(([, bad]) => bad).length,
    'planted entries': PLANTED.length,
  })
})
