import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { shapeOf } from '../../lib/core/shape.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { load } from '../../lib/load/load.ts'
import type { LoadEngine } from '../../lib/load/transforms.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { verify } from '../../lib/verify/verify.ts'
import { plainEngine } from '../simulation/plain-engine.ts'
import { land } from './land.ts'

const JOBS = entityNamed('jobs')
const [DAY, NEXT] = ['2026-10-05', '2026-10-06'] as const

let duckdb: Engine
beforeAll(async () => {
  duckdb = await openEngine({ threads: 1 })
})
afterAll(() => duckdb.close())

const job = (id: string, created: string): Row => {
  const at = BigInt(Date.parse(created)) * 1000n
  const nothing = { job_type: null, title: null, subtitle: null, priority: null, started_at: null }
  return {
    ...nothing,
    id,
    status: 'Success',
    created_at: at,
    ended_at: at,
    finish_code: null,
    raw_extra: null,
  }
}

const monthsIn = async (store: ObjectStore): Promise<readonly string[]> =>
  (await store.list('event/')).map(({ key }) => /month=([^/]+)/.exec(key)?.[1] ?? key)

async function faults(store: ObjectStore, engine: LoadEngine): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { level, key } of verify(store, engine, [JOBS], undefined))
    if (level !== 'ok') found.push(key)
  return found
}

describe.each([
  ['DuckDB', () => duckdb],
  ['the plain engine', () => plainEngine],
] as const)('an event that is dated ahead, over %s', (_, engineOf) => {
  const loadOnce = (store: ObjectStore) => load(store, engineOf(), JOBS, 'test', 'load')

  test('is not stored, is named, and stands in the way of no other reading', async () => {
    const store = memoryStore()
    await land(store, JOBS, DAY, [job('far', '2026-12-10T01:00:00Z'), job('near', `${DAY}T01:00:00Z`)])
    const { committed, held } = await loadOnce(store)
    expect([committed, held]).toEqual([
      [],
      [
        {
          dt: DAY,
          candidate: '',
          verdict: 'incomplete',
          refutedBy: null,
          reason:
            'jobs: far says created_at 2026-12-10T01:00:00.000Z, more than a day after it was read (observed_to 2026-10-05T03:01:00.000Z)',
        },
      ],
    ])
    expect(await store.list('observation/')).toEqual([])
    await land(store, JOBS, NEXT, [job('near', `${DAY}T01:00:00Z`)])
    expect((await loadOnce(store)).committed).toEqual([{ dt: NEXT, version: 1 }])
    expect(await monthsIn(store)).toEqual(['2026-10'])
    expect(await faults(store, engineOf())).toEqual([])
  })

  test('is named until its day has another reading, and then no more', async () => {
    const store = memoryStore()
    await land(store, JOBS, DAY, [job('far', '2026-12-10T01:00:00Z')], { run: 'first' })
    for (const _ of [1, 2]) expect((await loadOnce(store)).held).toHaveLength(1)
    const observedFrom = Date.parse(`${DAY}T05:00:00Z`)
    await land(store, JOBS, DAY, [job('near', `${DAY}T01:00:00Z`)], { run: 'second', observedFrom })
    for (const _ of [1, 2]) expect((await loadOnce(store)).held).toEqual([])
    await land(store, JOBS, NEXT, [job('far', '2026-12-10T01:00:00Z')], { run: 'third' })
    expect((await loadOnce(store)).held).toMatchObject([{ dt: NEXT }])
  })

  test('is taken when it is ahead by no more than a day, also of the month and of a day that was behind', async () => {
    const store = memoryStore()
    const observedFrom = Date.parse('2026-10-31T11:00:00Z')
    await land(store, JOBS, '2026-10-29', [job('soon', '2026-11-01T11:01:00Z')], { observedFrom })
    expect((await loadOnce(store)).held).toEqual([])
    expect(await monthsIn(store)).toEqual(['2026-11'])
    const [{ key } = { key: '' }] = await store.list('event/')
    const transforms = await engineOf().transforms(shapeOf(JOBS))
    const { rows } = await transforms.tally([
      await transforms.stage((await store.read(key))?.bytes ?? new Uint8Array()),
    ])
    await transforms.close()
    expect(rows).toBe(1)
  })

  test('was stored by an earlier version: its month has no rows, and what comes after is loaded', async () => {
    const store = memoryStore()
    // What no reading of today passes: read two months after its day.
    const observedFrom = Date.parse('2026-12-10T02:00:00Z')
    await land(store, JOBS, DAY, [job('far', '2026-12-10T01:00:00Z')], { observedFrom })
    await loadOnce(store)
    await land(store, JOBS, NEXT, [job('near', `${DAY}T01:00:00Z`)])
    expect((await loadOnce(store)).committed).toEqual([{ dt: NEXT, version: 1 }])
    expect(await monthsIn(store)).toEqual(['2026-10', '2026-12'])
    expect((await loadOnce(store)).published).toBe(0)
    expect(await faults(store, engineOf())).toEqual([])
  })
})
