import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { keys } from '../../lib/core/keys.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { plainEngine } from '../simulation/plain-engine.ts'
import { plainRows } from '../simulation/plain-file.ts'
import { landLinks, type ParentNight } from './links.ts'
import { linksHistory, type Night } from './parents-oracle.ts'
import { historyOf, LINKS, placeOf } from './toy.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const [D1, D2, D3, D4] = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'] as const

/** The history of the members of `box`, as the engine, the plain engine and the oracle tell it. */
async function historiesOf(nights: readonly Omit<Night, 'dt'>[], ...columns: readonly string[]) {
  const dated = nights.map((night, i) => ({ dt: [D1, D2, D3, D4][i] ?? '', ...night }))
  const [store, plain] = [memoryStore(), memoryStore()]
  for (const { dt, parents, missing = [] } of dated) {
    await landLinks(store, dt, parents, { missing })
    await landLinks(plain, dt, parents, { missing })
  }
  await load(store, engine, LINKS, 'test', 'load')
  await load(plain, plainEngine, LINKS, 'test', 'load')
  const published = await plain.read(keys.history(placeOf(LINKS)))
  return [
    await historyOf(store, engine, LINKS),
    await plainRows(published?.bytes ?? new Uint8Array()),
    linksHistory(dated),
  ].map((rows) =>
    rows.filter((row) => row['box_id'] === 'box').map((row) => columns.map((column) => row[column])),
  )
}

const other = { x: 'r' }

test.each<[string, readonly ParentNight[], readonly unknown[]]>([
  [
    'is not known of a parent that was listed and never read',
    [
      { box: 'forbidden', other },
      { box: 'not_read', other },
      { box: { a: 'r' }, other },
      { box: { a: 'r', b: 'r' }, other },
    ],
    [
      ['a', D3, 'new', null, null],
      ['b', D4, 'new', D3, null],
    ],
  ],
  [
    'is the day before for a parent that it did not list',
    [{ other }, { other }, { box: { a: 'r' }, other }],
    [['a', D3, 'new', D2, null]],
  ],
  [
    'is when the parent was last read, where it was',
    [
      { box: {}, other },
      { box: 'forbidden', other },
      { box: { a: 'r' }, other },
    ],
    [['a', D3, 'new', D1, null]],
  ],
  [
    'is not known of a parent that went, came back and was not read yet',
    [{ box: { a: 'r' }, other }, { other }, { box: 'forbidden', other }, { box: { a: 'r' }, other }],
    [
      ['a', D1, 'new', null, D1],
      ['a', D4, 'returned', null, null],
    ],
  ],
])('the reading before %s', async (_, nights, expected) => {
  const columns = ['thing_id', 'valid_from', 'cause', 'changed_after', 'gone_after']
  const told = await historiesOf(
    nights.map((parents) => ({ parents })),
    ...columns,
  )
  expect(told).toEqual([expected, expected, expected])
})

const box = { a: 'r' }
const unread = { box: 'not_read', other } as const
const missing = ['role']

test.each<[string, readonly Omit<Night, 'dt'>[], readonly unknown[]]>([
  [
    'is no change below a parent that is not read on the next',
    [
      { parents: { box, other } },
      { parents: { box, other }, missing },
      { parents: unread },
      { parents: { box, other } },
    ],
    [['a', 'r', D1, null, 'new', null]],
  ],
  [
    'hides no change that is read later',
    [
      { parents: { box, other } },
      { parents: { box, other }, missing },
      { parents: unread },
      { parents: { box: { a: 'w' }, other } },
    ],
    [
      ['a', 'r', D1, D4, 'new', null],
      ['a', 'w', D4, null, 'changed', null],
    ],
  ],
  [
    'stays unknown while its parent is not read',
    [
      { parents: { box, other }, missing },
      { parents: unread },
      { parents: unread },
      { parents: { box, other } },
    ],
    [
      ['a', null, D1, D4, 'new', missing],
      ['a', 'r', D4, null, 'schema', null],
    ],
  ],
])('a column that is not sent for a night %s', async (_, nights, expected) => {
  const columns = ['thing_id', 'role', 'valid_from', 'valid_to', 'cause', 'unknown']
  expect(await historiesOf(nights, ...columns)).toEqual([expected, expected, expected])
})

const boxOf = (role: string): ParentNight => ({ box: { a: role }, other })

test.each<[string, readonly Omit<Night, 'dt'>[], readonly unknown[]]>([
  [
    'the last reading of its parent, where the night after it was not sent the column',
    [{ parents: boxOf('r') }, { parents: boxOf('r'), missing }, { parents: boxOf('w') }],
    [
      ['a', 'r', D1, 'new', null],
      ['a', 'w', D3, 'changed', D1],
    ],
  ],
  [
    'an older reading, where nights knew the column that did not read the parent',
    [{ parents: boxOf('r') }, { parents: boxOf('r'), missing }, { parents: unread }, { parents: boxOf('w') }],
    [
      ['a', 'r', D1, 'new', null],
      ['a', 'w', D4, 'changed', D1],
    ],
  ],
  [
    'an older reading, behind nights that read the parent without the column and others with it',
    [{ parents: boxOf('r') }, { parents: unread }, { parents: boxOf('r'), missing }, { parents: boxOf('w') }],
    [
      ['a', 'r', D1, 'new', null],
      ['a', 'w', D4, 'changed', D1],
    ],
  ],
  [
    'the reading before, where that knew the column and an older one did not',
    [
      { parents: boxOf('r') },
      { parents: boxOf('r'), missing },
      { parents: boxOf('r') },
      { parents: boxOf('w') },
    ],
    [
      ['a', 'r', D1, 'new', null],
      ['a', 'w', D4, 'changed', D3],
    ],
  ],
])('a change below a parent lies after %s', async (_, nights, expected) => {
  const columns = ['thing_id', 'role', 'valid_from', 'cause', 'changed_after']
  expect(await historiesOf(nights, ...columns)).toEqual([expected, expected, expected])
})
