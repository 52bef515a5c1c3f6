import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { figure, IS_FULL, limitFor, someOf } from '../guarantees/proof.ts'
import { simulateApart } from './apart.ts'
import type { EngineName } from './engines.ts'
import { FOLD_MUTANTS } from './fold-mutants.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { edited, LIB } from './mutated.ts'

/** A mutant that lives longer is not found often enough to be found by anybody. */
const MOST_SEEDS = 5000

/** What says that an edit broke the code itself: such a mutant would be found whatever it is about. */
const BROKEN_CODE = /\b(?:Type|Reference|Range|Syntax)Error\b/

const seedsNeeded: number[] = []
afterAll(() =>
  figure('mutants', {
    mutants: MUTANTS.length + FOLD_MUTANTS.length,
    found: seedsNeeded.length,
    'most seeds needed': Math.max(0, ...seedsNeeded),
  }),
)

/** Plays seeds with a mutant until one finds it, and for the right reason. */
async function find(mutant: Mutant, engine: EngineName, first: number): Promise<void> {
  const from = IS_FULL ? first : (mutant.from ?? first)
  const { seeds, wrong } = await simulateApart(from, MOST_SEEDS, mutant, engine)
  expect(wrong).toHaveLength(1)
  expect(wrong[0]?.wrongs.join('\n')).not.toMatch(BROKEN_CODE)
  seedsNeeded.push(seeds)
}

test.each(someOf(MUTANTS, 3).map((mutant) => [mutant.name, mutant] as const))(
  'the simulation finds out when %s',
  (_, mutant) => find(mutant, 'plain', 1),
  limitFor(20, 120),
)

test.each(someOf(FOLD_MUTANTS, 3).map((mutant) => [mutant.name, mutant] as const))(
  'the simulation over DuckDB finds out when %s',
  (_, mutant) => find(mutant, 'duckdb', 1_000_001),
  limitFor(20, 120),
)

test('every mutant has its text in the source', async () => {
  for (const mutant of [...MUTANTS, ...FOLD_MUTANTS])
    expect(edited(await readFile(join(LIB, mutant.file), 'utf8'), mutant)).not.toBe('')
})

test('a mutant whose text is not in the source any more is refused', () => {
  const [mutant] = MUTANTS
  if (mutant === undefined) throw new Error('there are no mutants')
  expect(() => edited('something else', mutant)).toThrow(/stands 0 times/)
})
