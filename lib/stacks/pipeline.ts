import { ArnFormat, Duration, RemovalPolicy, Stack, type StackProps, TimeZone } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { CfnFunction } from 'aws-cdk-lib/aws-lambda'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler'
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions'
import type { Construct } from 'constructs'
import type { SiteConfiguration } from '../config/configuration.ts'
import { type Deployment, machineName, shareOf } from '../config/deployment.ts'
import type { Entity } from '../core/entity.ts'
import { acknowledge, wildcard } from './acknowledge.ts'
import { authoritiesLayer } from './authorities.ts'
import type { Platform } from './bundle.ts'
import {
  extractorsOf,
  freshnessFunction,
  loadFunction,
  reportFunction,
  sessionFunction,
  startFunction,
} from './functions.ts'
import type { House, HouseFunction } from './house-function.ts'
import { machineOf, RUN_TIMEOUT_S } from './machine.ts'
import { allowStart, type Grounds } from './rights.ts'
import type { StateStack } from './state.ts'

/** What the pipeline of a site is made for. */
export interface PipelineProps extends StackProps {
  readonly deployment: Deployment
  readonly site: SiteConfiguration
  readonly state: StateStack
  /** The entities of the registry that the site has switched on. */
  readonly entities: readonly Entity[]
  readonly platform?: Platform
}

/** The nightly of one site: its functions, the machine that calls them in order, and the schedule that starts it. */
export class PipelineStack extends Stack {
  readonly site: SiteConfiguration
  readonly machine: StateMachine
  readonly extractors: ReadonlyMap<string, HouseFunction>
  readonly functions: Readonly<Record<'start' | 'session' | 'load' | 'report' | 'freshness', HouseFunction>>
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id, props)
    const { deployment, site, state, entities, platform } = props
    this.site = site
    const house: House = {
      logDays: deployment.retention.logDays,
      key: state.key,
      network: deployment.network,
      authorities: site.caFile === undefined ? undefined : authoritiesLayer(this, site.caFile),
      ...(platform === undefined ? {} : { platform }),
    }
    const ownName = machineName(deployment.name, site.slug)
    const machineArn = this.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: ownName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    const grounds: Grounds = { state, deployment, site, machineArn, stack: this }
    const parts = { house, grounds, entities }
    const session = sessionFunction(this, parts)
    this.extractors = extractorsOf(this, parts, session)
    const load = loadFunction(this, parts)
    const report = reportFunction(this, parts)
    const start = startFunction(this, parts)
    const freshness = freshnessFunction(this, parts)
    this.functions = { start, session, load, report, freshness }
    this.machine = machine(this, ownName, house, {
      session: session.fn.functionArn,
      load: load.fn.functionArn,
      report: report.fn.functionArn,
      extractors: [...this.extractors].map(([entity, { fn }]) => ({ entity, function: fn.functionArn })),
      extractorsAtOnce: shareOf(deployment, site).extractors,
    })
    allowMachine(this.machine, [session, load, report, ...this.extractors.values()])
    allowStart(start, grounds)
    this.deadLetters = deadLetters(this, [start, freshness])
    nightly(this, start, this.deadLetters, deployment, site)
    hourly(this, freshness, this.deadLetters)
  }
}

function machine(
  scope: Construct,
  stateMachineName: string,
  { key, logDays }: House,
  parts: Parameters<typeof machineOf>[0],
): StateMachine {
  const logs = new LogGroup(scope, 'MachineLogs', {
    // AWS allows a policy for logs only so long; below this prefix none is needed.
    logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
    retention: logDays as RetentionDays,
    encryptionKey: key,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  return new StateMachine(scope, 'Machine', {
    stateMachineName,
    stateMachineType: StateMachineType.STANDARD,
    definitionBody: DefinitionBody.fromString(Stack.of(scope).toJsonString(machineOf(parts))),
    timeout: Duration.seconds(RUN_TIMEOUT_S),
    logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: false },
    tracingEnabled: true,
  })
}

/** The machine calls these functions and no other. */
function allowMachine(machine: StateMachine, functions: readonly HouseFunction[]): void {
  // A statement each: CDK puts them together and spreads them over policies, but divides none that is too long for one.
  for (const { fn } of functions)
    machine.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [fn.functionArn] }),
    )
  // Of logs and traces.
  acknowledge(machine, 'noResource', wildcard('*'))
}

/** Two tries more within two hours: a night that begins later belongs to people. */
const RETRIES = { retryAttempts: 2, maxEventAge: Duration.hours(2) }

/**
 * Where it comes to light that a scheduled function was not called, or that it failed each time: AWS puts such a call into
 * a queue of its own and tells the schedule that all is well. The letters hold a time and an error, so SQS’s own key will do.
 */
function deadLetters(scope: Construct, functions: readonly HouseFunction[]): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  })
  acknowledge(queue, 'lastQueue', 'AwsSolutions-SQS3')
  for (const { fn } of functions)
    fn.configureAsyncInvoke({ onFailure: new SqsDestination(queue), ...RETRIES })
  return queue
}

function nightly(
  scope: Construct,
  start: HouseFunction,
  deadLetterQueue: Queue,
  { at }: Deployment,
  { slug, timeZone }: SiteConfiguration,
): void {
  acknowledgeVersions(scope, start)
  new Schedule(scope, 'Nightly', {
    description: `The nightly of ${slug}`,
    schedule: ScheduleExpression.cron({
      hour: String(at.hour),
      minute: String(at.minute),
      timeZone: TimeZone.of(timeZone),
    }),
    target: new LambdaInvoke(start.fn, {
      input: ScheduleTargetInput.fromObject({ scheduledAt: '<aws.scheduler.scheduled-time>' }),
      deadLetterQueue,
      ...RETRIES,
    }),
  })
}

/** The scheduler may call the function in all its versions, of which we make none. */
function acknowledgeVersions(scope: Construct, { fn }: HouseFunction): void {
  const id = fn.node.defaultChild
  if (CfnFunction.isCfnElement(id))
    acknowledge(scope, 'madeLater', wildcard(`<${Stack.of(scope).getLogicalId(id)}.Arn>:*`))
}

function hourly(scope: Construct, freshness: HouseFunction, deadLetterQueue: Queue): void {
  acknowledgeVersions(scope, freshness)
  new Schedule(scope, 'Hourly', {
    description: 'How old the newest snapshot is',
    schedule: ScheduleExpression.rate(Duration.hours(1)),
    target: new LambdaInvoke(freshness.fn, { deadLetterQueue, ...RETRIES }),
  })
}
