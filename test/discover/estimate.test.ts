import { describe, expect, test } from 'vitest'
import { callsFor, median, nightOf, secondsFor } from '../../lib/discover/estimate.ts'
import { entityNamed } from '../../lib/entities/index.ts'

describe('calls of a night', () => {
  test.each([
    ['users', { count: 0, parents: null }, 1],
    ['users', { count: 1000, parents: null }, 1],
    ['users', { count: 1001, parents: null }, 2],
    ['jobs', { count: 2500, parents: null }, 3],
    ['site', { count: 1, parents: null }, 1],
    ['group_members', { count: null, parents: 0 }, 1],
    ['group_members', { count: null, parents: 1500 }, 1502],
  ])('%s of %o: %i', (name, asked, calls) => {
    expect(callsFor(entityNamed(name), asked)).toBe(calls)
  })

  test('a night is what its entities take and the session', () => {
    expect(
      nightOf([
        { calls: 2, rows: 1500 },
        { calls: 1, rows: 1 },
      ]),
    ).toEqual({ calls: 7, rows: 1501 })
  })
})

describe('time of a night', () => {
  test.each([
    [{ calls: 80, rows: 0 }, { latencyMs: 100, concurrency: 8 }, 1],
    [{ calls: 80, rows: 0 }, { latencyMs: 100, concurrency: 1 }, 8],
    [{ calls: 0, rows: 50_000 }, { latencyMs: 100, concurrency: 8 }, 4],
  ])('%o at %o: %d s', (load, pace, seconds) => {
    expect(secondsFor(load, pace)).toBeCloseTo(seconds)
  })

  test.each([
    [[], 0],
    [[5], 5],
    [[9, 1, 5], 5],
    [[1, 2, 3, 10], 2.5],
  ])('the median of %j is %d', (numbers, middle) => {
    expect(median(numbers)).toBe(middle)
  })
})
