import { expect, test } from 'vitest'
import { bundleOf } from '../../lib/stacks/bundle.ts'
import { unpackedBytes, zippedBytes } from '../deployed/bundle-bytes.ts'

const KB = 1000
const MB = 1_000_000

test.each(['extract', 'session', 'start', 'report', 'freshness'] as const)(
  'the function %s is fetched by a cold start in less than 600 kB, with the SDK in it',
  (name) => {
    const bytes = zippedBytes(bundleOf(name))
    expect(bytes).toBeGreaterThan(50 * KB)
    expect(bytes).toBeLessThan(600 * KB)
  },
)

test('the function load with its engine for Lambda takes less than 75 MB there', () => {
  const bytes = unpackedBytes(bundleOf('load'))
  expect(bytes).toBeGreaterThan(30 * MB)
  expect(bytes).toBeLessThan(75 * MB)
})
