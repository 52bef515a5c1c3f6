import { defineConfig } from 'vitest/config'

/** The tests that hold what mutation testing changes, quick enough to be run for every change of a line. */
export default defineConfig({
  test: {
    include: [
      'test/core/completeness.test.ts',
      'test/core/redact.test.ts',
      'test/tableau/paging.test.ts',
      'test/load/*.test.ts',
      'test/canary/scan.test.ts',
      'test/simulation/simulation.test.ts',
      'test/guards/accept.test.ts',
      'test/guards/columns.test.ts',
    ],
    env: { ALMANAC_CASES_SIMULATION: '25', ALMANAC_HISTORY_CALENDARS: '2' },
    testTimeout: 60_000,
  },
})
