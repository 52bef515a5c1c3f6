import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { World } from '../../lib/simulator/facts.ts'
import { type SampleWarehouse, sampleWarehouse } from './sample.ts'
import { AT_ANY_AGE, type Outcome } from './terminal.ts'

/** Nights were run on these days; the third of November is a gap. */
const DAYS = ['2026-11-01', '2026-11-02', '2026-11-04', '2026-11-05'] as const
const [FIRST, , , LAST] = DAYS

let sample: SampleWarehouse
beforeAll(async () => {
  sample = await sampleWarehouse(DAYS, 'users,groups,group_members,workbooks,views,jobs')
})
afterAll(() => sample.remove())

const ask = (...args: string[]): Promise<Outcome> => sample.ask(...args)
const rows = (sql: string, ...more: string[]): Promise<Record<string, unknown>[]> => sample.rows(sql, ...more)

const ids = (things: readonly { id: string }[]): Set<string> => new Set(things.map(({ id }) => id))
const without = (a: World, b: World): string[] => {
  const there = ids(b.workbooks)
  return a.workbooks
    .map(({ id }) => id)
    .filter((id) => !there.has(id))
    .sort()
}

describe('status', () => {
  test('names last days, gaps and the newest run of every site', async () => {
    const { exit, out } = await ask('status', ...AT_ANY_AGE)
    expect(exit).toBe(0)
    expect(out).toMatch(/^demo +workbooks +2026-11-05 +-?\d+ +4 +2026-11-03$/m)
    expect(out).toMatch(/^other-site +workbooks +2026-11-01 +-?\d+ +1$/m)
    expect(out).toMatch(/^demo: newest run \S+ for 2026-11-05: complete$/m)
  })

  test('as JSON says the same, of one site', async () => {
    const { out } = await ask('status', '--site', 'demo', '--output', 'json')
    const users = JSON.parse(out).find((row: { entity: string }) => row.entity === 'users')
    expect(users).toMatchObject({
      site: 'demo',
      last_complete_day: LAST,
      complete_days: 4,
      gaps: ['2026-11-03'],
      held: [],
    })
  })
})

test('verify finds every object of every site right', async () => {
  const { exit, out } = await ask(
    'verify',
    '--select',
    'users,workbooks,group_members,jobs',
    '--output',
    'json',
  )
  expect(exit).toBe(0)
  const levels = JSON.parse(out).map(({ level }: { level: string }) => level)
  expect(levels).toEqual(Array(6).fill('ok'))
})

describe('history', () => {
  test('tells each change of one workbook in order, by LUID and by name', async () => {
    const [changed] = await rows(
      `SELECT id, name, count(*) AS n FROM workbooks_changes WHERE kind = 'changed' AND site = 'demo'
        AND name NOT IN (SELECT name FROM workbooks_history GROUP BY name HAVING count(DISTINCT id) > 1) GROUP BY ALL ORDER BY id LIMIT 1`,
    )
    const byId = await ask('history', 'workbooks', String(changed?.['id']), '--output', 'json')
    const told: { what: string; changed_on: string }[] = JSON.parse(byId.out)
    expect(told[0]).toMatchObject({ site: 'demo', id: changed?.['id'], what: 'new', changed_on: FIRST })
    expect(told.slice(1).every(({ what }) => what === 'changed')).toBe(true)
    expect(told.map(({ changed_on }) => changed_on)).toEqual(told.map(({ changed_on }) => changed_on).sort())
    const byName = await ask(
      'history',
      'workbooks',
      String(changed?.['name']).toUpperCase(),
      '--output',
      'json',
    )
    expect(byName.out).toBe(byId.out)
    const table = await ask('history', 'workbooks', String(changed?.['id']))
    expect(table.out).toMatch(/^workbooks .+ of demo: seen since 2026-11-01, there on 2026-11-05\n/)
  })

  test('says as of which day something is there: of its own site', async () => {
    const [id] = ids(sample.other.world(FIRST).workbooks)
    const { out } = await ask('history', 'workbooks', String(id))
    expect(out).toMatch(/^workbooks .+ of other-site: seen since 2026-11-01, there on 2026-11-01\n/)
  })

  test('dates a deletion', async () => {
    const [gone = ''] = without(sample.sim.world(FIRST), sample.sim.world(LAST))
    const { exit, out } = await ask('history', 'workbooks', gone)
    expect(exit).toBe(0)
    const [day = ''] = DAYS.filter((each) => !ids(sample.sim.world(each).workbooks).has(gone))
    expect(out).toContain(`gone on ${day}`)
    expect(out).toMatch(new RegExp(`^${day} +2026-11-0\\d +gone$`, 'm'))
  })

  test('lists what shares a name, with LUIDs, and asks back', async () => {
    const [shared] = await rows(
      `SELECT name, list(DISTINCT id ORDER BY id) AS ids FROM views_history GROUP BY name HAVING count(DISTINCT id) > 1 ORDER BY name LIMIT 1`,
    )
    const { exit, out, err } = await ask('history', 'views', String(shared?.['name']), '--output', 'json')
    expect(exit).toBe(2)
    expect(
      JSON.parse(out)
        .map(({ id }: { id: string }) => id)
        .sort(),
    ).toEqual(shared?.['ids'])
    expect(err).toMatch(
      /^error usage: \d+ views go by ".+"\nnext: Name one by its LUID: almanac history views [0-9a-f-]{36}\n$/,
    )
  })

  test('of a group’s LUID tells all its memberships', async () => {
    const [member] = await rows(
      'SELECT group_id, count(*) AS n FROM group_members GROUP BY group_id ORDER BY group_id LIMIT 1',
    )
    const { exit, out } = await ask(
      'history',
      'group_members',
      String(member?.['group_id']),
      '--output',
      'json',
    )
    expect(exit).toBe(0)
    expect(JSON.parse(out).length).toBeGreaterThanOrEqual(Number(member?.['n']))
  })
})

describe('diff', () => {
  test('is what the two days really differ in', async () => {
    const { exit, out, err } = await ask(
      'diff',
      FIRST,
      LAST,
      '--entity',
      'workbooks',
      '--site',
      'demo',
      '--output',
      'json',
    )
    expect(exit).toBe(0)
    const told: { change: string; id: string; column: string; old: string; new: string }[] = JSON.parse(out)
    const of = (change: string): string[] =>
      [...new Set(told.filter((row) => row.change === change).map(({ id }) => id))].sort()
    const [before, after] = [sample.sim.world(FIRST), sample.sim.world(LAST)]
    expect(of('created')).toEqual(without(after, before))
    expect(of('gone')).toEqual(without(before, after))
    expect(of('gone').length).toBeGreaterThan(0)
    const owners = after.workbooks.flatMap((now) => {
      const then = before.workbooks.find(({ id }) => id === now.id)
      return then === undefined || then.ownerId === now.ownerId
        ? []
        : [{ id: now.id, old: then.ownerId, new: now.ownerId }]
    })
    const toldOwners = told
      .filter(({ column }) => column === 'owner_id')
      .map((row) => ({ id: row.id, old: row.old, new: row.new }))
    expect(toldOwners.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      owners.sort((a, b) => (a.id < b.id ? -1 : 1)),
    )
    expect(err).toMatch(/^2026-11-01 to 2026-11-05: \d+ created, \d+ changed, \d+ gone\n$/)
  })

  test('says which day stands in for one without a complete snapshot', async () => {
    const { err } = await ask('diff', '2026-10-01', '2026-11-03', '--entity', 'users', '--site', 'demo')
    expect(err).toContain('demo has no complete 2026-10-01; nothing was known then: users\n')
    expect(err).toContain('demo has no complete 2026-11-03; as of 2026-11-02: users\n')
  })

  test('between a day and itself nothing differs', async () => {
    const { out } = await ask('diff', LAST, LAST, '--output', 'csv', '--quiet')
    expect(out).toBe('site,entity,change,id,name,column,old,new\n')
  })
})
