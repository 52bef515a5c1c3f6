import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { integer, text } from '../../lib/core/column.ts'
import { type Entity, entity, list } from '../../lib/core/entity.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { land } from './land.ts'

const things = entity({
  name: 'things',
  doc: 'A toy.',
  kind: 'state',
  read: list('things', { item: 'thing', since: '2.0' }),
  key: ['id'],
  columns: {
    id: text('@id', 'Id').required(),
    name: text('@name', 'Name'),
    owner: text('@owner', 'Owner'),
    views: integer('@views', 'Views').volatile(),
  },
  role: 'Viewer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/',
}) as unknown as Entity
const at = { entity: 'things', site: 'test' }

let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())

async function read(store: ObjectStore, key: string): Promise<readonly Record<string, unknown>[]> {
  const object = await store.read(key)
  if (object === undefined) return []
  const session = await engine.session()
  const file = await session.stage(object.bytes)
  const rows = await session.rows(`SELECT * FROM read_parquet('${file}')`)
  await session.close()
  return rows
}

const row = (id: string, name: string, owner = 'o', views = 1n) => ({
  id,
  name,
  owner,
  views,
  raw_extra: null,
})

describe('a load', () => {
  test('commits, publishes snapshot, history and current, and does nothing the second time', async () => {
    const store = memoryStore()
    await land(store, things, '2026-11-01', [row('a', 'A'), row('b', 'B')])
    const first = await load(store, engine, things, 'test', 'run-1')
    expect(first).toEqual({
      committed: [{ dt: '2026-11-01', version: 1 }],
      held: [],
      published: 3,
      changes: null,
    })
    await land(store, things, '2026-11-02', [row('b', 'B2'), row('c', 'C', 'o', 7n)])
    await load(store, engine, things, 'test', 'run-2')
    const history = await read(store, keys.history(at))
    expect(
      history.map((each) => [
        each['id'],
        each['name'],
        each['cause'],
        each['valid_from'],
        each['valid_to'],
        each['gone_after'],
      ]),
    ).toEqual([
      ['a', 'A', 'new', new Date('2026-11-01'), new Date('2026-11-02'), new Date('2026-11-01')],
      ['b', 'B', 'new', new Date('2026-11-01'), new Date('2026-11-02'), null],
      ['b', 'B2', 'changed', new Date('2026-11-02'), null, null],
      ['c', 'C', 'new', new Date('2026-11-02'), null, null],
    ])
    expect(
      (await read(store, keys.current(at))).map((each) => [each['id'], each['views'], each['as_of']]),
    ).toEqual([
      ['b', 1n, new Date('2026-11-02')],
      ['c', 7n, new Date('2026-11-02')],
    ])
    expect(await load(store, engine, things, 'test', 'run-3')).toEqual({
      committed: [],
      held: [],
      published: 0,
      changes: null,
    })
  })

  test.each(['receipt.json', '.parquet'])(
    'is not blocked by a damaged landing (%s), and names it until the day has another',
    async (ending) => {
      const store = memoryStore()
      await land(store, things, '2026-11-01', [row('a', 'A')], { run: 'run-a' })
      const rotten: ObjectStore = {
        ...store,
        read: async (key) => {
          if (key.includes('run=run-a') && key.endsWith(ending))
            throw new AlmanacError('corrupt-object', `${key} is damaged`)
          return store.read(key)
        },
      }
      const first = await load(rotten, engine, things, 'test', 'run-1')
      expect(first.committed).toEqual([])
      expect(first.held).toEqual([
        {
          dt: '2026-11-01',
          candidate: '',
          verdict: 'incomplete',
          refutedBy: null,
          reason: expect.stringContaining('is damaged'),
        },
      ])
      await land(store, things, '2026-11-01', [row('a', 'A'), row('b', 'B')], { run: 'run-b' })
      const second = await load(rotten, engine, things, 'test', 'run-2')
      expect([second.committed, second.held]).toEqual([[{ dt: '2026-11-01', version: 1 }], []])
      expect(await read(store, keys.current(at))).toHaveLength(2)
    },
  )
})
