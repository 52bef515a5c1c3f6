import { expect, test } from 'vitest'
import { compareVersions, isVersion } from '../../lib/core/version.ts'

test.each([
  ['3.10', '3.9', 1],
  ['3.9', '3.10', -1],
  ['3.29', '3.29', 0],
  ['4.0', '3.99', 1],
  ['2.8', '3.0', -1],
  ['10.0', '9.9', 1],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
})

test.each([
  ['3.29', true],
  ['2.0', true],
  ['3', false],
  ['3.29.1', false],
  ['v3.29', false],
  ['3.x', false],
  ['', false],
  ['3.29\n', false],
])('%j is a version: %s', (text, is) => {
  expect(isVersion(text)).toBe(is)
})
