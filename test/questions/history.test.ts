import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENTITIES, entityNamed, VIEWS } from '../../lib/entities/index.ts'
import { diffOf } from '../../lib/questions/diff.ts'
import { rowsCalled } from '../../lib/questions/history.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { openEngine } from '../../lib/transform/engine.ts'
import { almanac } from '../cli/terminal.ts'
import { ask } from '../docs/nights.ts'
import { loadSmallSites } from '../docs/small-sites.ts'

const RELATIONS = relationsOf(ENTITIES, VIEWS)

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'almanac-called-'))
  const engine = await openEngine()
  await loadSmallSites(root, engine)
  await engine.close()
}, 60_000)
afterAll(() => rm(root, { recursive: true, force: true }))

describe('what a name means is there as of the day on which it was last read', () => {
  test.each([
    [
      'users',
      'bob',
      ['lag bob bob 2026-10-19 null 2026-10-20', 'main bob bob 2026-10-28 null 2026-11-01'],
      'each site as of its own last complete day',
    ],
    [
      'users',
      'ann',
      ['lag ann ann 2026-10-19 2026-10-20 null', 'main ann ann 2026-10-28 null 2026-11-01'],
      'nowhere when it is gone',
    ],
    [
      'group_members',
      'stale',
      ['main stale/dee null 2026-10-29 null 2026-10-29'],
      'as old as the reading of its parent',
    ],
    [
      'group_members',
      'bob',
      ['main all/bob null 2026-10-29 null 2026-10-31'],
      'and of a parent that was read, of the last complete day',
    ],
    [
      'views',
      'calm',
      ['main v5 Gone 2026-10-20 2026-10-31 null', 'main v4 Quiet 2026-10-20 null 2026-11-01'],
      'under all its names, when it is called by an old one',
    ],
  ])('%s %s: %s (%s)', async (entity, called, wanted) => {
    const { key } = entityNamed(entity)
    const { rows } = await ask(root, RELATIONS, rowsCalled(entityNamed(entity), called))
    const told = rows.map(([site, ...rest]) => {
      return [site, rest.slice(0, key.length).join('/'), ...rest.slice(key.length)].map(String).join(' ')
    })
    expect(told).toEqual(wanted)
  })
})

describe('a table as of a day that a column names, though its history has a column of that name, too', () => {
  test.each(['valid_from', 'valid_to', 'changed_after', 'gone_after'])('%s', async (column) => {
    const asked = `SELECT ${column}, (SELECT count(*) FROM users_at(${column})) FROM users_history WHERE ${column} IS NOT NULL`
    const { rows } = await ask(root, RELATIONS, asked)
    expect(rows.length).toBeGreaterThan(0)
    for (const [day, people] of rows) {
      const truth = `SELECT count(*) FROM users_history WHERE valid_from <= DATE '${day}' AND coalesce(valid_to > DATE '${day}', true)`
      expect([day, people]).toEqual([day, (await ask(root, RELATIONS, truth)).rows[0]?.[0]])
    }
  })
})

describe('between two days, rows that no earlier reading could have had are not called created:', () => {
  test.each([
    [
      'group_members',
      '2026-10-29',
      '2026-10-31',
      ['created all/cy', 'first_read late/eve'],
      'below a parent that was refused',
    ],
    ['group_members', '2026-10-31', '2026-11-01', [], 'nor twice'],
    ['views', '2026-10-29', '2026-11-01', ['created v3'], 'as they are where there was one'],
    [
      'views',
      '2026-10-19',
      '2026-10-20',
      ['first_read v1', 'first_read v2', 'first_read v4', 'first_read v5'],
      'on the first day of a site',
    ],
  ])('%s from %s to %s: %j (%s)', async (entity, from, to, wanted) => {
    const { rows } = await ask(root, RELATIONS, diffOf([entityNamed(entity)], from, to))
    const came = rows.filter(
      ([site, , change]) => site === 'main' && change !== 'gone' && change !== 'changed',
    )
    expect(came.map(([, , change, id]) => `${change} ${id}`).sort()).toEqual(wanted)
  })
})

test('of namesakes on two sites with one LUID, the site tells which is meant', async () => {
  const { exit, err } = await almanac(['history', 'users', 'bob', '--warehouse', root])
  expect([exit, err]).toEqual([
    2,
    'error usage: 2 users go by "bob"\nnext: Name one by its LUID and its site: almanac history users bob --site lag\n',
  ])
  expect((await almanac(['history', 'users', 'bob', '--site', 'lag', '--warehouse', root])).exit).toBe(0)
})
