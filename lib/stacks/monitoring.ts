import { Stack, type StackProps } from 'aws-cdk-lib'
import { CfnBudget } from 'aws-cdk-lib/aws-budgets'
import {
  Alarm,
  AlarmRule,
  CfnAlarm,
  ComparisonOperator,
  CompositeAlarm,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import type { Deployment } from '../config/deployment.ts'
import { type AlarmSpec, alarmName, alarmsOf, descriptionOf, PAGE, pageDescription } from './alarms.ts'
import { dashboard } from './dashboard.ts'
import type { PipelineStack } from './pipeline.ts'
import { tellOfReads } from './secret-reads.ts'
import type { StateStack } from './state.ts'
import { metricOf, type WatchedSite } from './watched.ts'

/** What the monitoring of an environment is made for. */
export interface MonitoringProps extends StackProps {
  readonly deployment: Deployment
  readonly state: StateStack
  /** By a site's slug. */
  readonly pipelines: ReadonlyMap<string, PipelineStack>
}

/** Who watches an environment: the alarms of each of its sites, one screen over all, and what the account may spend. */
export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, state, pipelines, ...props }: MonitoringProps) {
    super(scope, id, props)
    const { name, alarms } = deployment
    const sites = [...pipelines].map(([site, pipeline]) => ({ environment: name, site, pipeline }))
    const specs = alarmsOf(alarms.snapshotAgeHours)
    const made = sites.flatMap((site) => alarmsOfSite(this, site, specs, state))
    tellOfReads(this, deployment, state, [...pipelines.values()])
    dashboard(this, name, sites, made)
    budget(this, deployment, state.topic)
  }
}

/** All alarms of a site. A message goes to its topic by itself; of the pages one alarm over all goes to theirs. */
function alarmsOfSite(
  scope: Construct,
  watched: WatchedSite,
  specs: readonly AlarmSpec[],
  { topic, pages }: Pick<StateStack, 'topic' | 'pages'>,
): readonly Alarm[] {
  const made = specs.map((spec) => ({ spec, alarm: alarmOf(scope, watched, spec) }))
  const tell = new SnsAction(topic)
  for (const { spec, alarm } of made) if (spec.urgency === 'message') alarm.addAlarmAction(tell)
  const rousing = made.filter(({ spec }) => spec.urgency === 'page').map(({ alarm }) => alarm)
  page(scope, watched, pageDescription(watched.site, specs), rousing).addAlarmAction(new SnsAction(pages))
  return made.map(({ alarm }) => alarm)
}

const SILENCE = {
  rings: TreatMissingData.BREACHING,
  'is fine': TreatMissingData.NOT_BREACHING,
  'changes nothing': TreatMissingData.IGNORE,
} as const

const COMPARISON = {
  above: ComparisonOperator.GREATER_THAN_THRESHOLD,
  below: ComparisonOperator.LESS_THAN_THRESHOLD,
} as const

function alarmOf(scope: Construct, watched: WatchedSite, spec: AlarmSpec): Alarm {
  const alarm = new Alarm(scope, `${watched.site}-${spec.id}`, {
    alarmName: alarmName(watched.environment, watched.site, spec.id),
    alarmDescription: descriptionOf(spec),
    metric: metricOf(watched, spec.metric, spec.periodMinutes),
    threshold: spec.threshold,
    comparisonOperator: COMPARISON[spec.rings],
    evaluationPeriods: spec.periods,
    datapointsToAlarm: spec.needed,
    treatMissingData: SILENCE[spec.silence],
  })
  const own = alarm.node.defaultChild
  if (spec.warmUpHours !== undefined && CfnAlarm.isCfnAlarm(own))
    own.warmUpConfiguration = { warmUpPeriodDurationInMinutes: spec.warmUpHours * 60 }
  return alarm
}

/** Rings once when the first of these does, and not again before all of them are well. */
function page(
  scope: Construct,
  { environment, site }: WatchedSite,
  alarmDescription: string,
  pages: readonly Alarm[],
): CompositeAlarm {
  return new CompositeAlarm(scope, `${site}-${PAGE}`, {
    compositeAlarmName: alarmName(environment, site, PAGE),
    alarmDescription,
    alarmRule: AlarmRule.anyOf(...pages),
  })
}

/** In percent of what the account may spend in a month. */
const SPENT = [80, 100] as const

function budget(scope: Construct, { name, alarms }: Deployment, topic: ITopic): CfnBudget {
  return new CfnBudget(scope, 'Budget', {
    budget: {
      budgetName: `almanac-${name}`,
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      budgetLimit: { amount: alarms.monthlyBudgetUsd, unit: 'USD' },
    },
    notificationsWithSubscribers: SPENT.map((threshold) => ({
      notification: {
        notificationType: 'ACTUAL',
        comparisonOperator: 'GREATER_THAN',
        threshold,
        thresholdType: 'PERCENTAGE',
      },
      subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
    })),
  })
}
