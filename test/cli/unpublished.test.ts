import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleWarehouse, sampleWarehouse } from './sample.ts'
import { AT_ANY_AGE } from './terminal.ts'

let sample: SampleWarehouse
beforeAll(async () => {
  sample = await sampleWarehouse(['2026-11-04', '2026-11-05'], 'users,group_members,jobs')
})
afterAll(() => sample.remove())

const JSON_OF_DEMO = ['status', '--site', 'demo', '--output', 'json'] as const

/** What a night leaves that died after its commits and before it published. */
const unpublish = (...folders: readonly string[]): Promise<unknown> =>
  Promise.all(folders.map((folder) => rm(join(sample.root, folder), { recursive: true })))

test('what is committed and no table shows yet is no good standing: status says so, and what to do', async () => {
  expect((await sample.ask('status', '--site', 'demo', ...AT_ANY_AGE)).exit).toBe(0)
  await unpublish('history/entity=users/site=demo', 'event/entity=jobs/site=demo')
  const { exit, out } = await sample.ask('status', '--site', 'demo', ...AT_ANY_AGE)
  expect(exit).toBe(3)
  expect(out).toMatch(/^users of demo, committed and not published: 2026-11-04, 2026-11-05$/m)
  expect(out).toMatch(/^jobs of demo, committed and not published: 2026-1\d/m)
  expect(out).toMatch(/^ {2}next: almanac load --site demo --warehouse /m)
  const rows: { entity: string; unpublished: string[] }[] = JSON.parse(
    (await sample.ask(...JSON_OF_DEMO)).out,
  )
  expect(rows.find(({ entity }) => entity === 'users')?.unpublished).toEqual(['2026-11-04', '2026-11-05'])
  expect((await sample.ask('load', '--site', 'demo')).exit).toBe(0)
  expect((await sample.ask('status', '--site', 'demo', ...AT_ANY_AGE)).exit).toBe(0)
})

const [DAY, OTHER_DAY] = ['2026-11-04', '2026-11-05'] as const
const SNAPSHOT = `snapshot/entity=users/site=demo/dt=${DAY}`
const CURRENT = 'current/entity=users/site=demo'
const HISTORY = 'history/entity=users/site=demo'
const COVERAGE = `coverage/entity=group_members/site=demo/dt=${OTHER_DAY}`

/** What is lost, and a question whose answer then has a hole. */
const HOLES: readonly (readonly [lost: string, ...question: string[]])[] = [
  [SNAPSHOT, 'query', 'SELECT count(*) FROM users_snapshots'],
  [CURRENT, 'query', 'SELECT count(*) FROM users'],
  [HISTORY, 'query', `SELECT count(*) FROM users_at(DATE '${DAY}')`],
  [COVERAGE, 'query', 'SELECT count(*) FROM coverage'],
  [HISTORY, 'diff', DAY, OTHER_DAY, '--entity', 'users'],
  [HISTORY, 'history', 'users', 'nobody'],
]

describe('an answer that lacks what is committed', () => {
  test.each(HOLES)('does not end well: without %s, %s %s', async (lost, ...question) => {
    const whole = await sample.ask(...question)
    expect(whole.err).not.toMatch(/not-published/)
    await unpublish(lost)
    const { exit, out, err } = await sample.ask(...question)
    expect([exit, err]).toEqual([3, expect.stringMatching(/^error not-published: /m)])
    expect(err).toContain(`not-published: committed, and not in the tables: ${lost}/data.parquet\n`)
    expect(err).toContain('almanac load')
    expect(out === '').toBe(question[0] === 'history')
    expect((await sample.ask('load', '--site', 'demo')).exit).toBe(0)
    expect(await sample.ask(...question)).toEqual(whole)
  })

  test.each([
    [SNAPSHOT, 'users', DAY],
    [CURRENT, 'users', OTHER_DAY],
    [COVERAGE, 'group_members', OTHER_DAY],
  ])('is no good standing either: without %s, %s of %s', async (lost, entity, day) => {
    await unpublish(lost)
    const { exit, out } = await sample.ask('status', '--site', 'demo', ...AT_ANY_AGE)
    expect([exit, out]).toEqual([
      3,
      expect.stringMatching(new RegExp(`^${entity} of demo, committed and not published: ${day}$`, 'm')),
    ])
    expect((await sample.ask('load', '--site', 'demo')).exit).toBe(0)
    expect((await sample.ask('status', '--site', 'demo', ...AT_ANY_AGE)).exit).toBe(0)
  })

  test('is right for what does not need it', async () => {
    await unpublish(SNAPSHOT)
    const others = [['users'], ['group_members_snapshots'], ['users_snapshots', '--site', 'other-site']]
    for (const [table, ...more] of others)
      expect((await sample.ask('query', `SELECT count(*) FROM ${table}`, ...more)).exit).toBe(0)
    await sample.ask('load', '--site', 'demo')
  })

  test('is an export for DuckDB, too, which is made and says so', async () => {
    await unpublish(SNAPSHOT, CURRENT)
    const { exit, err } = await sample.ask('query', '--duckdb', join(sample.folder, 'export.duckdb'))
    expect([exit, err]).toEqual([3, expect.stringMatching(/has \d+ views and macros over/)])
    expect(err).toContain(
      `committed, and not in the tables: ${CURRENT}/data.parquet, ${SNAPSHOT}/data.parquet\n`,
    )
    await sample.ask('load', '--site', 'demo')
  })
})

const NONE = (site: string, entities: string): string =>
  `${site}: never read completely, and empty here: ${entities}\n`

/** Questions, and what is said beside their answers. */
const UNREAD: readonly (readonly [said: string, ...question: string[]])[] = [
  [NONE('demo', 'workbooks'), 'query', 'SELECT count(*) FROM workbooks'],
  [NONE('demo', 'workbooks'), 'query', `SELECT count(*) FROM workbooks_at(DATE '${DAY}')`, '--site', 'demo'],
  ['', 'query', 'SELECT count(*) FROM workbooks', '--site', 'other-site'],
  [NONE('demo', 'views') + NONE('other-site', 'views'), 'query', 'SELECT * FROM view_usage'],
  [NONE('other-site', 'jobs'), 'query', 'SELECT count(*) FROM jobs'],
  [NONE('other-site', 'group_members'), 'query', 'SELECT count(*) FROM coverage, users'],
  ['', 'query', 'SELECT count(*) FROM users, runs'],
  ['', 'query', 'SELECT count(*) FROM workbooks', '--quiet'],
  [
    `${DAY} to ${OTHER_DAY}: 0 created, 0 changed, 0 gone\n${NONE('demo', 'workbooks')}`,
    ...['diff', DAY, OTHER_DAY, '--entity', 'workbooks', '--site', 'demo'],
  ],
]

describe('what was never read', () => {
  test.each(UNREAD)('is said beside an answer: %j for %s %s', async (said, ...question) => {
    const { exit, err } = await sample.ask(...question)
    expect([exit, err]).toEqual([0, said])
  })

  test('cannot be looked for by name', async () => {
    const alone = await sample.ask('history', 'workbooks', 'Nobody', '--site', 'demo')
    expect(alone.exit).toBe(2)
    expect(alone.err).toMatch(/^error not-found: workbooks was never read completely: .*\nnext: .*\n$/)
    const beside = await sample.ask('history', 'workbooks', 'Nobody')
    expect(beside.exit).toBe(2)
    expect(beside.err).toMatch(
      /^demo: never read .*: workbooks\nerror not-found: no workbooks was ever called "Nobody"\n/,
    )
  })
})
