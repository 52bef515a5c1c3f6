import { COMMIT_MUTANTS } from './commit-mutants.ts'
import { PUBLISH_MUTANTS } from './publish-mutants.ts'
import { READING_MUTANTS } from './reading-mutants.ts'

/** A deliberate bug in one file of the source. */
export interface Mutant {
  readonly name: string
  /** Below `lib/`. */
  readonly file: string
  /** What is found, which stands exactly once in the file, and what is put there. */
  readonly edits: readonly (readonly [find: string, put: string])[]
  /** Where the suite begins to look, shortly before a seed that is known to find it: all seeds up to there would take long. */
  readonly from?: number
}

/**
 * Bugs of the protocol that the simulation must find. Each was made, or nearly made, by somebody: most are what a simpler
 * design would do, others are those that the simulation found in this one.
 */
export const MUTANTS: readonly Mutant[] = [...READING_MUTANTS, ...COMMIT_MUTANTS, ...PUBLISH_MUTANTS]
