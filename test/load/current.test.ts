import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { shapeOf } from '../../lib/core/shape.ts'
import { withdrawDay } from '../../lib/load/correct.ts'
import { openDesk } from '../../lib/load/desk.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { verifyDays } from '../../lib/verify/days.ts'
import { landReading, THINGS_BEFORE } from '../laws/land-things.ts'
import { plainEngine } from '../simulation/plain-engine.ts'
import { plainBytes, plainRows } from '../simulation/plain-file.ts'
import { landLinks } from './links.ts'
import type { Reading } from './oracle.ts'
import { LINKS, placeOf, THINGS } from './toy.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const [D1, D2, D3] = ['2026-11-01', '2026-11-02', '2026-11-03'] as const

const currentOf = async (store: ObjectStore, of: Entity) =>
  plainRows((await store.read(keys.current(placeOf(of))))?.bytes ?? new Uint8Array())

/** What `verify` finds wrong. */
async function faultsOf(store: ObjectStore, of: Entity): Promise<readonly string[]> {
  const shape = shapeOf(of)
  const found: string[] = []
  const transforms = await engine.transforms(shape)
  const desk = openDesk(store, transforms, shape, placeOf(of))
  for await (const { message } of verifyDays(desk)) found.push(message)
  await transforms.close()
  return found
}

/** The table of the present after a load by each engine of what was landed; both must agree, and `verify` with them. */
async function presentAfter(of: Entity, landed: (store: ObjectStore) => Promise<void>) {
  const [store, plain] = [memoryStore(), memoryStore()]
  for (const each of [store, plain]) await landed(each)
  await load(store, engine, of, 'test', 'load')
  await load(plain, plainEngine, of, 'test', 'load')
  const rows = await currentOf(store, of)
  expect(await currentOf(plain, of)).toEqual(rows)
  expect(await faultsOf(store, of)).toEqual([])
  return rows
}

const thing = (dt: string, missing: readonly string[], entity = THINGS) => ({
  entity,
  reading: {
    dt,
    missing,
    rows: new Map([['k', { name: missing.includes('name') ? null : 'a', size: 1, tags: [], views: 1 }]]),
  } as Reading,
})

describe('the table of the present names what its day does not know', () => {
  test.each([
    ['nothing', [thing(D1, ['name']), thing(D2, [])], [['a', null]]],
    ['a column that was not sent', [thing(D1, []), thing(D2, ['name'])], [[null, ['name']]]],
    ['volatile columns, too, in order', [thing(D1, ['views', 'name'])], [[null, ['name', 'views']]]],
    ['a column that was not declared yet', [thing(D1, [], THINGS_BEFORE)], [['a', ['size']]]],
  ])('%s', async (_, looks, expected) => {
    const rows = await presentAfter(THINGS, async (store) => {
      for (const { entity, reading } of looks) await landReading(store, reading, 1, entity)
    })
    expect(rows.map(({ name, unknown }) => [name, unknown])).toEqual(expected)
  })

  test('below a parent, what the reading of that parent does not know', async () => {
    const missing = ['role']
    const rows = await presentAfter(LINKS, async (store) => {
      await landLinks(store, D1, { a: { x: 'r' }, b: { x: 'r' }, c: { x: 'r' } })
      await landLinks(store, D2, { a: { x: 'r' }, b: { x: 'r' }, c: 'not_read' }, { missing })
      await landLinks(store, D3, { a: { x: 'r' }, b: 'forbidden', c: 'not_read' })
    })
    expect(rows.map((row) => [row['box_id'], row['role'], row['observed_on'], row['unknown']])).toEqual([
      ['a', 'r', D3, null],
      ['b', null, D2, missing],
      ['c', 'r', D1, null],
    ])
  })
})

test.each([
  ['a day', false],
  ['nothing', true],
])(
  'one of %s that was published with other columns is made anew by the next load',
  async (_, isWithdrawn) => {
    const store = memoryStore()
    await landReading(store, thing(D1, ['name']).reading)
    await load(store, engine, THINGS, 'test', 'load')
    const why = { dt: D1, run: 'withdraw', reason: 'test' }
    if (isWithdrawn) await withdrawDay(store, engine, THINGS, 'test', why)
    const key = keys.current(placeOf(THINGS))
    const rows = await currentOf(store, THINGS)
    const { etag } = (await store.head(key)) ?? { etag: '' }
    const inputs = isWithdrawn ? 'none' : JSON.stringify([{ dt: D1, version: 1 }, [], 'of before'])
    const former = rows.map(({ unknown, ...row }) => row)
    await store.write(key, plainBytes(former.length > 0 ? former : [{ id: null }], { inputs }), { etag })
    expect(await faultsOf(store, THINGS)).toHaveLength(1)
    await load(store, engine, THINGS, 'test', 'again')
    expect(await currentOf(store, THINGS)).toEqual(rows)
    expect(await faultsOf(store, THINGS)).toEqual([])
  },
)
