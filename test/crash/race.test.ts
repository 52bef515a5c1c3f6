import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { isError } from '../../lib/core/errors.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, IS_FULL } from '../guarantees/proof.ts'
import { land } from '../load/land.ts'
import { landLinks } from '../load/links.ts'
import { derivedDifferences, forgetDerived, LINKS, placeOf, THINGS } from '../load/toy.ts'
import { copyOf, mortalStore } from '../system/mortal.ts'
import { thing } from './load-scenes.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

/** A store that answers after as many turns of the event loop as the next number says: every seed is another interleaving. */
function slowed(store: ObjectStore, turns: readonly number[]): ObjectStore {
  let next = 0
  const dawdle = async (): Promise<void> => {
    const count = turns[next++ % turns.length] ?? 0
    for (let i = 0; i < count; i++) await turn()
  }
  return {
    read: async (key) => dawdle().then(() => store.read(key)),
    head: async (key) => dawdle().then(() => store.head(key)),
    list: async (prefix) => dawdle().then(() => store.list(prefix)),
    remove: async (key) => dawdle().then(() => store.remove(key)),
    write: async (key, bytes, condition) => dawdle().then(() => store.write(key, bytes, condition)),
  }
}

const [DAY1, DAY2, DAY3, DAY4] = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'] as const

/** Two committed days of both toys, and two more that wait, one of them late. */
async function waiting(): Promise<ObjectStore> {
  const store = memoryStore()
  await land(store, THINGS, DAY1, [thing('a', 'A'), thing('b', 'B')])
  await land(store, THINGS, DAY3, [thing('a', 'A3')])
  await landLinks(store, DAY1, { x: { a: 'r' }, y: { b: 'r' } })
  await landLinks(store, DAY3, { x: 'not_read', y: { b: 'w' } })
  for (const entity of [THINGS, LINKS]) await load(store, engine, entity, 'test', 'load')
  await land(store, THINGS, DAY2, [thing('a', 'A2'), thing('c', 'C')])
  await land(store, THINGS, DAY4, [thing('c', 'C')])
  await land(store, THINGS, DAY1, [thing('a', 'A1')], {
    run: 'again',
    observedFrom: Date.parse(`${DAY1}T05:00:00Z`),
  })
  await landLinks(store, DAY2, { x: 'forbidden', y: { b: 'r', c: 'r' } })
  await landLinks(store, DAY4, { x: { z: 'r' }, y: {} })
  return store
}

/** Runs an intruder's work right before the nth operation on a store; `after` is what came from then on. */
function intruded(
  store: ObjectStore,
  n: number,
  intrude: () => Promise<unknown>,
): ObjectStore & { readonly after: readonly string[] | undefined } {
  let operations = 0
  let after: string[] | undefined
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    after?.push(what)
    if (operations++ === n) {
      after = [what]
      await intrude()
    }
    return work()
  }
  return {
    get after() {
      return after
    },
    read: (key) => step(`read ${key}`, () => store.read(key)),
    head: (key) => step(`head ${key}`, () => store.head(key)),
    list: (prefix) => step(`list ${prefix}`, () => store.list(prefix)),
    remove: (key) => step(`remove ${key}`, () => store.remove(key)),
    write: (key, bytes, condition) => step(`write ${key}`, () => store.write(key, bytes, condition)),
  }
}

/** Where what a store publishes is not what its manifests say. */
async function wrongs(store: ObjectStore, entity: Entity): Promise<readonly unknown[]> {
  const rebuilt = await copyOf(store)
  await forgetDerived(rebuilt, entity)
  await load(rebuilt, engine, entity, 'test', 'rebuild')
  return derivedDifferences(store, rebuilt, engine)
}

/** In full before every operation, in the suite before one of so many. */
const EVERY = IS_FULL ? 1 : 3

describe('a load into which somebody bursts before any of its operations', () => {
  const withdraw = (store: ObjectStore, entity: Entity) =>
    withdrawDay(store, engine, entity, 'test', { dt: DAY1, run: 'c', reason: 'test' })

  test.each([
    ['withdraws a day and publishes', THINGS, EVERY, (store: ObjectStore) => withdraw(store, THINGS)],
    // This load has some hundred and fifty operations.
    [
      'withdraws a day of parents and publishes',
      LINKS,
      7 * EVERY,
      (store: ObjectStore) => withdraw(store, LINKS),
    ],
    [
      'withdraws a day and dies',
      THINGS,
      EVERY,
      async (store: ObjectStore) => {
        const mortal = mortalStore(store, (_, key) => (key.startsWith('manifest/') ? 'after' : undefined))
        await withdraw(mortal, THINGS).catch(() => undefined)
      },
    ],
  ])('and %s', async (name, entity, stride, intrude) => {
    const start = await waiting()
    for (let n = 0; ; n += stride) {
      const store = await copyOf(start)
      const watched = intruded(store, n, () => intrude(store))
      await load(watched, engine, entity, 'test', 'load')
      if (watched.after === undefined) break
      const looksLeft = watched.after.filter((operation) => operation.startsWith('list manifest/')).length
      // A dead intruder is found by the look after the history was written; what comes later waits for the next load. Two
      // looks follow it, before the current table is written and after.
      if (name.endsWith('dies') && looksLeft < 3) continue
      expect([n, await wrongs(store, entity)]).toEqual([n, []])
    }
  })
})

describe('loaders and correctors at once', () => {
  test('leave what the manifests say, without anybody coming after them', async () => {
    const start = await waiting()
    const [first] = (await start.list(`${keys.candidates(placeOf(THINGS))}dt=${DAY1}/`)).filter(({ key }) =>
      key.endsWith('.parquet'),
    )
    const replaces = first?.key.split('/').at(-1)?.replace('.parquet', '') ?? ''
    const turns = fc.array(fc.nat(6), { minLength: 20, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(fc.array(turns, { minLength: 6, maxLength: 6 }), async (paces) => {
        const store = await copyOf(start)
        const at = (i: number): ObjectStore => slowed(store, paces[i] ?? [0])
        const late = (thrown: unknown): void => {
          // Two correctors of one version: one is told that it came late.
          if (!isError(thrown, 'stale-correction')) throw thrown
        }
        await Promise.all([
          load(at(0), engine, THINGS, 'test', 'run-1'),
          load(at(1), engine, THINGS, 'test', 'run-2'),
          replaceDay(at(2), engine, THINGS, 'test', { dt: DAY1, replaces, run: 'c-1', reason: 'test' }).catch(
            late,
          ),
          withdrawDay(at(3), engine, THINGS, 'test', { dt: DAY3, run: 'c-2', reason: 'test' }),
          load(at(4), engine, LINKS, 'test', 'run-1'),
          withdrawDay(at(5), engine, LINKS, 'test', { dt: DAY1, run: 'c-3', reason: 'test' }),
        ])
        for (const entity of [THINGS, LINKS])
          expect((await committedDays(store, placeOf(entity))).map(({ dt }) => dt)).toEqual([
            DAY1,
            DAY2,
            DAY3,
            DAY4,
          ])
        for (const entity of [THINGS, LINKS]) expect(await wrongs(store, entity)).toEqual([])
      }),
      { numRuns: cases('race', { suite: 4, full: 12 }) },
    )
  }, 600_000)
})
