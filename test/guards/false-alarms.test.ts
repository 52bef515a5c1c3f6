import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { ENTITIES, entityNamed } from '../../lib/entities/index.ts'
import { holdReason } from '../../lib/load/guard.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { type NormalNight, normalNights, randomOf, type Season } from './normal.ts'
import * as oracle from './oracle.ts'
import { landNumbers, SITE } from './rows.ts'

const FIRST = '2026-01-01'
const SEED = 20261101
const CLASSES = [
  ['10 to 49 rows', 10, 49],
  ['50 to 199 rows', 50, 199],
  ['200 to 999 rows', 200, 999],
  ['1,000 to 9,999 rows', 1_000, 9_999],
  ['10,000 to 50,000 rows', 10_000, 50_000],
] as const
/** Churn that a normal site has at most, and more than that. */
const PERCENTS = [5, 10, 15, 20] as const
const PER_CLASS = Math.ceil(
  cases('false-alarms', { suite: 10_000, full: 200_000, largest: 500_000 }) / CLASSES.length,
)
const PER_HARSH_CLASS = Math.ceil(
  cases('harsh-nights', { suite: 1_500, full: 40_000, largest: 100_000 }) / CLASSES.length,
)

const isAlarm = (night: NormalNight): boolean => holdReason(night) !== null

function alarmsOf(season: Season): { nights: number; alarms: number } {
  let [nights, alarms] = [0, 0]
  for (const night of normalNights(SEED, season)) {
    nights++
    if (isAlarm(night)) alarms++
  }
  return { nights, alarms }
}

describe('of normal nights', () => {
  const counted: Record<string, number> = { days: 0, alarms: 0 }

  test(
    'at most one in a thousand is held, at a churn of up to 5 %, in tables of every size',
    () => {
      for (const [name, from, to] of CLASSES) {
        const { nights, alarms } = alarmsOf({ from, to, churn: 0.05, nights: PER_CLASS })
        counted['days'] = (counted['days'] ?? 0) + nights
        counted['alarms'] = (counted['alarms'] ?? 0) + alarms
        counted[`alarms in tables of ${name}`] = alarms
        expect([name, alarms / nights <= 0.001]).toEqual([name, true])
      }
      expect(counted['days']).toBeGreaterThanOrEqual(PER_CLASS * CLASSES.length)
    },
    limitFor(5, 60),
  )

  afterAll(() => figure('false-alarms', counted))

  /** How many of 1,000 days are held where every table of a class has just this churn. */
  function heldOf1000([name, from, to]: (typeof CLASSES)[number], percent: number): number {
    const season = { from, to, churn: percent / 100, isFull: true, nights: PER_HARSH_CLASS }
    const { nights, alarms } = alarmsOf(season)
    const held = (1000 * alarms) / nights
    counted[`alarms in 1,000 days at ${percent} % in tables of ${name}`] = Math.round(held * 100) / 100
    return held
  }

  // How the guard does at sites that are not normal: no more rarely where more goes, and it does not sleep.
  test(
    'when every table has the same churn, the more there is of it the more are held: at 5 % next to none',
    () => {
      const sums = PERCENTS.map((percent) => {
        const held = CLASSES.map((each) => heldOf1000(each, percent))
        if (percent === 5) expect(held.filter((days) => days > 1)).toEqual([])
        if (percent === 20) expect(held.filter((days) => days === 0)).toEqual([])
        return held.reduce((sum, days) => sum + days, 0)
      })
      expect(sums).toEqual(sums.toSorted((a, b) => a - b))
      expect(sums.at(-1)).toBeGreaterThan(1_000)
    },
    limitFor(20, 240),
  )

  test('the model itself can alarm: its nights are no quiet ones', () => {
    const nights = [...normalNights(SEED, { from: 50, to: 199, churn: 0.2, isFull: true, nights: 2_000 })]
    expect(nights.filter(isAlarm).length).toBeGreaterThan(100)
    const usual = [...normalNights(SEED, { from: 200, to: 50_000, churn: 0.05, nights: 5_000 })]
    const shares = usual.map(({ before, deletions }) => deletions / before).sort((a, b) => a - b)
    expect(shares.at(-1)).toBeGreaterThan(0.08)
    expect(shares[shares.length >> 1]).toBeGreaterThan(0.01)
  })
})

describe('through the real load', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ threads: 1 })
  })
  const counted = { days: 0, 'days of much churn': 0, 'held of these': 0 }
  afterAll(async () => {
    figure('normal-loads', counted)
    await engine.close()
  })

  const STATES = ENTITIES.filter(({ kind, read }) => kind === 'state' && read.shape !== 'single')

  /** The rows of a season, night by night: as many leave and join as the model says, which ones is chance. */
  function readingsOf(seed: number, season: Season): readonly (readonly number[])[] {
    const random = randomOf(seed)
    let next = 0
    const joining = (count: number): number[] => Array.from({ length: count }, () => next++)
    const nights = [...normalNights(seed, season)]
    let rows = joining(nights[0]?.before ?? 0)
    const readings: (readonly number[])[] = [rows]
    for (const { deletions, joined } of nights) {
      const shuffled = rows.map((row) => [random(), row] as const).sort(([a], [b]) => a - b)
      rows = [...shuffled.slice(deletions).map(([, row]) => row), ...joining(joined)]
      readings.push(rows)
    }
    return readings
  }

  async function heldOf(entity: Entity, readings: readonly (readonly number[])[]) {
    const store = memoryStore()
    for (const [i, rows] of readings.entries()) await landNumbers(store, entity, addDays(FIRST, i), rows)
    const { committed, held } = await load(store, engine, entity, SITE, 'load')
    return { committed: committed.map(({ dt }) => dt).sort(), held: held.map(({ dt }) => dt) }
  }

  const tables = cases('normal-tables', { suite: 3, full: 6 * STATES.length })
  const each = Array.from({ length: tables }, (_, i) => [i, STATES[i % STATES.length] ?? STATES[0]] as const)
  const named = each.flatMap(([i, entity]) => (entity === undefined ? [] : [[i, entity.name] as const]))

  test.each(named)(
    'table %d, of %s: every normal night is committed',
    async (i, name) => {
      const nights = readingsOf(SEED + i, { from: 10, to: 400, churn: 0.05, nights: 16 })
      const { held, committed } = await heldOf(entityNamed(name), nights)
      expect([held, committed.length]).toEqual([[], nights.length])
      counted.days += nights.length
    },
    limitFor(5, 5),
  )

  test.each(named.filter(([i]) => i % 4 === 1))(
    'table %d, of %s: at a churn of 22 %, the nights are held that the model holds',
    async (i, name) => {
      const nights = readingsOf(SEED + i, { from: 40, to: 150, churn: 0.22, isFull: true, nights: 8 })
      const model = oracle.settled({
        ...oracle.NOTHING,
        held: new Map(nights.map((rows, day) => [addDays(FIRST, day), new Set(rows)])),
      })
      const told = await heldOf(entityNamed(name), nights)
      expect(told).toEqual({
        committed: [...model.committed.keys()].sort(),
        held: [...model.held.keys()].sort(),
      })
      expect(told.held).not.toEqual([])
      counted['days of much churn'] += nights.length
      counted['held of these'] += told.held.length
    },
    limitFor(5, 5),
  )
})
