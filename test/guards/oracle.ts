import type { Day } from '../../lib/core/day.ts'

/** A reading by the numbers of its rows. */
export type Reading = ReadonlySet<number>

/** What an entity's days have come to: the reading of each committed day, null where it was withdrawn, and what is held. */
export interface Standing {
  readonly committed: ReadonlyMap<Day, Reading | null>
  readonly held: ReadonlyMap<Day, Reading>
}

/** Nothing read yet. */
export const NOTHING: Standing = { committed: new Map(), held: new Map() }

const without = (a: Reading, b: Reading): number => [...a].filter((each) => !b.has(each)).length

/** The design's third rule on rows, in its own words: nothing where there was something, or more gone than max(10, 20 %). */
const isSuspicious = (before: Reading, after: Reading): boolean =>
  (before.size > 0 && after.size === 0) || without(before, after) > Math.max(10, before.size / 5)

/** The readings that were committed and not withdrawn, in order of day. */
const standing = (committed: Standing['committed']): readonly (readonly [Day, Reading])[] =>
  [...committed]
    .flatMap(([dt, reading]) => (reading === null ? [] : [[dt, reading] as const]))
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** Of what went that day, more than a fifth is back the next day; rows that came that day and went at once count as back. */
const isBack = (before: Reading, reading: Reading, after: Reading): boolean => {
  const lost = [...before].filter((each) => !reading.has(each))
  const fleeting = [...reading].filter((each) => !before.has(each) && !after.has(each))
  return lost.filter((each) => after.has(each)).length + fleeting.length > lost.length / 5
}

function passes({ committed }: Standing, dt: Day, reading: Reading): boolean {
  const days = standing(committed)
  const before = days.filter(([each]) => each < dt).at(-1)?.[1]
  const after = days.find(([each]) => each > dt)?.[1]
  if (before === undefined || !isSuspicious(before, reading)) return true
  return (
    after !== undefined &&
    !isSuspicious(reading, after) &&
    !isSuspicious(after, reading) &&
    !isBack(before, reading, after)
  )
}

const moved = ({ committed, held }: Standing, dt: Day, reading: Reading): Standing => ({
  committed: new Map([...committed, [dt, reading]]),
  held: new Map([...held].filter(([each]) => each !== dt)),
})

/** Judges what is held in order of day, and from the first day again after each one that passes. */
export function settled(state: Standing): Standing {
  const inOrder = [...state.held].sort(([a], [b]) => (a < b ? -1 : 1))
  const next = inOrder.find(([dt, reading]) => passes(state, dt, reading))
  return next === undefined ? state : settled(moved(state, ...next))
}

/** A night was read. */
export const arrived = ({ committed, held }: Standing, dt: Day, reading: Reading): Standing =>
  settled({ committed, held: new Map([...held, [dt, reading]]) })

/** A held day was accepted. */
export const accepted = (state: Standing, dt: Day): Standing =>
  settled(moved(state, dt, state.held.get(dt) ?? new Set()))

/** A committed day was withdrawn; it stays closed to what is held. */
export const withdrawn = ({ committed, held }: Standing, dt: Day): Standing =>
  settled({ committed: new Map([...committed, [dt, null]]), held })

/** How many rows a history must have closed: each one that a committed day had and the next one has not. */
export function closures({ committed }: Standing): number {
  const days = standing(committed).map(([, reading]) => reading)
  return days.slice(1).reduce((sum, after, i) => sum + without(days[i] ?? new Set(), after), 0)
}
