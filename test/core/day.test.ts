import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, dayIn, dayNumber, parseDay } from '../../lib/core/day.ts'

describe('a day', () => {
  test.each(['2026-11-24', '2024-02-29', '2000-02-29', '1970-01-01', '9999-12-31'])('%s is one', (text) => {
    expect(parseDay(text)).toBe(text)
  })

  test.each([
    '2026-02-30',
    '2023-02-29',
    '1900-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-1-1',
    '20261124',
    '2026-11-24T00:00:00Z',
    ' 2026-11-24',
    '2026-11-24\n',
    '',
    'today',
    '٢٠٢٦-١١-٢٤',
  ])('%j is none', (text) => {
    expect(() => parseDay(text)).toThrow(
      expect.objectContaining({ code: 'bad-date', exit: 2, message: `"${text}" is no day of the calendar` }),
    )
  })

  test('so many days later and back again', () => {
    expect([
      addDays('2026-12-31', 1),
      addDays('2024-02-28', 1),
      addDays('2026-03-01', -1),
      addDays('2026-03-29', 1),
    ]).toEqual(['2027-01-01', '2024-02-29', '2026-02-28', '2026-03-30'])
    fc.assert(
      fc.property(
        fc.integer({ min: -20_000, max: 60_000 }),
        fc.integer({ min: -5000, max: 5000 }),
        (start, by) => {
          const day = addDays('1970-01-01', start)
          expect(dayNumber(addDays(day, by)) - dayNumber(day)).toBe(by)
          expect(addDays(addDays(day, by), -by)).toBe(day)
        },
      ),
    )
  })

  test.each([
    ['UTC', '2026-11-24T23:59:59.999Z', '2026-11-24'],
    ['Europe/Berlin', '2026-11-24T23:00:00Z', '2026-11-25'],
    ['America/Los_Angeles', '2026-11-24T07:59:00Z', '2026-11-23'],
    ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', '2027-01-01'],
    // The hours that a change of clocks skips or repeats belong to one day all the same.
    ['Europe/Berlin', '2026-03-28T23:30:00Z', '2026-03-29'],
    ['Europe/Berlin', '2026-10-25T22:59:00Z', '2026-10-25'],
    ['Europe/Berlin', '2026-10-25T23:00:00Z', '2026-10-26'],
  ])('in %s, %s belongs to %s', (zone, instant, day) => {
    expect(dayIn(zone, Date.parse(instant))).toBe(day)
  })
})
