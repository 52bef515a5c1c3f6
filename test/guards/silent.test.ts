import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays } from '../../lib/core/day.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { holdReason } from '../../lib/load/guard.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { figure } from '../guarantees/proof.ts'
import { currentRows, landNumbers, numbers, SITE } from './rows.ts'

/*
 * What the thresholds let through. These are no promises but their limits: who reads the figures knows what a silent
 * warehouse may have lost. When a threshold moves, the figures do.
 */

const FIRST = '2026-11-01'
const SIZES = [11, 50, 100, 1_000, 10_000]

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

/** The fewest rows that may be left of so many after one night without a word. */
function fewestLeft(rows: number): number {
  for (let left = 0; left < rows; left++)
    if (holdReason({ before: rows, after: left, deletions: rows - left, lostColumns: [] }) === null)
      return left
  return rows
}

/** The same, night after night: from the first night on. */
const fewestOfWeek = (rows: number): readonly number[] =>
  numbers(1, 8).reduce<readonly number[]>((left) => [...left, fewestLeft(left.at(-1) ?? 0)], [rows])

const percentLost = (rows: number, left: number): number => Math.round((1 - left / rows) * 1000) / 10

test('the largest loss that passes without a word: a fifth a night, or ten rows; most of a table in a week', async () => {
  const counted: Record<string, number> = {}
  for (const rows of SIZES) {
    const week = fewestOfWeek(rows)
    counted[`% lost in a night of ${rows} rows`] = percentLost(rows, week[1] ?? 0)
    counted[`% lost in a week of ${rows} rows`] = percentLost(rows, week.at(-1) ?? 0)
  }
  figure('silent-losses', counted)
  expect(SIZES.map((rows) => [rows, fewestLeft(rows), fewestOfWeek(rows).at(-1)])).toEqual([
    [11, 1, 1],
    [50, 40, 1],
    [100, 80, 12],
    [1_000, 800, 211],
    [10_000, 8_000, 2_098],
  ])
})

test('such a week passes the real load as well', async () => {
  const [store, groups] = [memoryStore(), entityNamed('groups')]
  const week = fewestOfWeek(100)
  for (const [i, left] of week.entries())
    await landNumbers(store, groups, addDays(FIRST, i), numbers(100 - left, 100))
  const { held, committed } = await load(store, engine, groups, SITE, 'load')
  expect([held, committed.length, await currentRows(store, engine, groups)]).toEqual([[], 8, 12])
})

test('a night that lost more than a third is held, though the next one is like it: almost half of it is back', async () => {
  const [store, groups] = [memoryStore(), entityNamed('groups')]
  for (const [i, left] of [1000, 640, 800].entries())
    await landNumbers(store, groups, addDays(FIRST, i), numbers(0, left))
  const { held, committed } = await load(store, engine, groups, SITE, 'load')
  expect([held.map(({ dt }) => dt), committed.length]).toEqual([[addDays(FIRST, 1)], 2])
})
