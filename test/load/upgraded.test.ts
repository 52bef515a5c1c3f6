import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { text } from '../../lib/core/column.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
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
