import { addDays } from '../../lib/core/day.ts'
import { type Random, randomOf } from '../../lib/simulator/random.ts'
import type { Reading, Value } from '../load/oracle.ts'

/** The first day of every calendar. */
export const FIRST = '2026-11-01'

/** Keys that a careless comparison would take for one: case, spaces, composed and decomposed accents, an invisible letter. */
const SPELLINGS: readonly ((n: number) => string)[] = [
  (n) => `k${n}`,
  (n) => `K${n}`,
  (n) => `k${n} `,
  (n) => `k${n}\u00e9`,
  (n) => `k${n}e\u0301`,
  (n) => `k${n}\u200b`,
]
const keyNamed = (i: number): string =>
  (SPELLINGS[i % SPELLINGS.length] ?? String)(Math.floor(i / SPELLINGS.length))

/** Values that a careless comparison would take for one. */
const NAMES: readonly Value[] = [
  null,
  '',
  ' ',
  'a',
  'A',
  'a ',
  '\u00e9',
  'e\u0301',
  "o'b",
  'NULL',
  '\u{1f600}',
  '\\',
]
const SIZES: readonly Value[] = [null, 0, 1, -1, 9_007_199_254_740_991]
const TAGS: readonly Value[] = [
  null,
  [],
  [''],
  ['x'],
  ['x', 'x'],
  ['X'],
  ['x', 'y'],
  ['x, y'],
  ['[x]'],
  ['NULL'],
]
const POOLS: Readonly<Record<string, readonly Value[]>> = { name: NAMES, size: SIZES, tags: TAGS }

/** The columns of the toy that make history. */
export const TRACKED = ['name', 'size', 'tags'] as const

type Cells = Readonly<Record<string, Value>>

/**
 * On which of so many nights a key is there. Most stay all the time, since a site that loses a fifth of its rows is the
 * guard's business: of the others some come late, go for good, go and come back, flicker, or are seen once.
 */
function presence(random: Random, nights: number): (night: number) => boolean {
  const [style, a, b, luck] = [random.unit(), random.below(nights), random.below(nights), random.unit()]
  const flickers = Array.from({ length: style > 0.9 && style < 0.95 ? nights : 0 }, () => random.chance(0.6))
  if (style < 0.6) return () => true
  if (style < 0.7) return (night) => night >= a
  if (style < 0.75) return (night) => night <= nights - 1 - Math.floor(a * luck)
  if (style < 0.9)
    return (night) => night < Math.min(a, b) || night >= Math.min(a, b) + 1 + Math.floor(luck * 4)
  return flickers.length > 0 ? (night) => flickers[night] ?? true : (night) => night === a
}

const fresh = (random: Random): Cells => ({
  name: random.pick(NAMES),
  size: random.pick(SIZES),
  tags: random.pick(TAGS),
})

/** The same row, or with another value in one column; values come back often. */
function moved(random: Random, cells: Cells): Cells {
  if (!random.chance(0.12)) return cells
  const column = random.pick(TRACKED)
  return { ...cells, [column]: random.pick(POOLS[column] ?? []) }
}

/** A row as a night reads it: without what that night does not know, and with volatile values that are new each night. */
const readOn = (random: Random, cells: Cells, missing: readonly string[]): Cells => ({
  ...Object.fromEntries(
    TRACKED.map((column) => [column, missing.includes(column) ? null : (cells[column] ?? null)]),
  ),
  views: random.below(1_000_000),
  raw_extra: random.chance(0.1) ? `{"@luck":"${random.below(9)}"}` : null,
})

/** What a night does not know: mostly nothing; before the night `since`, sizes in any case. */
function missingOn(random: Random, night: number, since: number): readonly string[] {
  const some = random.chance(0.25) ? TRACKED.filter(() => random.chance(0.5)) : []
  return night < since ? [...new Set([...some, 'size'])].sort() : some
}

/** What a calendar is made of. The same facts always give the same calendar. */
export interface CalendarFacts {
  readonly seed: number
  readonly keys: number
  readonly nights: number
  /** The first night on which sizes are declared. */
  readonly since: number
}

/** A calendar of so many keys, each with a life of its own that depends on no other key: so many cases in one table. */
export function calendarOf({ seed, keys, nights, since }: CalendarFacts): readonly Reading[] {
  const random = randomOf(seed, 'calendar')
  const readings = Array.from({ length: nights }, (_, night) => ({
    dt: addDays(FIRST, night),
    missing: missingOn(random, night, since),
    rows: new Map<string, Cells>(),
  }))
  for (let i = 0; i < keys; i++) {
    const id = keyNamed(i)
    const isThere = presence(random, nights)
    let cells = fresh(random)
    for (const [night, { missing, rows }] of readings.entries()) {
      cells = moved(random, cells)
      if (isThere(night)) rows.set(id, readOn(random, cells, missing))
    }
  }
  return readings
}

/** Another reading of a day: some rows gone, many with other values, and what it does not know is its own. */
export function secondLook(seed: number, { dt, rows }: Reading): Reading {
  const random = randomOf(seed, 'second look', dt)
  const missing = missingOn(random, 0, 0)
  const again = [...rows].filter(() => random.chance(0.97))
  return {
    dt,
    missing,
    rows: new Map(
      again.map(([id, cells]) => {
        const better = random.chance(0.2) ? fresh(random) : cells
        return [id, readOn(random, better, missing)]
      }),
    ),
  }
}
