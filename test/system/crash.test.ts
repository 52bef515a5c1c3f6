import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { exitOfRun } from '../../lib/core/report.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'
import { THINGS } from '../load/toy.ts'
import { Killed, mortalStore } from './mortal.ts'
import { ask, only, openSite, outcomeOf } from './site.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const thing = (id: string, name: string, views = 1n): Row => ({
  id,
  name,
  size: null,
  tags: null,
  views,
  raw_extra: null,
})

/**
 * Runs work that dies before the nth write; false when there is no nth write and it ended. A load writes one object after
 * the other, so that this is every state a death can leave: after a write is before the next.
 */
async function dieAt(
  store: ObjectStore,
  n: number,
  work: (store: ObjectStore) => Promise<unknown>,
): Promise<boolean> {
  const mortal = mortalStore(store, (write) => (write === n ? 'before' : undefined))
  await work(mortal).catch((thrown: unknown) => {
    if (mortal.death() === undefined || !(thrown instanceof Killed)) throw thrown
  })
  return mortal.death() !== undefined
}

describe('a process that dies', () => {
  test('between a landing’s parts and its receipt: the landing is not there', async () => {
    const store = memoryStore()
    await dieAt(store, 1, (mortal) => land(mortal, THINGS, '2026-11-01', [thing('a', 'A')]))
    expect(await load(store, engine, THINGS, 'test', 'load')).toMatchObject({
      committed: [],
      held: [],
      published: expect.any(Number),
    })
    expect(await store.list('manifest/')).toEqual([])
  })
})

const MOMENTS = ['before', 'after'] as const

describe('a night that dies', () => {
  const places = [
    'manifest/',
    'snapshot/',
    'coverage/',
    'history/',
    'current/',
    'landing/',
    'candidate/',
    'runs/',
  ] as const
  test.each(places.flatMap((area) => MOMENTS.map((moment) => [moment, area] as const)))(
    '%s its first write below %s is healed by the next',
    async (moment, area) => {
      const site = await openSite({}, memoryStore(), engine)
      try {
        const entities = only('users', 'group_members')
        await site.night('2026-11-01', { entities })
        const mortal = mortalStore(site.store, (_, key) => (key.startsWith(area) ? moment : undefined))
        await site.night('2026-11-02', { entities }, mortal).catch(() => undefined)
        expect(mortal.death()?.key.startsWith(area)).toBe(true)
        // The dead run holds the lease: it is handed over by hand here, since a minute of waiting has a test of its own.
        for (const { key } of await site.store.list('lease/')) await site.store.remove(key)
        const again = await site.night('2026-11-02', { entities })
        expect([
          exitOfRun(again),
          outcomeOf(again, 'users').verdict,
          outcomeOf(again, 'group_members').verdict,
        ]).toEqual([0, 'complete', 'complete'])
        const world = site.simulator.world('2026-11-02')
        const [counts] = await ask(
          site.store,
          `SELECT (SELECT count(*) FROM users_at(DATE '2026-11-02')) AS users, (SELECT count(*) FROM group_members_at(DATE '2026-11-02')) AS members,
           (SELECT count(*) FROM users_snapshots WHERE dt = DATE '2026-11-02') AS rows, (SELECT count(*) FROM users) AS current`,
        )
        expect(Object.values(counts ?? {}).map(Number)).toEqual([
          world.users.length,
          world.memberships.length,
          world.users.length,
          world.users.length,
        ])
      } finally {
        await site.close()
      }
    },
  )
})
