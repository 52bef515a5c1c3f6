import type { EngineName } from './engines.ts'
import type { Size } from './seed.ts'
import { sizeOf } from './simulate.ts'

/** A seed that was wrong once, how it was played, and what it found. */
export interface Regression {
  readonly seed: number
  /** How much it plays; what `sizeOf` says when absent. */
  readonly size?: Size
  /** What computes its rows: the plain engine when absent. */
  readonly engine?: EngineName
  readonly found: string
}

/**
 * Seeds that find what this simulation, or an earlier one of it, once found. They are played before all others. Whenever
 * the simulation changes, a seed is another order of events: the mutant of each bug tells which seed finds it then.
 */
export const REGRESSIONS: readonly Regression[] = [
  { seed: 10, found: 'two readings of events with the same rows were taken for one' },
  {
    seed: 22,
    found: 'two loads at once let days pass that were read out of order, and verify did not say so',
  },
  { seed: 1250, found: 'events were kept for a day before their month, where it did not look for them' },
  { seed: 2, found: 'a table was published where there was no day yet, and verify did not look at it' },
]

/** The seeds that are played over an engine, each with its size. */
export const regressionsOver = (name: EngineName): readonly (Regression & { readonly size: Size })[] =>
  REGRESSIONS.filter(({ engine = 'plain' }) => engine === name).map((each) => ({
    ...each,
    size: each.size ?? sizeOf(each.seed, name),
  }))
