import { describe, expect, test } from 'vitest'
import { type Comparison, holdReason } from '../../lib/load/guard.ts'

const night = (before: number, deletions: number, more: Partial<Comparison> = {}): Comparison => ({
  before,
  after: before - deletions,
  deletions,
  lostColumns: [],
  ...more,
})

describe('the guard', () => {
  test.each<[string, Comparison]>([
    ['the first rows ever', night(0, 0, { after: 10 })],
    ['still nothing', night(0, 0)],
    ['10 of 11 gone', night(11, 10)],
    ['exactly a fifth', night(100, 20)],
    ['a fifth, rounded down', night(104, 20)],
    ['more rows than ever', night(100, 0, { after: 1000 })],
    ['all replaced but few', night(10, 10, { after: 10 })],
    ['ten of eleven parents', night(100, 0, { parents: { before: 11, gone: 10 } })],
    ['a fifth of many parents', night(100, 0, { parents: { before: 100, gone: 20 } })],
  ])('lets %s pass', (_, comparison) => {
    expect(holdReason(comparison)).toBeNull()
  })

  test.each<[string, Comparison, string]>([
    ['everything gone, however little it was', night(1, 1), '0 rows where there were 1'],
    ['11 of 12', night(12, 11), '11 of 12 rows are gone, and 10 may go in one night'],
    ['one more than a fifth', night(100, 21), '21 of 100 rows are gone, and 20 may go in one night'],
    ['half of many', night(10_000, 5_000), '5000 of 10000 rows are gone, and 2000 may go in one night'],
    [
      'all ids replaced',
      night(100, 100, { after: 100 }),
      '100 of 100 rows are gone, and 20 may go in one night',
    ],
    [
      'more than a fifth of the parents, few as their rows are',
      night(1000, 3, { parents: { before: 100, gone: 21 } }),
      '21 of 100 parents are gone, and 20 may go in one night',
    ],
    [
      'a column that emptied',
      night(100, 0, { lostColumns: ['email', 'name'] }),
      'email, name had values and has none now',
    ],
  ])('holds %s', (_, comparison, reason) => {
    expect(holdReason(comparison)).toBe(reason)
  })
})
