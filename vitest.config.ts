import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Left alone, the runner keeps one core free: of two, that is half the machine.
    poolOptions: { forks: { maxForks: Math.max(2, availableParallelism() - 1) } },
  },
})
