import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { exitOfRun } from '../../lib/core/report.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { ask, only, openSite, outcomeOf } from './site.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

/** A store in which the objects whose key passes are damaged: a read says so, as an adapter that verifies does; a write heals. */
function rotten(store: ObjectStore, isRotten: (key: string) => boolean): ObjectStore {
  const healed = new Set<string>()
  return {
    ...store,
    read: async (key) => {
      const object = await store.read(key)
      if (object !== undefined && isRotten(key) && !healed.has(key))
        throw new AlmanacError('corrupt-object', `${key} is damaged`)
      return object
    },
    write: async (key, bytes, condition) => {
      const result = await store.write(key, bytes, condition)
      if (result.won) healed.add(key)
      return result
    },
  }
}

const [DAY1, DAY2] = ['2026-11-01', '2026-11-02'] as const
const ENTITIES = only('users', 'group_members', 'jobs', 'workbooks')

describe('a warehouse in which bytes rotted', () => {
  test.each([
    'snapshot/entity=users',
    'snapshot/entity=group_members',
    'coverage/',
    'history/',
    'current/',
    'event/',
  ])('below %s, derived: the next night makes it again', async (area) => {
    const site = await openSite({ day: DAY1 }, memoryStore(), engine)
    try {
      await site.night(DAY1, { entities: ENTITIES })
      const store = rotten(site.store, (key) => key.startsWith(area))
      const report = await site.night(DAY2, { entities: ENTITIES }, store)
      expect([exitOfRun(report), report.outcomes.filter(({ verdict }) => verdict !== 'complete')]).toEqual([
        0,
        [],
      ])
      const world = site.simulator.world(DAY1)
      const [counts] = await ask(
        site.store,
        `SELECT (SELECT count(*) FROM users_at(DATE '${DAY1}')) AS a, (SELECT count(*) FROM group_members_at(DATE '${DAY1}')) AS b`,
      )
      expect(Object.values(counts ?? {}).map(Number)).toEqual([world.users.length, world.memberships.length])
    } finally {
      await site.close()
    }
  })

  test.each(['manifest/entity=users', 'candidate/entity=users'])(
    'below %s, primary: named, and the other entities have their night',
    async (area) => {
      const site = await openSite({ day: DAY1 }, memoryStore(), engine)
      try {
        await site.night(DAY1, { entities: ENTITIES })
        const store = rotten(
          site.store,
          (key) =>
            key.startsWith(area) &&
            key.includes(DAY1) &&
            !key.endsWith('.json') === area.startsWith('candidate'),
        )
        const report = await site.night(DAY2, { entities: ENTITIES }, store)
        expect(exitOfRun(report)).toBe(1)
        expect(report.failure).toMatchObject({
          code: 'corrupt-object',
          message: expect.stringContaining(area),
        })
        for (const name of ['group_members', 'jobs', 'workbooks'])
          expect([name, outcomeOf(report, name).verdict]).toEqual([name, 'complete'])
        expect(outcomeOf(report, 'users')).toMatchObject({
          verdict: 'incomplete',
          reason: expect.stringContaining('is damaged'),
        })
        const healed = await site.night(DAY2, { entities: ENTITIES })
        expect([exitOfRun(healed), outcomeOf(healed, 'users').verdict]).toEqual([0, 'complete'])
      } finally {
        await site.close()
      }
    },
  )
})
