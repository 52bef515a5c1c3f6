import { Duration } from 'aws-cdk-lib'
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { NAMESPACE, serviceOf } from '../lambda/telemetry.ts'
import type { EntityMetric, SiteMetric, Watched } from './alarms.ts'
import type { PipelineStack } from './pipeline.ts'

/** A site of an environment, and what runs for it. */
export interface WatchedSite {
  readonly environment: string
  /** Its slug. */
  readonly site: string
  readonly pipeline: PipelineStack
}

/** So many entities are named by a message each; “almanac status” names all. */
const NAMED_AT_ONCE = 3
/** As many lines as a graph can show. */
const LINES = 100

const STATISTICS = { Maximum: Stats.MAXIMUM, Minimum: Stats.MINIMUM, Sum: Stats.SUM } as const

/** A metric of ours, of a site. */
export const siteMetric = (
  { environment, site }: WatchedSite,
  name: SiteMetric,
  statistic: keyof typeof STATISTICS,
  period: Duration,
): Metric =>
  new Metric({
    namespace: NAMESPACE,
    metricName: name,
    dimensionsMap: { service: serviceOf(environment), site },
    statistic: STATISTICS[statistic],
    label: `${site} ${name}`,
    period,
  })

/** A metric of ours over all entities: a line for each that has figures, the largest first. */
function entityMetric(name: EntityMetric, where: string, by: string, limit: number): string {
  const from = `FROM SCHEMA("${NAMESPACE}", "entity", "service", "site")`
  return `SELECT SUM("${name}") ${from} WHERE ${where} GROUP BY ${by} ORDER BY SUM() DESC LIMIT ${limit}`
}

/** A metric of ours over all entities of a site; each line is named by its entity. */
export const entitiesOfSite = (
  { environment, site }: WatchedSite,
  name: EntityMetric,
  period: Duration,
): MathExpression =>
  new MathExpression({
    expression: entityMetric(
      name,
      `"service" = '${serviceOf(environment)}' AND "site" = '${site}'`,
      '"entity"',
      NAMED_AT_ONCE,
    ),
    period,
  })

/** A metric of ours over all entities of all sites: a graph holds one query. */
export const entitiesOfAll = (environment: string, name: EntityMetric, period: Duration): MathExpression =>
  new MathExpression({
    expression: entityMetric(name, `"service" = '${serviceOf(environment)}'`, '"site", "entity"', LINES),
    label: '',
    period,
  })

/** The sum of metrics of a site that say nothing as long as they would say 0. */
function sumOf(metrics: readonly IMetric[], site: string, of: string, period: Duration): MathExpression {
  // Within a graph every metric has an id of its own, of letters and digits.
  const whose = Buffer.from(site).toString('hex')
  const named = metrics.map((metric, i) => [`${of}${i}_${whose}`, metric] as const)
  return new MathExpression({
    expression: `SUM([${named.map(([id]) => `FILL(${id}, 0)`).join(', ')}])`,
    usingMetrics: Object.fromEntries(named),
    label: `${site} ${of}`,
    period,
  })
}

/** Executions that ended without success. */
export function failures({ site, pipeline: { machine } }: WatchedSite, period: Duration): MathExpression {
  const by = { period, statistic: Stats.SUM }
  const metrics = [machine.metricFailed(by), machine.metricTimedOut(by), machine.metricAborted(by)]
  return sumOf(metrics, site, 'failures', period)
}

/** Errors or throttles of the functions that all entities share: so many functions, however many entities there are. */
export function troubles(
  { site, pipeline }: WatchedSite,
  of: 'errors' | 'throttles',
  period: Duration,
): MathExpression {
  const by = { period, statistic: Stats.SUM }
  const metrics = Object.values(pipeline.functions).map(({ fn }) =>
    of === 'errors' ? fn.metricErrors(by) : fn.metricThrottles(by),
  )
  return sumOf(metrics, site, of, period)
}

/** What came into the queue of dead letters. What lies there would say the same until somebody takes it out. */
export const deadLetters = ({ site, pipeline }: WatchedSite, period: Duration): IMetric =>
  pipeline.deadLetters.metricNumberOfMessagesSent({
    period,
    statistic: Stats.SUM,
    label: `${site} dead letters`,
  })

/** What an alarm of a site looks at, as CloudWatch knows it. */
export function metricOf(watched: WatchedSite, metric: Watched, periodMinutes: number): IMetric {
  const period = Duration.minutes(periodMinutes)
  if (metric.of === 'site') return siteMetric(watched, metric.name, metric.statistic, period)
  if (metric.of === 'entities') return entitiesOfSite(watched, metric.name, period)
  if (metric.of === 'machine') return failures(watched, period)
  if (metric.of === 'queue') return deadLetters(watched, period)
  return troubles(watched, metric.of, period)
}
