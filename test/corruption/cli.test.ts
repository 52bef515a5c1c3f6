import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../../lib/simulator/server.ts'
import {
  almanac,
  almanacProcess,
  environmentOf,
  type Outcome,
  smallSite,
  temporaryFolder,
} from '../cli/terminal.ts'

const [FIRST, LAST, WAITING, NEXT] = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'] as const
const ENTITIES = 'users,group_members,jobs'

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let root: string
/** Two nights of the site, as they are given back after each test. */
let whole: string
let objects: readonly string[]

const onSite = (command: string, day: string): Promise<Outcome> => {
  sim.setDay(day)
  const args = ['--warehouse', root, '--date', day, '--select', ENTITIES, '--quiet']
  return almanac([command, ...args], environmentOf(sim))
}
const ask = (...args: readonly string[]): Promise<Outcome> => almanac([...args, '--warehouse', root])

/** Two real nights, and a day that was read and waits for its load. */
beforeAll(async () => {
  folder = await temporaryFolder()
  root = join(folder.path, 'warehouse')
  whole = join(folder.path, 'whole')
  sim = await smallSite(FIRST)
  for (const day of [FIRST, LAST]) expect((await onSite('nightly', day)).exit).toBe(0)
  expect((await onSite('extract', WAITING)).exit).toBe(0)
  await cp(root, whole, { recursive: true })
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  objects = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
    .sort()
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
  await cp(whole, root, { recursive: true })
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

/** The one object, or the first, whose key holds all of these texts. */
function keyWith(...texts: readonly string[]): string {
  const key = objects.find((each) => texts.every((text) => each.includes(text)))
  if (key === undefined) throw new Error(`there is no object with ${texts.join(' and ')}`)
  return key
}

async function flip(key: string): Promise<void> {
  const bytes = await readFile(join(root, key))
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 16
  await writeFile(join(root, key), bytes)
}

const restore = (key: string): Promise<void> => cp(join(whole, key), join(root, key))

const query = (sql: string) => ['query', sql] as const
const REBUILD = ['load', '--rebuild', '--select', 'users'] as const

/** An object by what its key holds, the command that needs it, and that command's exit code. */
type Needed = readonly [texts: readonly string[], command: readonly string[], exit: number]

const NEEDED: readonly Needed[] = [
  [['landing/entity=users', WAITING, '.parquet'], ['load', '--select', 'users'], 3],
  [['landing/entity=users', WAITING, 'receipt.json'], ['load', '--select', 'users'], 3],
  [['landing/entity=jobs', WAITING, '.parquet'], ['load', '--select', 'jobs'], 3],
  [['candidate/entity=users', FIRST, '.parquet'], REBUILD, 1],
  [['candidate/entity=users', LAST, '.parquet'], ['load', '--select', 'users'], 1],
  [['manifest/entity=users', FIRST], REBUILD, 1],
  [['manifest/entity=users', LAST], ['load', '--select', 'users'], 1],
  [['observation/', FIRST, '.json'], ['load', '--select', 'jobs'], 1],
  [['observation/', LAST, '.parquet'], ['load', '--select', 'jobs'], 1],
  [['runs/', LAST], query('SELECT count(*) FROM runs'), 1],
  [['runs/', LAST], ['status'], 1],
  [['snapshot/entity=users'], query('SELECT count(*) FROM users_snapshots'), 1],
  [['coverage/'], query('SELECT count(*) FROM coverage'), 1],
  [['current/entity=users'], query('SELECT count(*) FROM users'), 1],
  [['history/entity=users'], query('SELECT count(*) FROM users_changes'), 1],
  [['history/entity=users'], ['history', 'users', 'anybody'], 1],
  [['history/entity=users'], ['diff', FIRST, LAST], 1],
  [['event/'], query('SELECT count(*) FROM jobs'), 1],
]

describe('a command that needs a damaged object', () => {
  test.each(NEEDED)('names it and answers nothing: %s for %s', async (texts, command, exit) => {
    const key = keyWith(...texts)
    await flip(key)
    const outcome = await ask(...command)
    expect(outcome.exit).toBe(exit)
    const said = exit === 3 ? outcome.out : outcome.err
    expect(said).toContain(`${key} is damaged`)
    if (exit === 1)
      expect([outcome.out, outcome.err]).toEqual(['', expect.stringMatching(/^error corrupt-object/)])
  })

  test('is a night where the site’s identity is damaged: it fails, and commits nothing', async () => {
    const key = keyWith('site/')
    await flip(key)
    const { exit, out, err } = await onSite('nightly', NEXT)
    expect(exit).toBe(1)
    expect(out + err).toContain(`${key} is damaged`)
    const days = await readdir(join(root, 'manifest/entity=users/site=demo'))
    expect(days).not.toContain(`dt=${NEXT}`)
  })

  test('is a night where a day before it is damaged: that entity is incomplete, the others are there', async () => {
    const key = keyWith('candidate/entity=users', LAST, '.parquet')
    await flip(key)
    const { exit, out, err } = await onSite('nightly', WAITING)
    expect(exit).toBe(1)
    expect(out + err).toContain(`${key} is damaged`)
    expect(await readdir(join(root, 'manifest/entity=group_members/site=demo'))).toContain(`dt=${WAITING}`)
  })

  test('is an export for DuckDB: it names it, and leaves no database', async () => {
    const key = keyWith('snapshot/entity=users')
    await flip(key)
    const file = join(folder.path, 'export.duckdb')
    const { exit, err } = await ask('query', '--duckdb', file)
    expect([exit, err]).toEqual([1, expect.stringMatching(/^error corrupt-object/)])
    expect(err).toContain(`${key} is damaged`)
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

/** Ways to lose what tells which sites there are. */
const UNTOLD: readonly (readonly [what: string, areas: readonly string[]])[] = [
  ['identity', ['site']],
  ['identity, and the current tables', ['site', 'current']],
]

describe.each(UNTOLD)('where the site’s %s are gone', (_, areas) => {
  const lose = async (): Promise<void> => {
    for (const area of areas) await rm(join(root, area), { recursive: true })
  }

  test.each(['users_snapshots', 'users_history', 'jobs', 'runs'])('%s answers as before', async (table) => {
    const question = ['query', `SELECT count(*) AS n FROM ${table}`, '--output', 'csv'] as const
    const before = await ask(...question)
    expect(before.out).toMatch(/^n\r?\n[1-9]/)
    await lose()
    expect(await ask(...question)).toEqual(before)
  })

  test('verify looks at all that is there', async () => {
    await lose()
    const hurt = [keyWith('snapshot/entity=users', LAST), keyWith('event/')]
    await Promise.all(hurt.map(flip))
    const { exit, out } = await ask('verify')
    expect(exit).toBe(1)
    for (const key of hurt) expect(out).toContain(`${key} is damaged`)
  })
})

test('a site that never got through has runs all the same, in SQL as in status', async () => {
  const stranger = join(folder.path, 'stranger')
  const args = ['nightly', '--warehouse', stranger, '--date', NEXT, '--select', 'jobs', '--quiet']
  sim.setDay(NEXT)
  const refused = await almanac(args, { ...environmentOf(sim), TABLEAU_PAT_SECRET: 'wrong' })
  expect(refused.exit).not.toBe(0)
  const sql = 'SELECT site, failure_code FROM runs'
  const { exit, out } = await almanac(['query', sql, '--warehouse', stranger, '--output', 'csv'])
  expect([exit, out]).toEqual([0, expect.stringMatching(/demo,sign-in/)])
})

const STORED: readonly (readonly string[])[] = [
  ['landing/entity=users', WAITING, '.parquet'],
  ['landing/entity=jobs', FIRST, 'receipt.json'],
  ['candidate/entity=users', FIRST, '.parquet'],
  ['candidate/entity=group_members', FIRST, '.json'],
  ['observation/', FIRST, '.parquet'],
  ['observation/', LAST, '.json'],
  ['manifest/entity=group_members', LAST],
  ['snapshot/entity=users', FIRST],
  ['snapshot/entity=group_members', LAST],
  ['coverage/', FIRST],
  ['current/entity=group_members'],
  ['history/entity=users'],
  ['event/'],
]

describe('almanac verify, the real program', () => {
  test('names one damaged object of every kind; what it says to do makes all well again', async () => {
    const hurt = STORED.map((texts) => keyWith(...texts))
    await Promise.all(hurt.map(flip))
    const { exit, out } = await almanacProcess(['verify', '--warehouse', root]).ended
    expect(exit).toBe(1)
    for (const key of hurt) expect(out).toContain(`${key} is damaged`)
    const primary = hurt.filter((key) => /^(landing|candidate|observation|manifest)/.test(key))
    for (const text of [
      'It is primary and cannot be made again: restore the file',
      'It is temporary: nothing is lost',
    ])
      expect(out).toContain(text)
    await Promise.all(primary.map(restore))
    const commands = new Set(
      [...out.matchAll(/almanac (load --rebuild .+) makes it again/g)].map(([, line]) => line),
    )
    expect(commands.size).toBe(3)
    for (const command of commands) expect((await ask(...(command ?? '').split(' '))).exit).toBe(0)
    const after = await ask('verify')
    expect([after.exit, after.out]).toEqual([0, expect.stringMatching(/^(ok .*\n){3}$/)])
  })

  test('misses an entity of which nothing is left, as its runs tell', async () => {
    const areas = (await readdir(root)).filter((name) => !name.startsWith('.'))
    for (const area of areas) await rm(join(root, area, 'entity=users'), { recursive: true, force: true })
    for (const args of [['verify'], ['verify', '--select', 'users']]) {
      const { exit, out } = await ask(...args)
      expect(exit).toBe(1)
      expect(out).toMatch(
        new RegExp(
          `^wrong users of demo: runs call it complete on ${FIRST}, ${LAST}, and no manifest is there$`,
          'm',
        ),
      )
    }
  })

  test('says so where nothing was ever read, and only of what it was asked for', async () => {
    const NONE = /^none views of every site: nothing is there to verify, and no run says that there was$/m
    const { exit, out } = await ask('verify', '--select', 'users,views')
    expect([exit, out]).toEqual([0, expect.stringMatching(/^ok users of demo: /m)])
    expect(out).toMatch(NONE)
    expect((await ask('verify')).out).not.toMatch(/^none /m)
    const rows = JSON.parse((await ask('verify', '--select', 'views', '--output', 'json')).out)
    expect(rows).toMatchObject([{ entity: 'views', level: 'none', key: '' }])
  })

  test('says so of a warehouse in which nothing ever got through', async () => {
    for (const area of await readdir(root))
      if (!['lease', 'site'].includes(area)) await rm(join(root, area), { recursive: true, force: true })
    const { exit, out } = await ask('verify')
    expect([exit, out]).toEqual([
      0,
      expect.stringMatching(/^none every entity of every site: nothing is there/),
    ])
  })
})
