import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import { keys } from '../../lib/core/keys.ts'
import { withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import type { LoadEngine } from '../../lib/load/transforms.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { plainEngine } from '../simulation/plain-engine.ts'
import { plainRows } from '../simulation/plain-file.ts'
import { land } from './land.ts'
import { historyOracle } from './oracle.ts'
import { placeOf, THINGS } from './toy.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

/** A night of the one thing: its name and its size, `undefined` where that was not sent. */
interface Look {
  readonly dt: string
  readonly name?: string
  readonly size?: number
  readonly isWithdrawn?: boolean
}

const missingOf = ({ name, size }: Look): readonly string[] => [
  ...(name === undefined ? ['name'] : []),
  ...(size === undefined ? ['size'] : []),
]

const rowOf = ({ name, size }: Look): Row => ({
  id: 'k',
  name: name ?? null,
  size: size === undefined ? null : BigInt(size),
  tags: null,
  views: 0n,
  raw_extra: null,
})

/** The history of these nights, each loaded by itself or all at once. */
async function foldedBy(by: LoadEngine, looks: readonly Look[], isEach: boolean) {
  const store = memoryStore()
  for (const look of looks) {
    await land(store, THINGS, look.dt, [rowOf(look)], { missing: missingOf(look) })
    if (isEach) await load(store, by, THINGS, 'test', `load-${look.dt}`)
  }
  await load(store, by, THINGS, 'test', 'load')
  for (const { dt } of looks.filter(({ isWithdrawn }) => isWithdrawn === true))
    await withdrawDay(store, by, THINGS, 'test', { dt, run: 'withdraw', reason: 'test' })
  const history = await store.read(keys.history(placeOf(THINGS)))
  return plainRows(history?.bytes ?? new Uint8Array())
}

const toldBy = (looks: readonly Look[]) =>
  historyOracle(
    looks
      .filter(({ isWithdrawn }) => isWithdrawn !== true)
      .map((look) => ({
        dt: look.dt,
        missing: missingOf(look),
        rows: new Map([['k', { name: look.name ?? null, size: look.size ?? null, tags: null }]]),
      }))
      .sort((a, b) => (a.dt < b.dt ? -1 : 1)),
    ['name', 'size', 'tags'],
  ).versions

const [D1, D2, D3, D4, D5] = [1, 2, 3, 4, 5].map((day) => `2026-11-0${day}`) as [
  string,
  string,
  string,
  string,
  string,
]

test.each<[string, readonly Look[], readonly (readonly unknown[])[]]>([
  [
    'the night before, where that knew the column',
    [
      { dt: D1, name: 'a', size: 1 },
      { dt: D2, name: 'a', size: 1 },
      { dt: D3, name: 'b', size: 1 },
    ],
    [
      [D1, 'new', null],
      [D3, 'changed', D2],
    ],
  ],
  [
    'the last night that knew the column',
    [
      { dt: D1, name: 'a', size: 1 },
      { dt: D2, size: 1 },
      { dt: D3, size: 1 },
      { dt: D4, name: 'b', size: 1 },
    ],
    [
      [D1, 'new', null],
      [D4, 'changed', D1],
    ],
  ],
  [
    'the night before, where only columns differ that it knew',
    [
      { dt: D1, name: 'a', size: 1 },
      { dt: D2, size: 1 },
      { dt: D3, name: 'a', size: 2 },
    ],
    [
      [D1, 'new', null],
      [D3, 'changed', D2],
    ],
  ],
  [
    'the earliest of the nights that knew the columns that differ',
    [
      { dt: D1, name: 'a', size: 1 },
      { dt: D2, name: 'a' },
      { dt: D3 },
      { dt: D4, size: 1 },
      { dt: D5, name: 'b', size: 2 },
    ],
    [
      [D1, 'new', null],
      [D5, 'changed', D2],
    ],
  ],
  [
    'the last night that knew the column, also behind a version that another column began',
    [
      { dt: D1, name: 'a', size: 1 },
      { dt: D2, size: 2 },
      { dt: D3, size: 2 },
      { dt: D4, name: 'b', size: 2 },
    ],
    [
      [D1, 'new', null],
      [D2, 'changed', D1],
      [D4, 'changed', D1],
    ],
  ],
  [
    'the night before, for what only became known',
    [
      { dt: D1, size: 1 },
      { dt: D2, size: 1 },
      { dt: D3, name: 'a', size: 1 },
    ],
    [
      [D1, 'new', null],
      [D3, 'schema', D2],
    ],
  ],
  [
    'a late night that knew the column',
    [
      { dt: D1, name: 'a', size: 1 },
      { dt: D3, size: 1 },
      { dt: D4, name: 'b', size: 1 },
      { dt: D2, name: 'a', size: 1 },
    ],
    [
      [D1, 'new', null],
      [D4, 'changed', D2],
    ],
  ],
  [
    'no night that was withdrawn',
    [
      { dt: D1, name: 'a', size: 1 },
      { dt: D2, name: 'a', size: 1, isWithdrawn: true },
      { dt: D3, size: 1 },
      { dt: D4, name: 'b', size: 1 },
    ],
    [
      [D1, 'new', null],
      [D4, 'changed', D1],
    ],
  ],
])('a version began after %s', async (_, looks, expected) => {
  const told = toldBy(looks)
  expect(told.map((each) => [each['valid_from'], each['cause'], each['changed_after']])).toEqual(expected)
  const orderly = looks.toSorted((a, b) => (a.dt < b.dt ? -1 : 1))
  for (const by of [engine, plainEngine]) {
    expect(await foldedBy(by, looks, true)).toEqual(told)
    expect(await foldedBy(by, orderly, false)).toEqual(told)
  }
})
