import type { Comparison } from '../../lib/load/guard.ts'

/** A seeded stream of numbers from 0 up to 1 (mulberry32): the same seed, the same stream. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** How many of `n` rows are hit when each is hit with probability `p`: exact, by the gaps between hits. */
function hits(random: () => number, n: number, p: number): number {
  if (p <= 0 || n <= 0) return 0
  if (p >= 1) return n
  let count = 0
  for (let at = 0; ; count++) {
    at += 1 + Math.floor(Math.log1p(-random()) / Math.log1p(-p))
    if (at > n) return count
  }
}

/** About as many, for columns, of which there are many: where hits are many, the normal curve will do. */
function roughly(random: () => number, n: number, p: number): number {
  if (n * p < 30) return hits(random, n, p)
  const curve = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Math.min(n, Math.max(0, Math.round(n * p + curve * Math.sqrt(n * p * (1 - p)))))
}

/** What kind of table a site has, beside the rows that come and go all the time. */
export interface Habits {
  /** The mean share of rows that leave on a weekday; as many join. On weekends a fifth of it. */
  readonly churn: number
  /** At most this share more goes on the last day of a month: a department is reorganised. */
  readonly reorganised: number
  /** At most this share more goes each Sunday: what nobody opens is cleaned up. */
  readonly cleanedUp: number
  /** This share of the table is temporary: made for a night, and each night other ones. */
  readonly temporary: number
}

/** A table of a simulated site: rows and the values of its columns, as counts. */
interface Table {
  readonly size: number
  readonly habits: Habits
  /** The share of rows that have a value, by column: some full, most sparse, some with a handful. */
  readonly fills: readonly number[]
}

const COLUMNS = 12
/** What a row's value is cleared with, each night. */
const CLEARED = 0.005

/**
 * A table of `from` to `to` rows, small ones as often as large ones: half of the tables know reorganisations, half
 * clean-ups, a quarter nightly temporary rows.
 */
function tableOf(random: () => number, from: number, to: number, churn: number): Table {
  const size = Math.round(from * (to / from) ** random())
  const sometimes = (share: number, often: number): number => (random() < often ? share : 0)
  return {
    size,
    habits: {
      churn,
      reorganised: sometimes(0.05, 0.5),
      cleanedUp: sometimes(0.05, 0.5),
      temporary: sometimes(0.02, 0.25),
    },
    // As sparse as one value in the whole table.
    fills: Array.from({ length: COLUMNS }, () => size ** -random()),
  }
}

/** The share of rows that go on a day, temporary ones apart: 1 January is day 0, a Thursday. */
function leaving(random: () => number, habits: Habits, day: number): number {
  const isWeekend = [2, 3].includes(day % 7)
  const usual = habits.churn * (isWeekend ? 0.2 : 1)
  const reorganised = day % 30 === 29 ? habits.reorganised * random() : 0
  const cleanedUp = day % 7 === 3 ? habits.cleanedUp * random() : 0
  return usual + reorganised + cleanedUp
}

/** A night of a simulated table: how it compares with the night before, as the loader would count it. */
export interface NormalNight extends Comparison {
  /** How many rows joined. */
  readonly joined: number
}

const VALUES = 50

function* nightsOf(random: () => number, table: Table, nights: number): Generator<NormalNight> {
  const { size, habits, fills } = table
  let rows = size
  let values = fills.map((fill) => hits(random, size, fill))
  for (let day = 0; day < nights; day++) {
    const temporary = Math.min(rows, Math.round(size * habits.temporary))
    const share = leaving(random, habits, day)
    const left = hits(random, rows - temporary, share)
    const deletions = Math.min(left + temporary, rows - 1)
    // As many join as leave, more when the table is smaller than it was.
    const joined = hits(random, size, Math.max(0, Math.min(1, share + (size - rows) / size / 10))) + temporary
    const gone = deletions / Math.max(1, rows)
    const next = values.map(
      (had, i) =>
        Math.max(0, had - roughly(random, had, gone + CLEARED)) +
        roughly(random, joined, Math.min(1, (fills[i] ?? 0) + CLEARED)),
    )
    const lostColumns = values.flatMap((had, i) => (had >= VALUES && next[i] === 0 ? [`column ${i}`] : []))
    const after = rows - deletions + joined
    yield { before: rows, after, deletions, lostColumns, joined }
    rows = after
    values = next
  }
}

/** Which tables, and how many of their nights. */
export interface Season {
  readonly from: number
  readonly to: number
  readonly churn: number
  readonly isFull?: boolean
  readonly nights: number
}

/**
 * So many normal nights of tables of `from` to `to` rows, 90 of each table. Repeatable by its seed. Counts alone: no row
 * is made. With `isFull` every table has the whole churn; else it has anything up to it.
 */
export function* normalNights(
  seed: number,
  { from, to, churn, isFull = false, nights }: Season,
): Generator<NormalNight> {
  const random = randomOf(seed)
  for (let left = nights; left > 0; left -= 90) {
    const share = isFull ? churn : churn * random()
    yield* nightsOf(random, tableOf(random, from, to, share), Math.min(90, left))
  }
}
