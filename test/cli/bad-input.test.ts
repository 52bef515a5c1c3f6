import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../../lib/simulator/server.ts'
import {
  AT_ANY_AGE,
  almanac,
  environmentOf,
  everything,
  smallSite,
  temporaryFolder,
  twoLines,
} from './terminal.ts'

const DAY = '2026-11-01'
const SECRET = 'canary-3f0a91b7c5de48aab1:e1'

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let root: string
let env: Record<string, string>
beforeAll(async () => {
  folder = await temporaryFolder()
  root = join(folder.path, 'warehouse')
  sim = await smallSite(DAY)
  env = environmentOf(sim)
  const night = ['nightly', '--warehouse', root, '--date', DAY, '--select', 'users,groups,jobs', '--quiet']
  expect((await almanac(night, env)).exit).toBe(0)
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

describe('a slip of the keyboard ends with 2, says what is allowed, and changes nothing', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['no command', [], /usage: no command was given/],
    ['an unknown command', ['qeury', 'SELECT 1'], /usage: unknown command 'qeury' \(Did you mean query\?\)/],
    ['an unknown option', ['status', '--wharehouse', 'x'], /usage: unknown option '--wharehouse'/],
    ['an option without its value', ['status', '--site'], /usage: option '--site <slug>' argument missing/],
    [
      'an age that is no number of days',
      ['status', '--max-age', '-1'],
      /usage: --max-age is "-1"; it takes a whole number from 0 to 365000/,
    ],
    ['an unknown format', ['status', '--output', 'xml'], /usage: .*'xml' is invalid.*table, json, csv/],
    ['an argument too many', ['status', 'now'], /usage: too many arguments/],
    [
      'an unknown entity',
      ['nightly', '--select', 'users,workbook'],
      /unknown-entity: there is no entity "workbook"; there are .*workbooks/,
    ],
    ['no entity', ['nightly', '--select', ','], /usage: --select "," names no entity/],
    ['an unknown entity of history', ['history', 'wb', 'x'], /unknown-entity: .*"wb"/],
    ['no day', ['nightly', '--date', 'yesterday'], /bad-date: "yesterday" is no day/],
    ['a day that no calendar has', ['nightly', '--date', '2026-02-30'], /bad-date: "2026-02-30" is no day/],
    ['a backdate without a reason', ['nightly', '--backdate', ' '], /usage: --backdate needs a reason/],
    [
      'days of a diff in the wrong order',
      ['diff', '2026-11-02', '2026-11-01'],
      /usage: 2026-11-02 is later than 2026-11-01/,
    ],
    ['a diff of a day that is none', ['diff', '2026-11-02', 'x'], /bad-date: "x" is no day/],
    ['a slug that is none', ['status', '--site', 'Sales EMEA'], /usage: --site "Sales EMEA" is no slug/],
    [
      'a site that is not there',
      ['status', '--site', 'sales'],
      /not-found: the warehouse .* has no site "sales"/,
    ],
    ['no statement', ['query'], /usage: there is no statement/],
    ['history of events', ['history', 'jobs', 'x'], /usage: jobs holds events/],
    [
      'a thing that never was',
      ['history', 'users', 'nobody at all'],
      /not-found: no users was ever called "nobody at all"/,
    ],
    ['accept without what', ['accept', 'users'], /usage: --sha is missing/],
    ['accept of nothing held', ['accept', 'users', '--sha', 'abcdef012345'], /not-found: .*"abcdef012345"/],
    ['withdraw without a day', ['withdraw', 'users'], /usage: --date is missing/],
    ['withdraw without a reason', ['withdraw', 'users', '--date', DAY], /usage: --reason is missing/],
    [
      'withdraw of a day that is not there',
      ['withdraw', 'users', '--date', '2020-01-01', '--reason', 'x'],
      /not-found: .*2020-01-01/,
    ],
    [
      'a correction without its entity',
      ['load', '--replace', 'abcdef01', '--date', DAY, '--reason', 'x'],
      /usage: --replace corrects one entity/,
    ],
    [
      'a reading that comes for no other',
      ['load', '--select', 'users', '--with', 'abcdef01', '--date', DAY, '--reason', 'x'],
      /usage: --with names the reading that comes into the place of another/,
    ],
    [
      'parse of a file that is not there',
      ['parse', 'users', '/nope.xml'],
      /usage: \/nope\.xml cannot be read/,
    ],
    [
      'parse without the parent',
      ['parse', 'group_members', '/nope.xml'],
      /usage: group_members is read parent by parent/,
    ],
  ])('%s', async (_, args, message) => {
    const before = await readdir(root, { recursive: true })
    const [command, ...rest] = args
    const call = command === undefined ? [] : [command, '--warehouse', root, ...rest]
    const { exit, out, err } = await almanac(call, env)
    expect(err).toMatch(twoLines(message))
    expect([exit, out]).toEqual([2, ''])
    expect(await readdir(root, { recursive: true })).toEqual(before)
  })
})

describe('the configuration', () => {
  const bad = (changes: Record<string, string>): Record<string, string> => ({ ...env, ...changes })
  test.each<[string, Record<string, string>, RegExp]>([
    ['nothing set', {}, /bad-configuration: no site is configured/],
    [
      'a part',
      { TABLEAU_PAT_SECRET: SECRET },
      /bad-configuration: .*TABLEAU_SERVER_URL, TABLEAU_PAT_NAME are not set/,
    ],
    [
      'an address that is none',
      { TABLEAU_SERVER_URL: 'http://', TABLEAU_PAT_NAME: 'a', TABLEAU_PAT_SECRET: SECRET },
      /bad-configuration: .*no URL/,
    ],
    [
      'plain http',
      { TABLEAU_SERVER_URL: 'http://tableau.example.com', TABLEAU_PAT_NAME: 'a', TABLEAU_PAT_SECRET: SECRET },
      /insecure-address: /,
    ],
    [
      'a metadata address',
      { TABLEAU_SERVER_URL: 'https://169.254.169.254', TABLEAU_PAT_NAME: 'a', TABLEAU_PAT_SECRET: SECRET },
      /forbidden-address: /,
    ],
  ])('%s ends with 2 before anything is opened', async (_, half, message) => {
    const path = join(folder.path, 'untouched')
    const { exit, out, err } = await almanac(['nightly', '--warehouse', path], half)
    expect(err).toMatch(twoLines(message))
    expect([exit, out]).toEqual([2, ''])
    await expect(readdir(path)).rejects.toThrow('ENOENT')
  })

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a wrong secret',
      { TABLEAU_PAT_SECRET: SECRET },
      /sign-in-refused: .*site "demo".*token named "almanac".*/,
    ],
    ['a site that is not there', { TABLEAU_SITE_ID: 'nowhere' }, /sign-in-refused: .*"nowhere".*/],
    [
      'nothing that listens',
      { TABLEAU_SERVER_URL: 'http://127.0.0.1:9' },
      /unreachable: .*127\.0\.0\.1:9.*nothing listens there.*/,
    ],
  ])('%s ends with 1, commits nothing, and status tells it', async (name, changes, message) => {
    const path = join(folder.path, name.replaceAll(' ', '-'))
    const night = ['nightly', '--warehouse', path, '--date', DAY, '--select', 'users', '--quiet']
    const { exit, err } = await almanac(night, bad(changes))
    expect(err).toMatch(twoLines(message))
    expect(exit).toBe(1)
    expect(await readdir(path)).not.toContain('manifest')
    const status = await almanac(['status', '--warehouse', path, ...AT_ANY_AGE])
    expect([status.exit, status.out]).toEqual([
      3,
      expect.stringMatching(/for 2026-11-01: failed\n {2}\S.*\n {2}next: /),
    ])
    expect((await almanac(night, env)).exit).toBe(0)
  })

  test('a self-signed certificate ends with 1, and says where its authority belongs', async () => {
    const tls = join(import.meta.dirname, '../fixtures/tableau/tls')
    const [key, cert] = await Promise.all([
      readFile(join(tls, 'key.pem')),
      readFile(join(tls, 'self-signed.pem')),
    ])
    const server = createServer({ key, cert })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address: AddressInfo | string | null = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const path = join(folder.path, 'self-signed')
    const { exit, err } = await almanac(
      ['nightly', '--warehouse', path, '--select', 'users', '--quiet'],
      bad({ TABLEAU_SERVER_URL: `https://127.0.0.1:${port}` }),
    )
    server.close()
    expect(exit).toBe(1)
    expect(err).toMatch(/^error tls-failed: .*\nnext: .*caFile.*\n$/)
  })

  test('the wrong day is a matter of usage; with a reason it is recorded', async () => {
    const path = join(folder.path, 'wrong-day')
    const night = ['nightly', '--warehouse', path, '--date', '2026-10-01', '--select', 'users', '--quiet']
    const refused = await almanac(night, env)
    expect(refused.exit).toBe(2)
    expect(refused.err).toMatch(twoLines(/wrong-day: .*2026-11-01 in UTC, and 2026-10-01 was asked for/))
    expect((await almanac([...night, '--backdate', 'the first night'], env)).exit).toBe(0)
  })

  test('another site under the same slug is refused', async () => {
    const other = await smallSite(DAY, { site: 'other' })
    const { exit, err } = await almanac(
      ['nightly', '--warehouse', root, '--site', 'demo', '--date', DAY, '--quiet'],
      environmentOf(other),
    )
    await other.close()
    expect(exit).toBe(1)
    expect(err).toMatch(/^error site-mismatch: "demo" means the site .*\nnext: .*\n$/)
  })
})

describe('the warehouse', () => {
  test.each([
    ['status'],
    ['verify'],
    ['query', 'SELECT 1'],
    ['history', 'users', 'x'],
    ['diff', DAY, DAY],
    ['load'],
  ])('%s without one says so, and makes none', async (...args) => {
    const path = join(folder.path, 'nowhere')
    const { exit, out, err } = await almanac([...args, '--warehouse', path])
    expect(err).toBe(
      `error not-found: there is no warehouse at ${path}\nnext: Run "almanac nightly" first, or name the folder or bucket of one with --warehouse.\n`,
    )
    expect([exit, out]).toEqual([2, ''])
    await expect(readdir(path)).rejects.toThrow('ENOENT')
  })

  test('is no folder of another program that has folders of such names', async () => {
    const path = join(folder.path, 'website')
    for (const area of ['site', 'current', 'event', 'runs']) {
      await mkdir(join(path, area), { recursive: true })
      await writeFile(join(path, area, 'index.html'), '')
    }
    const { exit, out, err } = await almanac(['query', 'SELECT count(*) FROM users', '--warehouse', path])
    expect([exit, out]).toEqual([2, ''])
    expect(err).toMatch(twoLines(/not-found: there is no warehouse at .*website/))
  })

  test('in a folder that cannot be written ends with 1', async () => {
    const file = join(folder.path, 'a-file')
    await writeFile(file, '')
    const night = [
      'nightly',
      '--warehouse',
      join(file, 'warehouse'),
      '--date',
      DAY,
      '--select',
      'users',
      '--quiet',
    ]
    const { exit, err } = await almanac(night, env)
    expect(exit).toBe(1)
    expect(err).toMatch(
      /^error store-failed: warehouse .*a-file\/warehouse.*ENOTDIR.*\nnext: .*may be written to.*\n$/,
    )
  })

  test('with a corrupt table names it, and answers what does not need it', async () => {
    const path = join(root, 'current/entity=groups/site=demo/data.parquet')
    const bytes = await readFile(path)
    await writeFile(path, 'PAR1 is not enough')
    const broken = await almanac(['query', 'SELECT * FROM groups', '--warehouse', root])
    const whole = await almanac(['query', 'SELECT count(*) FROM users', '--warehouse', root])
    await writeFile(path, bytes)
    expect([broken.exit, broken.out, whole.exit]).toEqual([1, '', 0])
    expect(broken.err).toMatch(
      twoLines(/corrupt-object: .*current\/entity=groups\/site=demo\/data\.parquet is damaged/),
    )
  })

  test('a database that cannot be written is named', async () => {
    const path = join(folder.path, 'no-folder', 'x.duckdb')
    const { exit, err } = await almanac(['query', '--duckdb', path, '--warehouse', root])
    expect(exit).toBe(1)
    expect(err).toMatch(twoLines(/store-failed: the database .*no-folder\/x\.duckdb cannot be opened/))
    const text = join(folder.path, 'notes.txt')
    await mkdir(folder.path, { recursive: true })
    await writeFile(text, 'not a database, and somebody’s\n'.repeat(500))
    const taken = await almanac(['query', '--duckdb', text, '--warehouse', root])
    expect([taken.exit, (await readFile(text, 'utf8')).slice(0, 5)]).toEqual([1, 'not a'])
  })
})

test('no output of any call holds a secret or a stack', () => {
  const text = everything.join('')
  expect(text.length).toBeGreaterThan(1000)
  for (const part of [SECRET, ...sim.patSecret.split(':')]) expect(text).not.toContain(part)
  expect(text).not.toMatch(/^\s+at .+:\d+:\d+/m)
})
