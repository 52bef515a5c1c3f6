import { Duration } from 'aws-cdk-lib'
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  Row,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import type { SiteMetric } from './alarms.ts'
import { deadLetters, entitiesOfAll, failures, siteMetric, troubles, type WatchedSite } from './watched.ts'

const WIDTH = 24
const HEIGHT = 5
const HOUR = Duration.hours(1)
const DAY = Duration.days(1)
const MONTH = '-P30D'
/** Queries see no more. */
const FORTNIGHT = '-P14D'

type Statistic = Parameters<typeof siteMetric>[2]

/** Widgets of the same width, side by side. */
const row = (widgets: readonly ((width: number) => IWidget)[]): Row =>
  new Row(...widgets.map((widget) => widget(Math.floor(WIDTH / widgets.length))))

const graph =
  (title: string, left: readonly IMetric[], start = MONTH) =>
  (width: number): IWidget =>
    new GraphWidget({ title, width, height: HEIGHT, left: [...left], start })

const figure =
  (title: string, metrics: readonly IMetric[]) =>
  (width: number): IWidget =>
    new SingleValueWidget({ title, width, height: HEIGHT, metrics: [...metrics] })

/**
 * One screen over all sites, from what matters most to what explains it: is everybody’s snapshot fresh, how did the nights
 * end, how did Tableau answer, what came of it, and what do the functions use.
 */
export function dashboard(
  scope: Construct,
  environment: string,
  sites: readonly WatchedSite[],
  alarms: readonly IAlarm[],
): Dashboard {
  const each = (name: SiteMetric, statistic: Statistic, period = DAY): readonly IMetric[] =>
    sites.map((site) => siteMetric(site, name, statistic, period))
  const made = new Dashboard(scope, 'Dashboard', { dashboardName: `almanac-${environment}` })
  made.addWidgets(
    row([
      (width) => new AlarmStatusWidget({ title: 'Alarms', width, height: HEIGHT, alarms: [...alarms] }),
      figure('Hours since the newest whole day', each('SnapshotAgeHours', 'Maximum', HOUR)),
      figure('Days the oldest held day waits', each('HeldDays', 'Maximum', HOUR)),
      figure('Days until the token expires', each('TokenDaysLeft', 'Minimum')),
    ]),
    row([
      graph('Nights, whole and not', [...each('RunSucceeded', 'Sum'), ...each('RunFailed', 'Sum')]),
      graph(
        'Executions that did not',
        sites.map((site) => failures(site, DAY)),
      ),
      graph(
        'Entities without a proven day',
        [entitiesOfAll(environment, 'EntityNotComplete', DAY)],
        FORTNIGHT,
      ),
      graph('Seconds of a night', each('RunSeconds', 'Maximum')),
    ]),
    row([
      graph('Calls to Tableau', each('Calls', 'Sum')),
      graph('Calls that were repeated', each('Retries', 'Sum')),
      graph('Sessions lost', each('SessionsLost', 'Sum')),
      graph('Lists that were read again', each('ListingRestarts', 'Sum')),
    ]),
    row([
      graph('Rows read', each('Rows', 'Sum')),
      graph('Rows of history that began', each('RowsOpened', 'Sum')),
      graph('Rows of history that ended', each('RowsClosed', 'Sum')),
      graph('Days that the guard held', each('GuardTripped', 'Sum')),
    ]),
    row([
      graph('Percent of its time that an invocation used', each('TimeUsedPercent', 'Maximum')),
      graph('Percent of its memory', each('MemoryUsedPercent', 'Maximum')),
      graph('Errors and throttles of functions', [
        ...sites.map((site) => troubles(site, 'errors', DAY)),
        ...sites.map((site) => troubles(site, 'throttles', DAY)),
      ]),
      graph(
        'Dead letters',
        sites.map((site) => deadLetters(site, DAY)),
      ),
    ]),
  )
  return made
}
