import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { eventSql } from '../../lib/athena/trino.ts'
import type { Row } from '../../lib/core/column.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { load } from '../../lib/load/load.ts'
import { tablesOf } from '../../lib/tables/table.ts'
import { eventView, selectFrom } from '../../lib/tables/views.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { unpack } from '../laws/stage.ts'
import { land } from '../load/land.ts'

const JOBS = entityNamed('jobs')
const CREATED = { october: '2026-10-31T23:59:59Z', november: '2026-11-01T00:00:01Z' } as const

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const micros = (text: string): bigint => BigInt(Date.parse(text)) * 1000n

/** How one reading tells of the job. */
interface Told {
  readonly in: keyof typeof CREATED
  readonly status: 'InProgress' | 'Success' | 'Lost'
}

const job = ({ in: month, status }: Told): Row => ({
  id: 'job',
  job_type: null,
  title: null,
  subtitle: null,
  priority: null,
  started_at: null,
  status,
  created_at: micros(CREATED[month]),
  ended_at: status === 'Success' ? micros('2026-11-01T05:00:00Z') : null,
  finish_code: null,
  raw_extra: null,
})

const [OCTOBER, NOVEMBER] = ['october', 'november'] as const

test.each<[string, readonly [Told, Told], Told]>([
  [
    'one that ended since',
    [
      { in: OCTOBER, status: 'InProgress' },
      { in: NOVEMBER, status: 'Success' },
    ],
    { in: NOVEMBER, status: 'Success' },
  ],
  [
    'one that ended before, whatever a later reading says',
    [
      { in: NOVEMBER, status: 'Success' },
      { in: OCTOBER, status: 'Lost' },
    ],
    { in: NOVEMBER, status: 'Success' },
  ],
  [
    'one that was given up, and not seen to go on',
    [
      { in: NOVEMBER, status: 'Lost' },
      { in: OCTOBER, status: 'InProgress' },
    ],
    { in: NOVEMBER, status: 'Lost' },
  ],
  [
    'the newest of two that go on',
    [
      { in: OCTOBER, status: 'InProgress' },
      { in: NOVEMBER, status: 'InProgress' },
    ],
    { in: NOVEMBER, status: 'InProgress' },
  ],
])('of an event that stands under two months, the tables show %s', async (_, told, shown) => {
  const store = memoryStore()
  for (const [i, each] of told.entries()) await land(store, JOBS, `2026-11-0${i + 1}`, [job(each)])
  await load(store, engine, JOBS, 'test', 'load')
  const session = await engine.session()
  try {
    const files = await unpack(session, store, 'event/', '.parquet', 'months')
    expect(files).toHaveLength(2)
    const months = tablesOf(JOBS).map((table) => selectFrom(table, files))[0] ?? ''
    await session.run(`CREATE OR REPLACE VIEW jobs_months AS ${months}`)
    const columns = ['id', 'status', 'created_at']
    for (const sql of [eventView(JOBS, months), eventSql(JOBS, 'jobs_months', columns)])
      expect(await session.rows(`SELECT id, status, created_at FROM (${sql})`)).toEqual([
        { id: 'job', status: shown.status, created_at: new Date(CREATED[shown.in]) },
      ])
  } finally {
    await session.close()
  }
})
