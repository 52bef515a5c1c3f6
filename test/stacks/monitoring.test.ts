import { readdirSync, readFileSync } from 'node:fs'
import { Match } from 'aws-cdk-lib/assertions'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ENTITIES } from '../../lib/entities/index.ts'
import { METRICS, type MetricName, openTelemetry } from '../../lib/lambda/telemetry.ts'
import { alarmName, alarmsOf, heldHours, pageDescription } from '../../lib/stacks/alarms.ts'
import { alarmsIn, deployed, shellOf } from './monitored.ts'

const SITES = ['marketing', 'sales-2', '007']
const HOURS = 30
const SPECS = alarmsOf(HOURS)
const { monitoring, template } = deployed(SITES, ENTITIES, { snapshotAgeHours: HOURS, monthlyBudgetUsd: 80 })
const alarms = alarmsIn(monitoring)
const composites = Object.values(monitoring.findResources('AWS::CloudWatch::CompositeAlarm'))

/** What AWS itself counts, as its documentation names it. */
const OF_AWS: Readonly<Record<string, readonly string[]>> = {
  'AWS/States': ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'],
  'AWS/Lambda': ['Errors', 'Throttles'],
  'AWS/SQS': ['NumberOfMessagesSent'],
}

function alarm(site: string, id: string) {
  const found = alarms.get(alarmName('prod', site, id))
  if (found === undefined) throw new Error(`${site} has no alarm ${id}`)
  return found
}

const statsOf = (site: string, id: string) =>
  alarm(site, id).Metrics.flatMap(({ MetricStat }) => MetricStat ?? [])

describe('the alarms', () => {
  test('are those of the list, for each site, and none beside', () => {
    const expected = SITES.flatMap((site) => SPECS.map(({ id }) => alarmName('prod', site, id)))
    expect([...alarms.keys()].sort()).toEqual(expected.sort())
    const ids = SPECS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each(SPECS)('$id says what to do, and where to read on', ({ id, says, first }) => {
    const { AlarmDescription } = alarm('marketing', id)
    expect(AlarmDescription).toBe(`${says} First: ${first} More: docs/runbooks/${id}.md`)
    expect(AlarmDescription.length).toBeLessThan(1024)
  })

  test.each(SPECS)('$id looks at what is counted', ({ id, metric }) => {
    if (metric.of === 'site') {
      expect(METRICS.ofSite).toContain(metric.name)
      const [stat, ...others] = statsOf('sales-2', id)
      expect(others).toEqual([])
      expect(stat?.Metric).toEqual({
        Namespace: 'Almanac',
        MetricName: metric.name,
        Dimensions: [
          { Name: 'service', Value: 'almanac-prod' },
          { Name: 'site', Value: 'sales-2' },
        ],
      })
    } else if (metric.of !== 'entities') {
      const metrics = statsOf('sales-2', id).map(({ Metric }) => Metric)
      expect(metrics.length).toBeGreaterThan(0)
      expect(metrics.length).toBeLessThanOrEqual(10)
      for (const { Namespace, MetricName } of metrics) expect(OF_AWS[Namespace]).toContain(MetricName)
      for (const { Dimensions } of metrics) expect(JSON.stringify(Dimensions)).toContain('sales-2-Pipeline')
    }
  })

  test('stay within what CloudWatch looks back on', () => {
    for (const { periodMinutes, periods, needed, metric } of SPECS) {
      expect(needed).toBeLessThanOrEqual(periods)
      // A day; queries over metrics see three hours.
      const minutes = metric.of === 'entities' ? 180 : 1440
      expect(periodMinutes * periods).toBeLessThanOrEqual(minutes)
    }
  })

  test('rule on figures of 5 minutes, 1 hour and 6 hours, summed as the list says', () => {
    for (const { id, metric, periodMinutes, threshold, periods, needed } of SPECS) {
      const made = alarm('007', id)
      expect([made.Threshold, made.EvaluationPeriods, made.DatapointsToAlarm]).toEqual([
        threshold,
        periods,
        needed,
      ])
      const seconds = made.Metrics.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? [])
      expect(new Set(seconds)).toEqual(new Set([periodMinutes * 60]))
      const stats = statsOf('007', id).map(({ Stat }) => Stat)
      const statistic = metric.of === 'site' ? metric.statistic : 'Sum'
      expect(stats.filter((stat) => stat !== statistic)).toEqual([])
    }
  })
})

describe('a figure', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  /** What CloudWatch makes of a figure that a function writes. */
  function written(name: MetricName, entity?: string) {
    vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'almanac-prod')
    vi.stubEnv('POWERTOOLS_DEV', 'false')
    const lines: string[] = []
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
    const telemetry = openTelemetry({ site: 'marketing', step: 'report', run: 'marketing-2026-11-29' })
    telemetry.count(name, 1, entity)
    telemetry.flush()
    const [line = '{}'] = lines.filter((each) => each.includes('CloudWatchMetrics'))
    const { _aws, ...values } = JSON.parse(line)
    return { values, metric: _aws?.CloudWatchMetrics[0] }
  }

  test('of a site has the dimensions that its alarm asks for', () => {
    const { metric, values } = written('SnapshotAgeHours')
    const [asked] = statsOf('marketing', 'snapshot-age').map(({ Metric }) => Metric)
    expect(metric).toMatchObject({ Namespace: asked?.Namespace, Metrics: [{ Name: asked?.MetricName }] })
    expect(metric.Dimensions.map((names: string[]) => names.toSorted())).toEqual([
      asked?.Dimensions.map(({ Name }) => Name).toSorted(),
    ])
    for (const { Name, Value } of asked?.Dimensions ?? []) expect(values[Name]).toBe(Value)
  })

  test('of an entity has those that the query over all names', () => {
    const { metric, values } = written('EntityNotComplete', 'anything')
    expect(metric.Dimensions.map((names: string[]) => names.toSorted())).toEqual([
      ['entity', 'service', 'site'],
    ])
    expect(values).toMatchObject({ entity: 'anything', service: 'almanac-prod', site: 'marketing' })
  })

  test.each([...METRICS.ofSite, ...METRICS.ofEntity])('%s is counted by a function', (name) => {
    const sources = ['functions', 'lib/lambda'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => readFileSync(`${folder}/${path}`, 'utf8')),
    )
    const counted = new RegExp(`(?:count|addMetric)\\(.*'${name}'`)
    expect(sources.some((source) => counted.test(source))).toBe(true)
  })
})

describe('silence', () => {
  test('rings the dead-man’s switch, and it alone', () => {
    const ringing = [...alarms.values()].filter(({ TreatMissingData }) => TreatMissingData === 'breaching')
    expect(ringing.map(({ AlarmName }) => AlarmName)).toEqual(
      SITES.map((site) => alarmName('prod', site, 'snapshot-age')),
    )
  })

  test('of a site that was just deployed has a day and two hours', () => {
    expect(alarm('007', 'snapshot-age').WarmUpConfiguration).toEqual({
      WarmUpPeriodDurationInMinutes: 26 * 60,
    })
  })

  test('leaves what is said once a night as it was said', () => {
    for (const id of ['token-expires', 'token-expires-now', 'held-too-long'])
      expect(alarm('007', id).TreatMissingData).toBe('ignore')
  })
})

describe('whom an alarm reaches', () => {
  const topic = { 'Fn::GetStackOutput': Match.objectLike({ StackName: 'Almanac-prod-State' }) }

  test.each(SPECS)('$id: the topic, itself or by the one page of its site', ({ id, urgency }) => {
    for (const site of SITES) {
      const { AlarmName, AlarmActions = [] } = alarm(site, id)
      const throughPage = composites.filter(({ Properties }) =>
        JSON.stringify(Properties.AlarmRule).includes(logicalId(AlarmName)),
      )
      expect(AlarmActions.length).toBe(urgency === 'message' ? 1 : 0)
      expect(throughPage.map(({ Properties }) => Properties.AlarmName)).toEqual(
        urgency === 'page' ? [alarmName('prod', site, 'page')] : [],
      )
    }
  })

  test('one page for each site, which rings when any of its pages does', () => {
    expect(composites.length).toBe(SITES.length)
    monitoring.allResourcesProperties('AWS::CloudWatch::CompositeAlarm', { AlarmActions: [topic] })
    const pages = SPECS.filter(({ urgency }) => urgency === 'page').length
    for (const { Properties } of composites) {
      expect(JSON.stringify(Properties.AlarmRule).match(/ALARM\(/g)).toHaveLength(pages)
      expect(JSON.stringify(Properties.AlarmRule)).not.toMatch(/AND|NOT/)
    }
  })

  test('a page goes to those who are to be woken, and to nobody who is only told', () => {
    const woken = deployed(['east'], ENTITIES.slice(0, 1), { pages: ['pager@example.com'] })
    const topics = woken.template('State').findResources('AWS::SNS::Subscription')
    const ofAddress = (address: string): string | undefined =>
      Object.values(topics).find(({ Properties }) => Properties['Endpoint'] === address)?.['Properties'][
        'TopicArn'
      ]?.['Ref']
    const [pages, messages] = [ofAddress('pager@example.com'), ofAddress('oncall@example.com')]
    expect(pages).toMatch(/^Pages/)
    expect(messages).toMatch(/^Alarms/)
    const actionsOf = (type: string): string =>
      JSON.stringify(
        Object.values(woken.monitoring.findResources(type)).map(
          ({ Properties }) => Properties['AlarmActions'],
        ),
      )
    expect(actionsOf('AWS::CloudWatch::CompositeAlarm')).toContain('Pages')
    expect(actionsOf('AWS::CloudWatch::CompositeAlarm')).not.toContain('Alarms')
    expect(actionsOf('AWS::CloudWatch::Alarm')).not.toContain('Pages')
  })

  test('the page says what to do first, whichever alarm is its reason, in as much as CloudWatch takes', () => {
    const says = new Map(
      composites.map(({ Properties }) => [Properties.AlarmName, Properties.AlarmDescription]),
    )
    for (const site of SITES) expect(says.get(alarmName('prod', site, 'page'))).toContain(`A day of ${site} `)
    const longest = pageDescription('s'.repeat(63), alarmsOf(168))
    expect(longest.length).toBeLessThanOrEqual(1024)
    for (const { id, urgency, first } of SPECS)
      for (const text of [...says.values(), longest])
        expect(text.includes(`- ${id}: ${first}`)).toBe(urgency === 'page')
  })

  test('CloudWatch and Budgets may write to the topic, and use its key, for this account', () => {
    const state = template('State')
    state.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
            Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
          }),
        ]),
      },
    })
    state.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: { Statement: Match.arrayWith([Match.objectLike({ Sid: 'AlarmsAreTold' })]) },
    })
  })

  function logicalId(name: string): string {
    const found = Object.entries(monitoring.findResources('AWS::CloudWatch::Alarm')).find(
      ([, { Properties }]) => Properties.AlarmName === name,
    )
    return found?.[0] ?? 'nothing'
  }
})

describe('one page for one incident', () => {
  /** What the dead-man’s switch takes: its own look of every hour, and its two periods. */
  const NOTICED = 3

  test.each([25, 26, 28, 30, 36, 40])(
    'a failed night rings on until its snapshot is %i hours old',
    (hours) => {
      const failed = alarmsOf(hours).filter(({ id }) => ['run-failed', 'dead-letters'].includes(id))
      // The night before ended well a little later than this one began to fail.
      for (const { periodMinutes, periods } of failed)
        expect((periodMinutes * periods) / 60).toBeGreaterThan(hours - 24 + NOTICED)
    },
  )

  test.each([25, 30, 48, 168])('of %i hours, the next night’s failure rings anew', (hours) => {
    expect(heldHours(hours)).toBeGreaterThan(0)
    expect(heldHours(hours)).toBeLessThan(24)
  })
})

describe('entities', () => {
  const names = ENTITIES.map(({ name }) => name)
  const some = ENTITIES.find(({ name }) => name === 'users')
  const many = Array.from({ length: 60 }, (_, i) => ({ ...Object(some), name: `kind_${i}` }))

  test('one alarm is over all of them, by the dimensions that a figure has, and names each', () => {
    const [query, ...others] = alarm('marketing', 'entity-not-complete').Metrics
    expect(others).toEqual([])
    expect(query).toMatchObject({
      Expression:
        'SELECT SUM("EntityNotComplete") FROM SCHEMA("Almanac", "entity", "service", "site") ' +
        `WHERE "service" = 'almanac-prod' AND "site" = 'marketing' GROUP BY "entity" ORDER BY SUM() DESC LIMIT 3`,
      Period: 300,
    })
    expect(METRICS.ofEntity).toContain('EntityNotComplete')
  })

  test('are named nowhere by hand', () => {
    const text = JSON.stringify(monitoring.toJSON())
    for (const name of names.filter((each) => each !== 'site'))
      expect(text).not.toMatch(new RegExp(`\\b${name}\\b`))
  })

  test('make no more alarms, and none other, when they are sixty', () => {
    const sixty = deployed(['marketing'], many)
    const one = deployed(['marketing'], ENTITIES.slice(0, 1))
    expect(
      Object.keys(sixty.template('marketing-Pipeline').findResources('AWS::Lambda::Function')).length,
    ).toBe(65)
    expect(sixty.monitoring.toJSON()).toEqual(one.monitoring.toJSON())
  }, 180_000)
})

describe('the functions', () => {
  test('say whose figures they write, as the alarms ask for them', () => {
    for (const { Properties } of Object.values(
      template('007-Pipeline').findResources('AWS::Lambda::Function'),
    ))
      expect(Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME).toBe('almanac-prod')
  })

  test('that all entities share are watched all', () => {
    const pipeline = template('marketing-Pipeline').findResources('AWS::Lambda::Function')
    const shared = Object.keys(pipeline).filter((id) => !id.startsWith('Extract'))
    for (const id of ['function-errors', 'throttles']) {
      const watched = JSON.stringify(statsOf('marketing', id))
      expect(shared.filter((name) => !watched.includes(`PublishOutputRef${name}`))).toEqual([])
      expect(statsOf('marketing', id)).toHaveLength(shared.length)
    }
  })
})

describe('the screen', () => {
  const [dashboard] = Object.values(monitoring.findResources('AWS::CloudWatch::Dashboard'))
  const body = JSON.stringify(dashboard?.['Properties'].DashboardBody)

  test('is one, and shows every figure of ours, of every site', () => {
    monitoring.resourceCountIs('AWS::CloudWatch::Dashboard', 1)
    for (const name of [...METRICS.ofSite, ...METRICS.ofEntity]) expect(body).toContain(name)
    for (const site of SITES) expect(body).toContain(`\\"${site}\\"`)
  })

  test('shows the state of every alarm', () => {
    for (const id of Object.keys(monitoring.findResources('AWS::CloudWatch::Alarm')))
      expect(body).toContain(id)
  })

  test('has no two lines of the same id in a graph, and one query in each', () => {
    const text = body.replaceAll(/\{\\?"Fn::[^}]*\}\}?/g, '')
    const graphs = text.split('\\"type\\":\\"metric\\"').slice(1)
    expect(graphs.length).toBeGreaterThan(10)
    for (const graph of graphs) {
      const ids = [...graph.matchAll(/\\"id\\":\\"(\w+)\\"/g)].map(([, id]) => id)
      expect(new Set(ids).size).toBe(ids.length)
      expect((graph.match(/SELECT /g) ?? []).length).toBeLessThanOrEqual(1)
    }
  })
})

test('the budget is the configured one, and tells the topic at 80 and at 100 percent', () => {
  monitoring.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: { BudgetLimit: { Amount: 80, Unit: 'USD' }, TimeUnit: 'MONTHLY', BudgetType: 'COST' },
    NotificationsWithSubscribers: [80, 100].map((Threshold) => ({
      Notification: Match.objectLike({ Threshold, ThresholdType: 'PERCENTAGE', NotificationType: 'ACTUAL' }),
      Subscribers: [{ SubscriptionType: 'SNS', Address: Match.anyValue() }],
    })),
  })
})

describe('the runbooks', () => {
  const pages = readdirSync('docs/runbooks').map((page) => readFileSync(`docs/runbooks/${page}`, 'utf8'))

  test('find what is deployed by the names it has', () => {
    const { Resources } = template('marketing-Pipeline').toJSON()
    const commands = shellOf(pages.join('\n'))
    const asked = [...commands.matchAll(/(?:logs_of |AWS::\w+::\w+ )([A-Z]\w+)/g)].map(
      ([, name = '']) => name,
    )
    expect(new Set(asked).size).toBeGreaterThan(5)
    for (const name of new Set(asked)) {
      const found = Object.keys(Resources).filter(
        (id) =>
          id.startsWith(name) && ['AWS::Lambda::Function', 'AWS::SQS::Queue'].includes(Resources[id].Type),
      )
      expect(found, name).toHaveLength(1)
    }
  })

  test('call the state machine and the bucket by their names', () => {
    template('marketing-Pipeline').hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'almanac-prod-marketing',
    })
    template('State').hasResourceProperties('AWS::S3::Bucket', {
      BucketName: 'almanac-prod-123456789012-eu-central-1',
    })
    const all = pages.join('\n')
    expect(all).toContain(':stateMachine:almanac-$ENVIRONMENT-$SITE\n')
    expect(all).toContain('s3://almanac-$ENVIRONMENT-$ACCOUNT-$AWS_REGION\n')
  })

  test('count what watching a site costs as the template has it', () => {
    const metrics = [...alarms]
      .filter(([name]) => name.startsWith(alarmName('prod', 'marketing', '')))
      .flatMap(([, { Metrics }]) => Metrics)
    const plain = metrics.filter(({ MetricStat }) => MetricStat !== undefined).length
    const queries = metrics.filter(({ Expression = '' }) => Expression.startsWith('SELECT')).length
    expect(queries).toBe(1)
    const cost = (0.1 * (plain + queries) + 0.5).toFixed(2)
    expect(pages.join('\n')).toContain(
      `alarms: ${plain} metrics and a query at $0.10, one composite alarm at $0.50 | $${cost}`,
    )
  })
})
