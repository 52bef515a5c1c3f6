import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { type Row, text } from '../../lib/core/column.ts'
import { addDays } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { withdrawDay } from '../../lib/load/correct.ts'
import { load, rebuild } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { verify } from '../../lib/verify/verify.ts'
import { land } from './land.ts'
import { links, things } from './plain.ts'
import { LINKS, THINGS } from './toy.ts'

const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03'] as const
const [, SECOND] = DAYS

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

/** An entity as a later version declares it: with one column more. */
const grown = (of: Entity, isVolatile = false): Entity => {
  const extra = text('@extra', 'What a later version keeps, too')
  return { ...of, columns: { ...of.columns, extra: isVolatile ? extra.volatile() : extra } }
}

/** Three nights, loaded; the second day is withdrawn. */
async function threeNights(of: Entity): Promise<ObjectStore> {
  const store = memoryStore()
  for (const dt of DAYS)
    await (of === LINKS
      ? land(store, of, dt, links({ a: 'read', b: 'read' }), { facts: 4 })
      : land(store, of, dt, things(3)))
  await load(store, engine, of, 'test', 'load')
  await withdrawDay(store, engine, of, 'test', { dt: SECOND, run: 'withdraw', reason: 'test' })
  return store
}

/** The keys that `verify` does not find well, each once. */
async function faults(store: ObjectStore, of: Entity): Promise<readonly string[]> {
  const found = new Set<string>()
  for await (const { level, key } of verify(store, engine, [of], undefined))
    if (level !== 'ok') found.add(key)
  return [...found]
}

describe.each([
  ['things', THINGS],
  ['links', LINKS],
] as const)('after an upgrade that declares one more column of %s', (_, of) => {
  test.each([
    ['tracked', false],
    ['volatile', true],
  ] as const)('what is published is as it should be: a %s one', async (_, isVolatile) => {
    const store = await threeNights(of)
    expect(await faults(store, of)).toEqual([])
    const later = grown(of, isVolatile)
    await load(store, engine, later, 'test', 'upgraded')
    // A volatile column makes no history, so that an ordinary load has no reason to look at days of the past.
    if (!isVolatile) expect(await faults(store, later)).toEqual([])
    await rebuild(store, engine, later, 'test')
    expect(await faults(store, later)).toEqual([])
  })
})

const JOBS = entityNamed('jobs')

const jobOn = (dt: string): Row => {
  const at = BigInt(Date.parse(`${dt}T01:00:00Z`)) * 1000n
  const nothing = { job_type: null, title: null, subtitle: null, priority: null, started_at: null }
  return {
    ...nothing,
    id: dt,
    status: 'Success',
    created_at: at,
    ended_at: at,
    finish_code: null,
    raw_extra: null,
  }
}

/** A reading of jobs on each of these days. */
async function landJobs(store: ObjectStore, first: string, days: number): Promise<void> {
  for (const dt of Array.from({ length: days }, (_, i) => addDays(first, i)))
    await land(store, JOBS, dt, [jobOn(dt)])
}

const loadJobs = (store: ObjectStore, as: Entity) => load(store, engine, as, 'test', 'load')

describe('after an upgrade that declares one more column of jobs', () => {
  const later = grown(JOBS)

  test('verify names the months that lack it, and what makes them again', async () => {
    const store = memoryStore()
    await landJobs(store, '2026-10-31', 2)
    await loadJobs(store, JOBS)
    for await (const { level, message, next } of verify(store, engine, [later], undefined)) {
      expect(level).toBe('wrong')
      expect(message).toMatch(/^its columns are not those declared: /)
      expect(next).toMatch(/load --rebuild --select jobs --site test makes it again/)
    }
    expect(await faults(store, later)).toHaveLength(2)
  })

  test('a load makes all months anew, old ones as well, once', async () => {
    const store = memoryStore()
    await landJobs(store, '2026-08-30', 75)
    expect((await loadJobs(store, JOBS)).published).toBe(4)
    const opened = new Set<string>()
    const watched: ObjectStore = {
      ...store,
      read: (key) => {
        opened.add(key)
        return store.read(key)
      },
    }
    await landJobs(store, '2026-11-13', 1)
    expect((await loadJobs(watched, later)).published).toBe(4)
    expect(await faults(store, later)).toEqual([])
    opened.clear()
    expect((await loadJobs(watched, later)).published).toBe(0)
    expect([...opened].filter((key) => key.startsWith('event/') && /2026-0/.test(key))).toEqual([])
    expect([...opened].filter((key) => key.startsWith('observation/') && key.endsWith('.parquet'))).toEqual(
      [],
    )
  })

  test('a load that stops between two months leaves it to the next one', async () => {
    const store = memoryStore()
    await landJobs(store, '2026-08-30', 75)
    await loadJobs(store, JOBS)
    let writes = 0
    const failing: ObjectStore = {
      ...store,
      write: async (key, bytes, condition) => {
        if (key.startsWith('event/') && ++writes > 1) throw new AlmanacError('store-failed', 'no answer')
        return store.write(key, bytes, condition)
      },
    }
    await expect(loadJobs(failing, later)).rejects.toMatchObject({ code: 'store-failed' })
    expect((await loadJobs(store, later)).published).toBe(3)
    expect(await faults(store, later)).toEqual([])
  })
})
