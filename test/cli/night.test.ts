import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../../lib/simulator/server.ts'
import {
  AT_ANY_AGE,
  almanac,
  almanacProcess,
  environmentOf,
  everything,
  linesOf,
  smallSite,
  temporaryFolder,
} from './terminal.ts'

const DAY = '2026-11-01'
const ESCAPE = '\u001b['
const ENTITIES = [
  'site',
  'users',
  'groups',
  'group_members',
  'projects',
  'workbooks',
  'views',
  'datasources',
  'jobs',
]

let sim: Simulator
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let env: Record<string, string>
beforeAll(async () => {
  folder = await temporaryFolder()
  sim = await smallSite(DAY)
  env = environmentOf(sim)
})
afterAll(async () => {
  await sim.close()
  await folder.remove()
})

const warehouse = (name: string): string => join(folder.path, name)
const nightly = (name: string, ...more: string[]): string[] => [
  'nightly',
  '--warehouse',
  warehouse(name),
  '--date',
  DAY,
  ...more,
]

test('the real program runs a night: the report on stdout, one JSON object a line on stderr, exit code 0', async () => {
  const { exit, out, err } = await almanacProcess(nightly('real'), env).ended
  expect(exit).toBe(0)
  const [head = '', , ...rows] = linesOf(out)
  expect(head.split(/ +/)).toEqual([
    'entity',
    'expected',
    'fetched',
    'dup',
    'new',
    'changed',
    'gone',
    'calls',
    'retries',
    'time',
    'verdict',
  ])
  expect(rows.slice(0, 9).map((row) => row.split(' ')[0])).toEqual(ENTITIES)
  expect(rows[1]).toMatch(/^users +40 +40 +0 +40 +0 +0 +1 +0 +\d+\.\ds +complete$/)
  const events = linesOf(err).map((line): { event: string; level: string } => JSON.parse(line))
  expect(events.map(({ event }) => event)).toEqual(
    expect.arrayContaining([
      'run-started',
      'signed-in',
      'entity-started',
      'extracted',
      'entity-ended',
      'run-ended',
    ]),
  )
  expect(sim.counters()['signOuts']).toBe(1)
})

test('a second run of a day reads nothing and says so', async () => {
  const before = sim.counters()['requests']
  const { exit, out } = await almanac(nightly('real', '--quiet'), env)
  expect(exit).toBe(0)
  expect(out.match(/complete \(earlier\)/g)).toHaveLength(ENTITIES.length)
  expect(sim.counters()['requests']).toBe(before)
})

test('a reading that is not the committed one is told as what it is, and nobody counts its rows', async () => {
  const name = 'twice'
  const only = ['--select', 'workbooks'] as const
  const all = sim.world(DAY).workbooks.length
  sim.faults.set([{ kind: 'shrink', fraction: 0.9, match: { endpoint: 'workbooks' } }])
  expect((await almanac(['extract', ...nightly(name, ...only).slice(1)], env)).exit).toBe(0)
  sim.faults.clear()
  sim.pass(60)
  const { exit, out, err } = await almanac(nightly(name, ...only, '--output', 'json'), env)
  const [day] = JSON.parse(
    (
      await almanac([
        'query',
        'SELECT count(*) AS n, (SELECT any_value(fetched) FROM run_entities) AS told FROM workbooks',
        '--warehouse',
        warehouse(name),
        '--output',
        'json',
      ])
    ).out,
  )
  expect(day.n).toBeLessThan(all)
  expect(day.told).toBe(day.n)
  const [outcome] = JSON.parse(out).outcomes
  expect(outcome).toMatchObject({ verdict: 'complete', already: true, fetched: day.n, new: day.n, calls: 1 })
  const [, prefix = ''] = /--replace ([0-9a-f]{12}) /.exec(err) ?? []
  expect([exit, err]).toEqual([
    0,
    expect.stringMatching(
      new RegExp(
        `committed is the reading of run \\S+ of \\S+: ${day.n} rows; this run’s, ${all} rows, is kept`,
      ),
    ),
  ])
  const replaced = await almanac(
    [
      'load',
      ...nightly(name, ...only).slice(1),
      '--replace',
      prefix,
      '--reason',
      'read whole',
      '--site',
      'demo',
    ],
    {},
  )
  expect(replaced.exit, replaced.err).toBe(0)
})

test('the first night of a warehouse says that a history begins there, and no other does', async () => {
  const warned = async (name: string): Promise<readonly string[]> => {
    const { err } = await almanac(nightly(name, '--select', 'groups'), env)
    const events = linesOf(err).map((line): { event: string; message: string } => JSON.parse(line))
    return events.flatMap(({ event, message }) => (event === 'warned' ? [message] : []))
  }
  const told = (name: string) =>
    `nothing was known of the site "demo" before: a new history begins in ${warehouse(name)}`
  expect(await warned('mounted')).toEqual([told('mounted')])
  expect(await warned('mounted')).toEqual([])
  expect(await warned('not mounted')).toEqual([told('not mounted')])
})

test('only what is selected is read; --quiet leaves stderr empty', async () => {
  const { exit, out, err } = await almanac(
    nightly('select', '--select', 'groups,users', '--quiet', '--output', 'csv'),
    env,
  )
  expect([exit, err]).toEqual([0, ''])
  const [head, ...rows] = linesOf(out)
  expect(head).toBe(
    'entity,expected,fetched,duplicates,new,changed,gone,calls,retries,milliseconds,verdict,already,candidate,reason',
  )
  expect(rows.map((row) => row.split(',').slice(0, 3).join())).toEqual(['users,40,40', 'groups,4,4'])
})

test('the report as JSON is the report that the warehouse keeps', async () => {
  const { out } = await almanac(nightly('json', '--select', 'projects', '--output', 'json'), env)
  const report = JSON.parse(out)
  expect(report).toMatchObject({
    site: 'demo',
    dt: DAY,
    failure: null,
    outcomes: [{ entity: 'projects', fetched: 8 }],
  })
  const asked = await almanac([
    'query',
    'SELECT run, entity, fetched FROM run_entities',
    '--warehouse',
    warehouse('json'),
    '--output',
    'json',
  ])
  expect(JSON.parse(asked.out)).toEqual([{ run: report.run, entity: 'projects', fetched: 8 }])
})

test('on a terminal the log is readable lines, and the report fits; NO_COLOR takes the colours', async () => {
  const { exit, out, err } = await almanac(
    nightly('live', '--select', 'users'),
    { ...env, NO_COLOR: '1' },
    80,
  )
  expect(exit).toBe(0)
  expect(err).toMatch(/\d\d:\d\d:\d\d run \S+: demo, 2026-11-01\n/)
  expect(err).toContain(`signed in to demo on ${sim.url}`)
  expect(out).not.toContain(ESCAPE)
  for (const colour of [1, 2, 22, 31, 32, 33, 39]) expect(err).not.toContain(`${ESCAPE}${colour}m`)
  for (const line of linesOf(out).slice(0, 3)) expect(line.length).toBeLessThanOrEqual(80)
})

test('a terminal without NO_COLOR has colours', async () => {
  const { out } = await almanac(nightly('live', '--select', 'users'), env, 80)
  expect(out.startsWith(`${ESCAPE}1mentity`)).toBe(true)
})

test('extract lands and commits nothing; load commits it', async () => {
  const at = ['--warehouse', warehouse('two-steps')]
  const landed = await almanac(
    ['extract', ...at, '--date', DAY, '--select', 'users,groups', '--output', 'json'],
    env,
  )
  expect(landed.exit).toBe(0)
  expect(JSON.parse(landed.out)).toMatchObject([
    { day: DAY, entity: 'users', expected: 40, fetched: 40, verdict: 'complete' },
    { day: DAY, entity: 'groups', expected: 4, fetched: 4, verdict: 'complete' },
  ])
  expect((await readdir(warehouse('two-steps'))).includes('manifest')).toBe(false)
  const loaded = await almanac(['load', ...at, '--date', DAY, '--output', 'json'])
  expect(loaded.exit).toBe(0)
  expect(JSON.parse(loaded.out).slice(0, 3)).toMatchObject([
    { site: 'demo', entity: 'site', committed: [], held: [] },
    { site: 'demo', entity: 'users', committed: [DAY], held: [], new: 40, changed: 0, gone: 0 },
    { site: 'demo', entity: 'groups', committed: [DAY], new: 4 },
  ])
})

describe('a night that is not complete', () => {
  test('says which entity, why and what to do, and ends with 3; the others are committed', async () => {
    sim.faults.set([{ kind: 'losePage', match: { endpoint: 'workbooks' } }])
    const { exit, out } = await almanac(nightly('lost', '--select', 'users,workbooks'), env)
    sim.faults.clear()
    expect(exit).toBe(3)
    expect(out).toMatch(/^users .* complete$/m)
    expect(out).toMatch(/^workbooks .* incomplete$/m)
    expect(out).toMatch(/^workbooks incomplete: workbooks: .*after 3 passes.*Run the same day again/m)
    const status = await almanac(['status', '--warehouse', warehouse('lost'), ...AT_ANY_AGE])
    expect(status.exit).toBe(3)
    expect(status.out).toMatch(/newest run \S+ for 2026-11-01: incomplete\n {2}workbooks incomplete: /)
  })

  test('forbidden ends with 3', async () => {
    sim.faults.set([{ kind: 'forbidden', match: { endpoint: 'groups' } }])
    const { exit, out } = await almanac(nightly('forbidden', '--select', 'groups'), env)
    sim.faults.clear()
    expect(exit).toBe(3)
    expect(out).toMatch(/^groups forbidden: .*site role/m)
  })
})

test('no output of any call holds the secret', () => {
  const text = everything.join('')
  expect(text.length).toBeGreaterThan(1000)
  for (const part of sim.patSecret.split(':')) expect(text).not.toContain(part)
})
