import { afterEach, describe, expect, test, vi } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { EntityOutcome } from '../../lib/core/event.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { secretOf } from '../../lib/core/secret.ts'
import { countReport, openTelemetry, type TelemetryOf } from '../../lib/lambda/telemetry.ts'
import { alarmsOf } from '../../lib/stacks/alarms.ts'
import { catchLines, type Line, valuesOf } from './lines.ts'

const RUN = 'marketing-2026-11-29'
const LOSS = { type: 'renewed', reason: 'the session had ended (401002)' } as const

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** What an invocation writes. */
function written(
  of: Partial<TelemetryOf>,
  work: (telemetry: ReturnType<typeof openTelemetry>) => void,
): readonly Line[] {
  const lines = catchLines()
  const telemetry = openTelemetry({ site: 'marketing', step: 'extract', run: RUN, ...of })
  work(telemetry)
  telemetry.flush()
  return lines()
}

const outcome = (entity: string, more: Partial<EntityOutcome> = {}): EntityOutcome => ({
  entity,
  verdict: 'complete',
  expected: 10,
  fetched: 10,
  duplicates: 0,
  new: 3,
  changed: 2,
  gone: 1,
  calls: 4,
  retries: 1,
  milliseconds: 5,
  candidate: null,
  already: false,
  reason: null,
  ...more,
})

const HELD = { verdict: 'guarded', new: null, changed: null, gone: null } as const
const report = (outcomes: readonly EntityOutcome[], failure: RunReport['failure'] = null): RunReport => ({
  format: 1,
  site: 'marketing',
  dt: '2026-11-29',
  run: RUN,
  server: 'https://tableau.example.com',
  apiVersion: '3.29',
  startedAt: 0,
  endedAt: 90_000,
  outcomes,
  failure,
})

/** The figures of a report, each by its name. */
function figuresOf(of: RunReport, tokenExpiresAt: number | null = null): Line {
  const lines = written({ step: 'report' }, (telemetry) =>
    countReport(telemetry, { report: of, tokenExpiresAt }),
  )
  const { _aws, service, site, step, correlation_id, ...figures } =
    lines.find((line) => '_aws' in line && !('entity' in line)) ?? {}
  return figures
}

describe('the figures of an invocation', () => {
  test('say beside them which step it was, whose, and of which run, at no cost', () => {
    const lines = written({ entity: 'views' }, ({ count }) => count('TimeUsedPercent', 81))
    expect(lines).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            {
              Namespace: 'Almanac',
              Dimensions: [['service', 'site']],
              Metrics: [{ Name: 'TimeUsedPercent', Unit: 'Count' }],
            },
          ],
        },
        service: 'almanac-prod',
        site: 'marketing',
        step: 'extract',
        entity: 'views',
        correlation_id: RUN,
        TimeUsedPercent: 81,
      },
    ])
  })

  test('of an entity say it, too', () => {
    const [line] = written({ step: 'report' }, ({ count }) => count('EntityNotComplete', 1, 'users'))
    expect(line).toMatchObject({ step: 'report', entity: 'users', correlation_id: RUN, EntityNotComplete: 1 })
  })

  test('count one loss of the session once, however many noticed it', () => {
    const lines = [
      ...written({ step: 'session' }, ({ emit }) => emit(LOSS)),
      ...['users', 'views', 'jobs'].flatMap((entity) => written({ entity }, ({ emit }) => emit(LOSS))),
    ]
    expect(lines.filter(({ message }) => message === 'renewed')).toHaveLength(4)
    expect(valuesOf(lines, 'SessionsLost')).toEqual([1])
  })

  test('count a loss also where nobody signs in anew after it, so that the second in ten minutes rings', () => {
    const [lost, other] = (['session-lost', 'sign-in-refused'] as const).map(
      (code) => new AlmanacError(code, 'why'),
    )
    if (lost === undefined || other === undefined) throw new Error('there are two')
    const lines = [
      ...written({ step: 'session' }, ({ emit }) => emit(LOSS)),
      ...written({ step: 'session' }, ({ failed }) => failed(lost)),
      ...written({ step: 'session' }, ({ failed }) => failed(other)),
      ...written({ entity: 'users' }, ({ failed }) => failed(lost)),
    ]
    const counted = valuesOf(lines, 'SessionsLost')
    expect(counted).toEqual([1, 1])
    const alarm = alarmsOf(30).find(({ id }) => id === 'session-lost')
    expect(counted.length).toBeGreaterThan(alarm?.threshold ?? Infinity)
  })

  test('count each time that a list was read again', () => {
    const again = (pass: number) =>
      ({ type: 'read-again', entity: 'views', pass, reason: '9 of 10 rows' }) as const
    const lines = written({ entity: 'views' }, ({ emit }) => [again(2), again(3)].forEach(emit))
    expect(valuesOf(lines, 'ListingRestarts')).toEqual([1, 1])
  })
})

describe('a log line', () => {
  test('holds what it is about, and no secret', () => {
    const secret = secretOf('q8Zr-hunter22-Lw').reveal()
    const [warned, failed] = written({ entity: 'views' }, ({ emit, failed }) => {
      emit({ type: 'warned', entity: 'views', message: `with ${secret}` })
      failed(new AlmanacError('unreachable', `with ${secret}`))
    })
    const about = { site: 'marketing', step: 'extract', entity: 'views', correlation_id: RUN }
    expect(warned).toMatchObject({ ...about, level: 'WARN', message: 'warned', reason: expect.any(String) })
    expect(failed).toMatchObject({ ...about, level: 'ERROR', message: 'failed', code: 'unreachable' })
    expect(JSON.stringify([warned, failed])).not.toContain(secret)
  })

  test('names its site by the slug, whatever happened', () => {
    const facts = { server: 'https://bi.example.com', apiVersion: '3.29', siteRole: 'ServerAdministrator' }
    const [line] = written({ step: 'session' }, ({ emit }) =>
      emit({ type: 'signed-in', contentUrl: 'MarketingTeam', ...facts }),
    )
    expect(line).toMatchObject({ site: 'marketing', contentUrl: 'MarketingTeam' })
  })
})

describe('the figures of a run', () => {
  test('of which everything is there', () => {
    expect(figuresOf(report([outcome('users'), outcome('views')]), 10 * 86_400_000 + 90_000)).toEqual({
      TokenDaysLeft: 10,
      RunSucceeded: 1,
      RunSeconds: 90,
      Rows: 20,
      Calls: 8,
      Retries: 2,
      RowsOpened: 10,
      RowsClosed: 6,
    })
  })

  test('say what the guard held, and that the night is not whole', () => {
    const figures = figuresOf(report([outcome('users'), outcome('views', HELD)]))
    expect(figures).toMatchObject({ RunFailed: 1, GuardTripped: 1, RowsOpened: 5, RowsClosed: 3 })
    expect(Object.keys(figures)).not.toContain('RunSucceeded')
    expect(Object.keys(figures)).not.toContain('TokenDaysLeft')
  })

  test('name each entity that is not there, and none that is', () => {
    const outcomes = [
      outcome('users'),
      outcome('views', HELD),
      outcome('jobs', { verdict: 'incomplete' }),
      outcome('groups', { verdict: 'unsupported' }),
    ]
    const lines = written({ step: 'report' }, (telemetry) =>
      countReport(telemetry, { report: report(outcomes), tokenExpiresAt: null }),
    )
    const named = lines.filter((line) => 'EntityNotComplete' in line).map(({ entity }) => entity)
    expect(named).toEqual(['views', 'jobs'])
  })

  test('of a run that failed, whatever its entities came to', () => {
    const failure = { code: 'session-lost', message: 'it ended', next: 'Run again.' }
    expect(figuresOf(report([outcome('users')], failure))).toMatchObject({ RunFailed: 1 })
  })
})
