import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { AlmanacError } from '../core/errors.ts'
import type { Emit, RunEvent } from '../core/event.ts'
import { allWithoutSecrets } from '../core/redact.ts'
import type { RunReport } from '../core/report.ts'
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
    'SessionsRenewed',
    'TimeUsedPercent',
    'MemoryUsedPercent',
    'RunSucceeded',
    'RunFailed',
    'RunSeconds',
    'Rows',
    'Calls',
    'Retries',
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

/** Opens the telemetry of one invocation; its run is the correlation id of every line. */
export function openTelemetry({ site, step, run, entity }: TelemetryOf): Telemetry {
  const about = { site, step, ...(entity === undefined ? {} : { entity }) }
  const logger = new Logger({
    persistentKeys: about,
    correlationIdSearchFn: () => run,
  })
  logger.setCorrelationId(run)
  const metrics = new Metrics({ namespace: NAMESPACE, defaultDimensions: { site } })
  return {
    emit: (event) => {
      const { type, ...facts } = allWithoutSecrets(event)
      logger[LEVELS[type] ?? 'info'](type, { ...facts })
      if (type === 'renewed') metrics.addMetric('SessionsRenewed', MetricUnit.Count, 1)
    },
    count: (name, value, of) => {
      if (of === undefined) metrics.addMetric(name, MetricUnit.Count, value)
      else metrics.singleMetric().addDimension('entity', of).addMetric(name, MetricUnit.Count, value)
    },
    failed: ({ code, message, next, stack = '' }) =>
      logger.error('failed', allWithoutSecrets({ code, reason: message, next, stack })),
    flush: () => metrics.publishStoredMetrics(),
  }
}

/** A report, and what it does not say by itself. */
export interface CountedReport {
  readonly report: RunReport
  readonly isWhole: boolean
  /** When the token expires, in ms since 1970, where anybody knows. */
  readonly tokenExpiresAt: number | null
}

const DAY_MS = 86_400_000

/** The figures of a run that its report shows. */
export function countReport({ count }: Telemetry, { report, isWhole, tokenExpiresAt }: CountedReport): void {
  if (tokenExpiresAt !== null) count('TokenDaysLeft', (tokenExpiresAt - report.endedAt) / DAY_MS)
  count(isWhole ? 'RunSucceeded' : 'RunFailed', 1)
  count('RunSeconds', Math.round((report.endedAt - report.startedAt) / 1000))
  const sum = (of: 'fetched' | 'calls' | 'retries'): number =>
    report.outcomes.reduce((total, outcome) => total + (outcome[of] ?? 0), 0)
  count('Rows', sum('fetched'))
  count('Calls', sum('calls'))
  count('Retries', sum('retries'))
  for (const { entity, verdict } of report.outcomes)
    if (exitOf(verdict) !== 0) count('EntityNotComplete', 1, entity)
}
