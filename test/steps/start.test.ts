import { describe, expect, test } from 'vitest'
import { newRun } from '../../lib/connection/run-id.ts'
import { checkName, type ExecutionStatus, runToStart, siteOfRun, startRun } from '../../lib/steps/start.ts'

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

describe('a start', () => {
  type Before = Readonly<Record<string, ExecutionStatus>>
  const RUNS = 'marketing-2026-11-29'

  /** What a start comes to after these executions, by what their names end with, and what is said of it. */
  async function started(
    before: Before,
    { isScheduled = true, rerun }: { isScheduled?: boolean; rerun?: number },
  ) {
    const statusOf = async (run: string) => before[run.slice(RUNS.length)]
    const said: string[] = []
    const ports = {
      statusOf,
      start: async ({ run }: { run: string }) => [undefined, 'running'].includes(await statusOf(run)),
      emit: (event: object) => void said.push('message' in event ? String(event.message) : ''),
    }
    const at = { site: 'marketing', timeZone: 'UTC', scheduledAt: Date.parse('2026-11-29T04:30:00Z') }
    const { run, dt, started: isStarted } = await startRun({ ...at, isScheduled, rerun }, ports)
    expect(dt).toBe('2026-11-29')
    return [run.slice(RUNS.length), isStarted, said.length] as const
  }

  test.each<[string, Before, { isScheduled?: boolean; rerun?: number }, string, boolean]>([
    ['is the first of its day', {}, {}, '', true],
    ['that comes twice is one', { '': 'running' }, {}, '', true],
    ['after one that ended well is none', { '': 'succeeded' }, {}, '', false],
    ['by the schedule after one that failed is another', { '': 'failed' }, {}, '-r2', true],
    ['by the schedule after two that failed is a third', { '': 'failed', '-r2': 'failed' }, {}, '-r3', true],
    [
      'by the schedule after one that was mended is none',
      { '': 'failed', '-r2': 'succeeded' },
      {},
      '-r2',
      false,
    ],
    ['by hand after one that failed is none', { '': 'failed' }, { isScheduled: false }, '', false],
    ['by hand is the run that it names', { '': 'failed' }, { isScheduled: false, rerun: 2 }, '-r2', true],
    ['that names its run is no other', { '-r2': 'failed' }, { rerun: 2 }, '-r2', false],
  ])('%s', async (_, before, asked, run, isStarted) => {
    const isAnother = isStarted && run !== '' && asked.rerun === undefined
    expect(await started(before, asked)).toEqual([run, isStarted, isAnother ? 1 : 0])
  })

  test('ends where a day has had all the runs that it may', async () => {
    const ports = { start: async () => false, statusOf: async () => 'failed' as const, emit: () => undefined }
    const input = { site: 'marketing', timeZone: 'UTC', scheduledAt: 0, isScheduled: true }
    await expect(startRun(input, ports)).rejects.toMatchObject({ code: 'usage' })
  })
})
