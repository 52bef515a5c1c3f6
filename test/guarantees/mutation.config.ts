import { defineConfig } from 'vitest/config'

/**
 * The tests that hold what mutation testing changes. Each file of `lib/` that it changes has tests of its own here, in
 * memory and without an engine: they are run hundreds of times, and what only a slow test would notice counts as unnoticed.
 */
export default defineConfig({
  test: {
    include: [
      'test/core/completeness.test.ts',
      'test/core/redact.test.ts',
      'test/tableau/paging.test.ts',
      'test/load/guard.test.ts',
      'test/load/judge.test.ts',
      'test/load/commit.test.ts',
      'test/load/fold.test.ts',
      'test/load/publish.test.ts',
      'test/load/reconcile.test.ts',
    ],
    testTimeout: 60_000,
  },
})
