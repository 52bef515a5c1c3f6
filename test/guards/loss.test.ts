import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays, type Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { type ParentVerdict, shapeOf } from '../../lib/core/shape.ts'
import { exitOf } from '../../lib/core/verdict.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { accept } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { figure, IS_FULL, limitFor, someOf } from '../guarantees/proof.ts'
import { publishedRows, shownRows } from '../load/toy.ts'
import {
  candidatesOn,
  closedRows,
  committedOf,
  currentRows,
  landNumbers,
  landRows,
  numbers,
  parentName,
  publishedOf,
  rowOf,
  SITE,
} from './rows.ts'

const FIRST = '2026-11-01'
const STATES = ENTITIES.filter(({ kind }) => kind === 'state')
const EVENTS = ENTITIES.filter(({ kind }) => kind === 'event')
const named = (entities: readonly Entity[]) => entities.map((each) => [each.name, each] as const)

const SIZES = IS_FULL ? [100, 237, 1000] : [100]
const LIMIT_SIZES = IS_FULL ? [2, 10, 11, 12, 49, 50, 54, 55, 100, 104, 250] : [12, 55]
const LOST_PERCENT = [21, 50, 99, 100]

/** Which of so many rows stay when so many go: the first, the last, or some all over the list. */
const STAYING: Readonly<Record<string, (size: number, lost: number) => readonly number[]>> = {
  'from the front': (size, lost) => numbers(lost, size),
  'from the back': (size, lost) => numbers(0, size - lost),
  // 37 has no factor in common with the sizes: each number comes once.
  'all over': (size, lost) =>
    numbers(lost, size)
      .map((each) => (each * 37) % size)
      .sort((a, b) => a - b),
}

/** A loss that must be held: the rows that are there, and the guard's words. */
interface Loss {
  readonly there: readonly number[]
  readonly reason: string
}

function lossesOf(size: number): readonly Loss[] {
  const limit = Math.floor(size / 5)
  const gone = (lost: number): string => `${lost} of ${size} rows are gone, and ${limit} may go in one night`
  const losses = LOST_PERCENT.flatMap((percent) => {
    const lost = Math.ceil((size * percent) / 100)
    const reason = lost === size ? `0 rows where there were ${size}` : gone(lost)
    return Object.values(STAYING)
      .slice(0, IS_FULL || percent === 21 ? 3 : 1)
      .map((staying) => ({ there: staying(size, lost), reason }))
  })
  return [...losses, { there: numbers(size, 2 * size), reason: gone(size) }]
}

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const counted = { entities: 0, cases: 0, 'rows closed': 0, 'largest losses that passed by one row': 0 }
afterAll(() => figure('guards', { ...counted, entities: ENTITIES.length }))

const loaded = (store: ObjectStore, entity: Entity, run = 'load') => load(store, engine, entity, SITE, run)

/** A store in which an entity has one committed day, of so many rows. */
async function afterOneDay(entity: Entity, size: number): Promise<ObjectStore> {
  const store = memoryStore()
  await landNumbers(store, entity, FIRST, numbers(0, size))
  expect(await loaded(store, entity)).toMatchObject({ committed: [{ dt: FIRST }], held: [] })
  return store
}

/** Holds that a load of what has landed commits nothing, holds these days for these reasons, and touches nothing published. */
async function expectHeld(
  store: ObjectStore,
  entity: Entity,
  reasons: Readonly<Record<Day, string>>,
): Promise<void> {
  const [before, rows] = [await publishedOf(store, entity), await currentRows(store, engine, entity)]
  const { committed, held, published, changes } = await loaded(store, entity, 'second')
  expect([committed, published, changes]).toEqual([[], 0, null])
  expect(Object.fromEntries(held.map(({ dt, reason }) => [dt, reason]))).toEqual(reasons)
  for (const { dt, verdict, candidate } of held) {
    expect([verdict, exitOf(verdict)]).toEqual(['guarded', 3])
    expect(await candidatesOn(store, entity, dt)).toEqual([candidate])
  }
  expect(await publishedOf(store, entity)).toEqual(before)
  const closed = await closedRows(store, engine, entity)
  expect([closed, await currentRows(store, engine, entity)]).toEqual([0, rows])
  counted.cases += held.length
  counted['rows closed'] += closed
}

describe.each(named(STATES))('%s', (_, entity) => {
  test.each(SIZES)(
    'of %d rows: no loss closes one',
    async (size) => {
      const store = await afterOneDay(entity, size)
      const reasons: Record<Day, string> = {}
      for (const [i, { there, reason }] of lossesOf(size).entries()) {
        const dt = addDays(FIRST, i + 1)
        await landNumbers(store, entity, dt, there)
        reasons[dt] = reason
      }
      await expectHeld(store, entity, reasons)
      // The night that has all rows again passes, and makes none of the held ones true.
      const whole = addDays(FIRST, Object.keys(reasons).length + 1)
      await landNumbers(store, entity, whole, numbers(0, size))
      const healed = await loaded(store, entity, 'healed')
      expect([healed.committed.map(({ dt }) => dt), healed.held.length]).toEqual([
        [whole],
        Object.keys(reasons).length,
      ])
      expect(await closedRows(store, engine, entity)).toBe(0)
    },
    limitFor(5, 5),
  )
})

describe.each(named(someOf(STATES, 3)))('%s, at the limit', (_, entity) => {
  test.each(LIMIT_SIZES)(
    'of %d rows: the largest loss passes, one row more is held',
    async (size) => {
      const limit = Math.min(size < 50 ? 10 : Math.floor(size / 5), size - 1)
      const reason =
        limit + 1 === size
          ? `0 rows where there were ${size}`
          : `${limit + 1} of ${size} rows are gone, and ${limit} may go in one night`
      const store = await afterOneDay(entity, size)
      await landNumbers(store, entity, addDays(FIRST, 1), numbers(limit + 1, size))
      await expectHeld(store, entity, { [addDays(FIRST, 1)]: reason })
      const other = await afterOneDay(entity, size)
      await landNumbers(other, entity, addDays(FIRST, 1), numbers(limit, size))
      expect(await loaded(other, entity)).toMatchObject({ committed: [{ version: 1 }], held: [] })
      expect(await closedRows(other, engine, entity)).toBe(limit)
      counted['largest losses that passed by one row']++
    },
    limitFor(5, 5),
  )

  test('that grows tenfold is as it should be', async () => {
    const store = await afterOneDay(entity, 100)
    await landNumbers(store, entity, addDays(FIRST, 1), numbers(0, 1000))
    expect(await loaded(store, entity)).toMatchObject({ committed: [{ version: 1 }], held: [] })
    expect(await currentRows(store, engine, entity)).toBe(1000)
  })
})

/** A site whose parents are of very different size: one has 30 % of all rows, one 15 %, the others what is left. */
const UNEVEN = (index: number): string => parentName(index < 60 ? 0 : index < 90 ? 1 : 2 + (index % 18))
const PARENT_NAMES = numbers(0, 20).map(parentName)
const all = (verdict: ParentVerdict, names = PARENT_NAMES): ReadonlyMap<string, ParentVerdict> =>
  new Map(names.map((each) => [each, verdict]))

describe.each(named(STATES.filter(({ read }) => read.shape === 'children')))(
  '%s, by its parents',
  (_, entity) => {
    const size = 200
    const column = shapeOf(entity).parent ?? ''
    const rowsWhere = (isThere: (parent: string) => boolean) =>
      numbers(0, size)
        .filter((index) => isThere(UNEVEN(index)))
        .map((index) => ({ ...rowOf(entity, index), [column]: UNEVEN(index) }))

    async function afterUnevenDay(): Promise<ObjectStore> {
      const store = memoryStore()
      await landRows(
        store,
        entity,
        FIRST,
        rowsWhere(() => true),
      )
      expect(await loaded(store, entity)).toMatchObject({ committed: [{ dt: FIRST }], held: [] })
      return store
    }
    const second = addDays(FIRST, 1)
    const third = addDays(FIRST, 2)

    const some = PARENT_NAMES.slice(1)
    const few = PARENT_NAMES.slice(0, 10)
    test.each<[string, ReadonlyMap<string, ParentVerdict>, (parent: string) => boolean, RegExp]>([
      ['the list of parents is empty', new Map(), () => false, /^0 rows where there were 200$/],
      ['every parent is read and empty', all('read'), () => false, /^0 rows where there were 200$/],
      ['every parent is gone when it is read', all('vanished'), () => false, /^0 rows where there were 200$/],
      [
        'the largest parent is read and empty',
        all('read'),
        (each) => each !== PARENT_NAMES[0],
        /^60 of 200 rows/,
      ],
      [
        'the largest parent is gone',
        all('read', some),
        (each) => each !== PARENT_NAMES[0],
        /^60 of 200 rows/,
      ],
      ['half of the parents are gone', all('read', few), (each) => few.includes(each), /^\d+ of 200 rows/],
      [
        'one is empty and the others are forbidden: it is weighed alone',
        new Map([...all('forbidden'), [parentName(0), 'read']]),
        () => false,
        /^0 rows where there were 60$/,
      ],
    ])('is held when %s', async (_, parents, isThere, reason) => {
      const store = await afterUnevenDay()
      await landRows(store, entity, second, rowsWhere(isThere), {}, parents)
      await expectHeld(store, entity, { [second]: expect.stringMatching(reason) })
      // Another night like it changes nothing either: no held night vouches for another.
      await landRows(store, entity, third, rowsWhere(isThere), {}, parents)
      await expectHeld(store, entity, {
        [second]: expect.stringMatching(reason),
        [third]: expect.stringMatching(reason),
      })
    })

    test('closes nothing when no parent is read, and is held when all of them come back empty', async () => {
      const store = await afterUnevenDay()
      await landRows(store, entity, second, [], {}, all('not_read'))
      expect(await loaded(store, entity)).toMatchObject({ committed: [{ dt: second }], held: [] })
      const seen = [await closedRows(store, engine, entity), await currentRows(store, engine, entity)]
      expect(seen).toEqual([0, size])
      await landRows(store, entity, third, [])
      await expectHeld(store, entity, { [third]: '0 rows where there were 200' })
    })

    test('is held when more parents are refused than may go, and closes nothing when it is accepted', async () => {
      const store = await afterUnevenDay()
      await landRows(store, entity, second, [], {}, all('forbidden'))
      const count = all('forbidden').size
      const reason = `${count} of ${count} parents that were read are refused, and 10 may be`
      await expectHeld(store, entity, { [second]: reason })
      const [held] = (await loaded(store, entity)).held
      const sha256prefix = String(held?.candidate)
      await accept(store, engine, entity, SITE, { sha256prefix, run: 'by-hand', reason: 'looked at' })
      // Who is refused as the day before is no news.
      await landRows(store, entity, third, [], {}, all('forbidden'))
      expect((await loaded(store, entity)).held).toEqual([])
      const seen = [await closedRows(store, engine, entity), await currentRows(store, engine, entity)]
      expect(seen).toEqual([0, size])
    })

    test.each([0, 10])('is held for refused parents also when the next day has %d of them', async (later) => {
      const store = await afterUnevenDay()
      await landRows(store, entity, second, [], {}, all('forbidden'))
      const parents = new Map([...all('read'), ...all('forbidden', [...all('read').keys()].slice(0, later))])
      const read = rowsWhere((each) => parents.get(each) === 'read')
      await landRows(store, entity, third, read, {}, parents)
      const { committed, held } = await loaded(store, entity)
      expect([committed, held]).toMatchObject([[{ dt: third }], [{ dt: second, verdict: 'guarded' }]])
      expect(await closedRows(store, engine, entity)).toBe(0)
    })

    // The same list, read as an entity of its own, would be held: then it is no ground to end its children's rows either.
    test('is held when half of the parents are gone, also when they had few of the rows', async () => {
      const store = memoryStore()
      const large = (index: number) => ({ ...rowOf(entity, index), [column]: parentName(0) })
      const small = (index: number) => ({ ...rowOf(entity, index), [column]: parentName(index % 60) })
      const rows = [...numbers(100, 1100).map(large), ...numbers(1, 60).map(small)]
      await landRows(store, entity, FIRST, rows, {}, all('read', numbers(0, 60).map(parentName)))
      await loaded(store, entity)
      const left = numbers(0, 30).map(parentName)
      await landRows(
        store,
        entity,
        second,
        rows.filter((row) => left.includes(String(row[column]))),
        {},
        all('read', left),
      )
      await expectHeld(store, entity, { [second]: expect.stringMatching(/30 of 60/) })
    })

    test('loses a parent of less than a fifth like any other rows', async () => {
      const store = await afterUnevenDay()
      await landRows(
        store,
        entity,
        second,
        rowsWhere((each) => each !== parentName(1)),
      )
      expect(await loaded(store, entity)).toMatchObject({ committed: [{ dt: second }], held: [] })
      expect(await closedRows(store, engine, entity)).toBe(30)
    })
  },
)

describe.each(named(EVENTS))('%s, which are events', (_, entity) => {
  const size = 237

  /** Everything published of them but when they were last seen. */
  async function published(store: ObjectStore): Promise<readonly unknown[]> {
    const rows: unknown[] = []
    for (const { key } of await store.list(`event/entity=${entity.name}/`))
      for (const { observed_at: _, ...row } of shownRows(await publishedRows(store, engine, key)))
        rows.push(row)
    return rows
  }

  test.each(LOST_PERCENT)('stay, whatever a later reading lacks: %d %%', async (percent) => {
    const store = memoryStore()
    await landNumbers(store, entity, FIRST, numbers(0, size))
    await loaded(store, entity)
    const before = await published(store)
    expect(before).toHaveLength(size)
    const lost = Math.ceil((size * percent) / 100)
    for (const [i, staying] of Object.values(STAYING).entries()) {
      const dt = addDays(FIRST, i + 1)
      await landNumbers(store, entity, dt, staying(size, lost))
      const { held, committed } = await loaded(store, entity, `load-${i}`)
      expect([held, committed]).toEqual([[], expect.arrayContaining([{ dt, version: 1 }])])
      counted.cases++
    }
    expect(await published(store)).toEqual(before)
    expect(await committedOf(store, entity)).toEqual([])
  })

  test('are as new as the last reading that saw them, also when it saw just the same', async () => {
    const store = memoryStore()
    for (const i of [0, 1]) await landNumbers(store, entity, addDays(FIRST, i), numbers(0, size))
    await loaded(store, entity)
    const [{ key } = { key: '' }] = await store.list(`event/entity=${entity.name}/`)
    const seen = new Set(shownRows(await publishedRows(store, engine, key)).map((row) => row['observed_at']))
    expect([...seen]).toEqual([`${addDays(FIRST, 1)}T03:01:00.000`])
    expect((await loaded(store, entity, 'again')).committed).toEqual([])
  })
})
