import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest, in this order: one that began last would leave the other processes with nothing to do. */
const LONG = [
  'simulation/simulation',
  'simulation/duckdb',
  'deployed/trouble',
  'crash/',
  'system/faults',
  'corruption/',
  'system/',
  'hostile/responses',
  'adapters/processes',
  'security/vectors',
  'simulation/',
  'canary/',
  'guards/',
  'laws/',
]

function rank({ moduleId }: TestSpecification): number {
  const found = LONG.findIndex((each) => moduleId.includes(`/test/${each}`))
  return found === -1 ? LONG.length : found
}

// The runner takes no function for an order of its own.
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

/** An order of ours would take the place of the one that is asked for. */
const isShuffled = process.argv.some((each) => each.startsWith('--sequence.shuffle'))

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/package/built.mjs', 'test/package/memory.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Left alone, the runner keeps one core free. One process more than cores are: some wait for what they test to be late.
    maxWorkers: availableParallelism() + 1,
    ...(isShuffled ? {} : { sequence: { sequencer: LongestFirst } }),
  },
})
