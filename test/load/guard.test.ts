import { describe, expect, test } from 'vitest'
import { type Comparison, holdReason, isGoneForGood } from '../../lib/load/guard.ts'

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
    ['ten of eleven parents', night(100, 0, { parents: { before: 11, gone: 10, refused: 0 } })],
    ['a fifth of many parents', night(100, 0, { parents: { before: 100, gone: 20, refused: 20 } })],
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
      night(1000, 3, { parents: { before: 100, gone: 21, refused: 21 } }),
      '21 of 100 parents are gone, and 20 may go in one night',
    ],
    [
      'more than a fifth of the parents refused that were read',
      night(1000, 0, { parents: { before: 100, gone: 20, refused: 21 } }),
      '21 of 100 parents that were read are refused, and 20 may be',
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

describe('what a held night lost', () => {
  /** Of so many rows some went, some of the rest went until the next day, and so many of all lack the next day. */
  const between = (before: number, lost: number, since: number, whole: number) => ({
    lost: night(before, lost),
    since: night(before - lost, since),
    whole: night(before, whole),
  })
  const parents = (before: number, lost: number, since: number, whole: number) => ({
    lost: night(1000, 3, { parents: { before, gone: lost, refused: 0 } }),
    since: night(997, 0, { parents: { before: before - lost, gone: since, refused: 0 } }),
    whole: night(1000, 0, { parents: { before, gone: whole, refused: 0 } }),
  })

  test.each([
    ['all of it', between(100, 50, 0, 50)],
    ['all of it and more', between(100, 50, 5, 55)],
    ['all but a fifth', between(100, 50, 0, 40)],
    ['all but a fifth, and others instead', between(100, 50, 10, 50)],
    ['everything', between(100, 100, 0, 100)],
    ['the few rows that went with a column, though they are back', between(100, 20, 0, 0)],
    ['all of the parents', parents(100, 50, 0, 50)],
    ['all but a fifth of the parents', parents(100, 50, 10, 50)],
    ['the few parents that went with a column, though they are back', parents(100, 20, 0, 0)],
  ])('is gone for good when the next day lacks %s', (_, readings) => {
    expect(isGoneForGood(readings)).toBe(true)
  })

  test.each([
    ['all but more than a fifth', between(100, 50, 0, 39)],
    ['ten of eleven, which are few enough to go in a night', between(30, 11, 0, 1)],
    ['what went since, and not the rest', between(100, 50, 50, 50)],
    ['one of all rows', between(8, 8, 0, 6)],
    ['all parents but more than a fifth', parents(100, 50, 0, 39)],
    ['parents that went since, and not the rest', parents(100, 50, 50, 50)],
    ['ten of eleven parents', parents(30, 11, 0, 1)],
  ])('is not when it has back %s', (_, readings) => {
    expect(isGoneForGood(readings)).toBe(false)
  })

  test.each([
    [21, false],
    [20, true],
  ])(
    'never where more than a fifth of the parents were refused, whoever reads them the next day: %d',
    (refused, expected) => {
      const lost = night(1000, 0, { parents: { before: 100, gone: 0, refused } })
      const none = night(1000, 0, { parents: { before: 100, gone: 0, refused: 0 } })
      expect(isGoneForGood({ lost, since: none, whole: none })).toBe(expected)
    },
  )

  test('has parents only where all three readings have them', () => {
    const { lost } = parents(100, 50, 0, 50)
    expect(isGoneForGood({ lost, since: night(997, 0), whole: night(1000, 0) })).toBe(false)
  })
})
