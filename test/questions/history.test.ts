import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENTITIES, entityNamed, VIEWS } from '../../lib/entities/index.ts'
import { rowsCalled } from '../../lib/questions/history.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { openEngine } from '../../lib/transform/engine.ts'
import { ask } from '../docs/nights.ts'
import { loadSmallSites } from '../docs/small-sites.ts'

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
      ['lag bob 2026-10-19 null 2026-10-20', 'main bob 2026-10-28 null 2026-11-01'],
      'each site as of its own last complete day',
    ],
    [
      'users',
      'ann',
      ['lag ann 2026-10-19 2026-10-20 null', 'main ann 2026-10-28 null 2026-11-01'],
      'nowhere when it is gone',
    ],
    [
      'group_members',
      'stale',
      ['main stale/dee 2026-10-29 null 2026-10-29'],
      'as old as the reading of its parent',
    ],
    [
      'group_members',
      'bob',
      ['main all/bob 2026-10-29 null 2026-10-31'],
      'and of a parent that was read, of the last complete day',
    ],
  ])('%s %s: %s (%s)', async (entity, called, wanted) => {
    const { key } = entityNamed(entity)
    const { rows } = await ask(root, relationsOf(ENTITIES, VIEWS), rowsCalled(entityNamed(entity), called))
    const told = rows.map(([site, ...rest]) => {
      const [, ...days] = rest.slice(key.length)
      return [site, rest.slice(0, key.length).join('/'), ...days].map(String).join(' ')
    })
    expect(told).toEqual(wanted)
  })
})
