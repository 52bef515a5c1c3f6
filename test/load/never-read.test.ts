import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { keys } from '../../lib/core/keys.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { plainEngine } from '../simulation/plain-engine.ts'
import { plainRows } from '../simulation/plain-file.ts'
import { landLinks, type ParentNight } from './links.ts'
import { linksHistory } from './parents-oracle.ts'
import { historyOf, LINKS, placeOf } from './toy.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const [D1, D2, D3, D4] = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'] as const

/** Which reading came before the members of `box`, as the engine, the plain engine and the oracle say. */
async function readingsBefore(nights: readonly ParentNight[]): Promise<readonly unknown[]> {
  const dated = nights.map((parents, i) => ({ dt: [D1, D2, D3, D4][i] ?? '', parents }))
  const [store, plain] = [memoryStore(), memoryStore()]
  for (const { dt, parents } of dated) {
    await landLinks(store, dt, parents)
    await landLinks(plain, dt, parents)
  }
  await load(store, engine, LINKS, 'test', 'load')
  await load(plain, plainEngine, LINKS, 'test', 'load')
  const published = await plain.read(keys.history(placeOf(LINKS)))
  return [
    await historyOf(store, engine, LINKS),
    await plainRows(published?.bytes ?? new Uint8Array()),
    linksHistory(dated),
  ].map((rows) =>
    rows
      .filter((row) => row['box_id'] === 'box')
      .map((row) => [
        row['thing_id'],
        row['valid_from'],
        row['cause'],
        row['changed_after'],
        row['gone_after'],
      ]),
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
  expect(await readingsBefore(nights)).toEqual([expected, expected, expected])
})
