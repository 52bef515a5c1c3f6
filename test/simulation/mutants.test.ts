import { afterAll, expect, test } from 'vitest'
import { figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import { simulateApart } from './apart.ts'
import { MUTANTS } from './mutants.ts'
import { edited } from './mutated.ts'

/** A mutant that lives longer is not found often enough to be found by anybody. */
const MOST_SEEDS = 5000

const seedsNeeded: number[] = []
afterAll(() =>
  figure('mutants', {
    mutants: MUTANTS.length,
    found: seedsNeeded.length,
    'most seeds needed': Math.max(0, ...seedsNeeded),
  }),
)

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
  'the simulation finds out when %s',
  async (_, mutant) => {
    const from = IS_FULL ? 1 : (mutant.from ?? 1)
    const { seeds, wrong } = await simulateApart(from, MOST_SEEDS, mutant)
    expect(wrong).toHaveLength(1)
    seedsNeeded.push(seeds)
  },
  limitFor(20, 20),
)

test('a mutant whose text is not in the source any more is refused', () => {
  const [mutant] = MUTANTS
  if (mutant === undefined) throw new Error('there are no mutants')
  expect(() => edited('something else', mutant)).toThrow(/stands 0 times/)
})
