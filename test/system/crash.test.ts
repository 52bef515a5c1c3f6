import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { exitOfRun } from '../../lib/core/report.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'
import { landLinks } from '../load/links.ts'
import { derivedDifferences, forgetDerived, LINKS, placeOf, THINGS } from '../load/toy.ts'
import { copyOf, Killed, mortalStore, primaryWorld } from './mortal.ts'
import { ask, only, openSite, outcomeOf } from './site.ts'

const JOBS = entityNamed('jobs')
let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
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
const job = (id: string, created: string, ended: string | null): Row => ({
  id,
  status: ended === null ? 'InProgress' : 'Success',
  created_at: BigInt(Date.parse(created)) * 1000n,
  ended_at: ended === null ? null : BigInt(Date.parse(ended)) * 1000n,
})

const loadAll = async (store: ObjectStore): Promise<void> => {
  for (const entity of [THINGS, LINKS, JOBS]) await load(store, engine, entity, 'test', 'load')
}

/** A warehouse that has two days of each entity, and landings of two more, one of them late. */
async function beforeTheLoad(): Promise<ObjectStore> {
  const store = memoryStore()
  await land(store, THINGS, '2026-11-01', [thing('a', 'A'), thing('b', 'B')])
  await land(store, THINGS, '2026-11-03', [thing('a', 'A3'), thing('c', 'C')])
  await landLinks(store, '2026-11-01', { x: { a: 'r', b: 'r' }, y: { a: 'w' } })
  await landLinks(store, '2026-11-03', { x: 'forbidden', y: { b: 'r' } })
  await land(store, JOBS, '2026-11-01', [job('1', '2026-10-31T23:00:00Z', null)])
  await loadAll(store)
  await land(store, THINGS, '2026-11-02', [thing('a', 'A'), thing('b', 'B2')])
  await land(store, THINGS, '2026-11-04', [thing('a', 'A3'), thing('b', 'B')])
  await landLinks(store, '2026-11-02', { x: { a: 'r' }, y: 'not_read', z: { c: 'r' } })
  await landLinks(store, '2026-11-04', { x: { b: 'w' }, z: 'forbidden' })
  await land(store, JOBS, '2026-11-02', [
    job('1', '2026-10-31T23:00:00Z', '2026-11-01T01:00:00Z'),
    job('2', '2026-11-01T02:00:00Z', null),
  ])
  return store
}

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
  test('before any write of a load: one clean load later the world is as if nothing had been', async () => {
    const start = await beforeTheLoad()
    const clean = await copyOf(start)
    await loadAll(clean)
    const primary = await primaryWorld(clean)
    let n = 0
    for (; ; n++) {
      const store = await copyOf(start)
      if (!(await dieAt(store, n, loadAll))) break
      await loadAll(store)
      expect([n, await primaryWorld(store)]).toEqual([n, primary])
      expect([n, await derivedDifferences(store, clean, engine)]).toEqual([n, []])
    }
    expect(n).toBeGreaterThan(25)
  })

  const corrections: readonly (readonly [string, Entity, (store: ObjectStore) => Promise<unknown>])[] = [
    [
      'replacing a day',
      THINGS,
      async (store) => {
        await land(store, THINGS, '2026-11-01', [thing('a', 'A'), thing('q', 'Q')], {
          run: 'again',
          observedFrom: Date.parse('2026-11-01T05:00:00Z'),
        })
        const manifest = await store.read(keys.manifest(placeOf(THINGS), '2026-11-01', 1))
        const { candidate } = JSON.parse(Buffer.from(manifest?.bytes ?? []).toString())
        return replaceDay(store, engine, THINGS, 'test', {
          dt: '2026-11-01',
          replaces: candidate,
          run: 'correct',
          reason: 'test',
        })
      },
    ],
    [
      'withdrawing a day',
      LINKS,
      (store) =>
        withdrawDay(store, engine, LINKS, 'test', { dt: '2026-11-03', run: 'correct', reason: 'test' }),
    ],
  ]

  test.each(corrections)(
    'anywhere in %s: the command, given again, or one load ends it',
    async (_, entity, correct) => {
      const start = await beforeTheLoad()
      await loadAll(start)
      const clean = await copyOf(start)
      await correct(clean)
      for (let n = 0; ; n++) {
        const store = await copyOf(start)
        if (!(await dieAt(store, n, correct))) break
        const isCommitted = (await committedDays(store, placeOf(entity))).some(({ version }) => version === 2)
        await (isCommitted ? load(store, engine, entity, 'test', 'load') : correct(store))
        expect([n, await derivedDifferences(store, clean, engine)]).toEqual([n, []])
      }
    },
  )

  test('before every second write of a rebuild', async () => {
    const start = await beforeTheLoad()
    await loadAll(start)
    const clean = await copyOf(start)
    await forgetDerived(start)
    for (let n = 0; ; n += 2) {
      const store = await copyOf(start)
      if (!(await dieAt(store, n, loadAll))) break
      await loadAll(store)
      expect([n, await derivedDifferences(store, clean, engine)]).toEqual([n, []])
    }
  })

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
