import { describe, expect, test } from 'vitest'
import { newRun } from '../../lib/connection/run-id.ts'
import { checkName, runToStart, siteOfRun } from '../../lib/steps/start.ts'

const start = (timeZone: string, scheduledAt: string, rerun?: number) =>
  runToStart({ site: 'marketing', timeZone, scheduledAt: Date.parse(scheduledAt), rerun })

describe('the day of a run', () => {
  test.each([
    ['UTC', '2026-11-29T23:59:59Z', '2026-11-29'],
    ['UTC', '2026-11-30T00:00:00Z', '2026-11-30'],
    ['Europe/Berlin', '2026-11-29T22:59:59Z', '2026-11-29'],
    ['Europe/Berlin', '2026-11-29T23:00:00Z', '2026-11-30'],
    // In summer the site’s midnight is an hour earlier by UTC.
    ['Europe/Berlin', '2026-07-01T21:59:59Z', '2026-07-01'],
    ['Europe/Berlin', '2026-07-01T22:00:00Z', '2026-07-02'],
    ['America/Los_Angeles', '2026-11-30T07:59:59Z', '2026-11-29'],
    ['America/Los_Angeles', '2026-11-30T08:00:00Z', '2026-11-30'],
    ['Asia/Kolkata', '2026-11-29T18:29:59Z', '2026-11-29'],
    ['Asia/Kolkata', '2026-11-29T18:30:00Z', '2026-11-30'],
    ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', '2027-01-01'],
    ['Pacific/Pago_Pago', '2027-01-01T10:59:59Z', '2026-12-31'],
  ])('is the site’s own: in %s at %s it is %s', (timeZone, at, dt) => {
    expect(start(timeZone, at)).toEqual({ dt, run: `marketing-${dt}` })
  })
})

describe('the name of a run', () => {
  test('is the same whenever on its day it starts, so that a second start is none', () => {
    expect(start('Europe/Berlin', '2026-11-29T03:30:00Z')).toEqual(
      start('Europe/Berlin', '2026-11-29T21:30:00Z'),
    )
  })

  test.each([2, 3, 99])('of run %i of a day is one of its own', (rerun) => {
    const { dt, run } = start('UTC', '2026-11-29T03:30:00Z', rerun)
    expect([dt, run]).toEqual(['2026-11-29', `marketing-2026-11-29-r${rerun}`])
    expect(siteOfRun(run)).toBe('marketing')
  })

  test.each([1, 100, 0, -2, 2.5, Number.NaN])('cannot be that of run %d of a day', (rerun) => {
    expect(() => start('UTC', '2026-11-29T03:30:00Z', rerun)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining(`"rerun" is ${rerun}`),
        next: expect.stringContaining('2 for the second'),
      }),
    )
  })

  test.each(['marketing', 'sales-2', '007', 'a-2026-11-28'])('tells its site, %s', (site) => {
    const { run } = runToStart({ site, timeZone: 'UTC', scheduledAt: 0, rerun: 2 })
    expect(siteOfRun(run)).toBe(site)
  })

  test('of a laptop tells none', () => {
    expect(siteOfRun(newRun(Date.parse('2026-11-29T03:30:00Z')))).toBeUndefined()
  })
})

describe('an execution', () => {
  const RUN = { site: 'marketing', dt: '2026-11-29' }

  test.each(['', '-r2', '-r99'])('that is started as its run is named is let in: %j', (again) => {
    expect(() => checkName({ ...RUN, run: `marketing-2026-11-29${again}` })).not.toThrow()
  })

  test.each([
    '1f0c9f2e-5a1b-4a57-9a51-0e2a7f6f2c11',
    'marketing',
    'marketing-2026-11-28',
    'sales-2026-11-29',
    'us-marketing-2026-11-29',
    'marketing-2026-11-29-again',
    'marketing-2026-11-29-r2-r3',
    '-r2marketing-2026-11-29',
  ])('of another name is refused, and told how to start: %s', (run) => {
    expect(() => checkName({ ...RUN, run })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `The execution is named "${run}", and a run of marketing of 2026-11-29 is named marketing-2026-11-29, or marketing-2026-11-29-r2`,
        next: expect.stringContaining('“start”'),
      }),
    )
  })
})
