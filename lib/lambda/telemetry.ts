import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { AlmanacError } from '../core/errors.ts'
import type { Emit, RunEvent } from '../core/event.ts'
import { allWithoutSecrets } from '../core/redact.ts'
import { exitOfRun, type RunReport } from '../core/report.ts'
import { exitOf } from '../core/verdict.ts'

/** The namespace of all metrics in CloudWatch. */
export const NAMESPACE = 'Almanac'

/** Which environment lines and figures are of; every metric has it as its dimension `service`, beside `site`. */
export const serviceOf = (environment: string): string => `almanac-${environment}`

/**
 * Every metric, by what it is of. A custom metric costs about $0.30 a month for the hours in which it has data, for each
 * set of dimensions: those of a site are few, and one of an entity has data only when something is wrong with it.
 * `TimeUsedPercent` is of an invocation that did its work: one that stopped to go on in another has used all it may.
 */
export const METRICS = {
  ofSite: [
    'SnapshotAgeHours',
    'HeldDays',
    'TokenDaysLeft',
    'SessionsLost',
    'TimeUsedPercent',
    'MemoryUsedPercent',
    'RunSucceeded',
    'RunFailed',
    'RunSeconds',
    'Rows',
    'Calls',
    'Retries',
    'ListingRestarts',
    'GuardTripped',
    'RowsOpened',
    'RowsClosed',
  ],
  ofEntity: ['EntityNotComplete'],
} as const

/** One of the metrics. */
export type MetricName = (typeof METRICS)['ofSite' | 'ofEntity'][number]

/** Where a function's logs and figures go: JSON lines, of which CloudWatch makes logs and metrics. */
export interface Telemetry {
  readonly emit: Emit
  /** Counts something of the site, or of one of its entities. */
  count(name: MetricName, value: number, entity?: string): void
  /** Says that the invocation failed, and why. */
  failed(error: AlmanacError): void
  /** Writes the figures; nothing is counted before. */
  flush(): void
}

/** What telemetry is of. */
export interface TelemetryOf {
  readonly site: string
  readonly step: string
  readonly run: string
  readonly entity?: string
}

type Level = 'debug' | 'info' | 'warn'

const LEVELS: Partial<Record<RunEvent['type'], Level>> = {
  'page-read': 'debug',
  warned: 'warn',
  retried: 'warn',
  renewed: 'warn',
  'read-again': 'warn',
}

/** What an event says, as its line holds it: “message” is the line’s own, and another of that name would be dropped. */
function factsOf({ type: _, ...facts }: RunEvent): Readonly<Record<string, unknown>> {
  if (!('message' in facts)) return facts
  const { message: reason, ...others } = facts
  return { ...others, reason }
}

/** Says beside figures whose they are: found by a search, and no dimension, each of which would cost. */
function label(metrics: Metrics, facts: Readonly<Record<string, string>>): Metrics {
  for (const [key, value] of Object.entries(facts)) metrics.addMetadata(key, value)
  return metrics
}

/** Opens the telemetry of one invocation; its run is the correlation id of every line, of logs and of figures. */
export function openTelemetry({ site, step, run, entity }: TelemetryOf): Telemetry {
  const ofEntity: Record<string, string> = entity === undefined ? {} : { entity }
  const facts = { step, correlation_id: run }
  const logger = new Logger({
    persistentKeys: { site, step, ...ofEntity },
    correlationIdSearchFn: () => run,
  })
  logger.setCorrelationId(run)
  const metrics = new Metrics({ namespace: NAMESPACE, defaultDimensions: { site } })
  const countLoss = (): void => {
    if (step === 'session') metrics.addMetric('SessionsLost', MetricUnit.Count, 1)
  }
  return {
    emit: (event) => {
      const { type } = event
      logger[LEVELS[type] ?? 'info'](type, { ...allWithoutSecrets(factsOf(event)) })
      // Each extractor that meets a lost session says so, too; it was lost as often as somebody signed in anew.
      if (type === 'renewed') countLoss()
      if (type === 'read-again') metrics.addMetric('ListingRestarts', MetricUnit.Count, 1)
    },
    count: (name, value, of) => {
      if (of === undefined) metrics.addMetric(name, MetricUnit.Count, value)
      else
        label(metrics.singleMetric(), facts)
          .addDimension('entity', of)
          .addMetric(name, MetricUnit.Count, value)
    },
    failed: ({ code, message, next, stack = '' }) => {
      logger.error('failed', allWithoutSecrets({ code, reason: message, next, stack }))
      // It was lost, too, where nobody signs in anew because it was lost before.
      if (code === 'session-lost') countLoss()
    },
    flush: () => label(metrics, { ...facts, ...ofEntity }).publishStoredMetrics(),
  }
}

/** A report, and what it does not say by itself. */
export interface CountedReport {
  readonly report: RunReport
  /** When the token expires, in ms since 1970, where anybody knows. */
  readonly tokenExpiresAt: number | null
}

const DAY_MS = 86_400_000

/** The figures of a run that its report shows. */
export function countReport({ count }: Telemetry, { report, tokenExpiresAt }: CountedReport): void {
  if (tokenExpiresAt !== null) count('TokenDaysLeft', (tokenExpiresAt - report.endedAt) / DAY_MS)
  count(exitOfRun(report) === 0 ? 'RunSucceeded' : 'RunFailed', 1)
  count('RunSeconds', Math.round((report.endedAt - report.startedAt) / 1000))
  const sum = (of: 'fetched' | 'calls' | 'retries' | 'new' | 'changed' | 'gone'): number =>
    report.outcomes.reduce((total, outcome) => total + (outcome[of] ?? 0), 0)
  count('Rows', sum('fetched'))
  count('Calls', sum('calls'))
  count('Retries', sum('retries'))
  // What changed ends one row of history and begins the next.
  count('RowsOpened', sum('new') + sum('changed'))
  count('RowsClosed', sum('gone') + sum('changed'))
  const held = report.outcomes.filter(({ verdict }) => verdict === 'guarded').length
  if (held > 0) count('GuardTripped', held)
  for (const { entity, verdict } of report.outcomes)
    if (exitOf(verdict) !== 0) count('EntityNotComplete', 1, entity)
}
