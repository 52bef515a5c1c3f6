import { readFileSync } from 'node:fs'
import { type App, CfnResource, Stack } from 'aws-cdk-lib'
import { CfnBucket } from 'aws-cdk-lib/aws-s3'
import { describe, expect, test } from 'vitest'
import { AREAS } from '../../lib/core/keys.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { REASONS } from '../../lib/stacks/acknowledge.ts'
import { alarmName, alarmsOf } from '../../lib/stacks/alarms.ts'
import { CREATE_ONLY } from '../../lib/stacks/state.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { rolesOf } from './roles.ts'
import {
  FIXTURE,
  ofType,
  type Plan,
  planNamed,
  type Resource,
  synthesize,
  synthesizeApp,
} from './templates.ts'

/** Whose stacks the fixture deploys, and which entities each site has switched on. */
const SITES = [
  { environment: 'prod', site: 'marketing', off: [] },
  { environment: 'prod', site: 'finance', off: ['jobs'] },
  { environment: 'dev', site: 'sandbox', off: [] },
].map(({ off, ...each }) => ({
  ...each,
  stack: `Almanac-${each.environment}-${each.site}-Pipeline`,
  entities: ENTITIES.filter(({ name }) => !off.some((other) => other === name)).map(({ name }) => name),
}))
const ENVIRONMENTS = ['prod', 'dev']
/** What CloudFormation takes (User Guide, "Quotas"). */
const [MOST_RESOURCES, MOST_BYTES] = [500, 1_000_000]
/** What IAM takes of a role’s own policies together, and of each that is attached to it, in characters. */
const [LONGEST_OWN, LONGEST_ATTACHED] = [10_240, 6144]
/** What Lambda takes of a function’s variables, and what is meant to go from state to state of the machine, in bytes. */
const [MOST_VARIABLES, MOST_STATE] = [4096, 32_768]

const synthesis = synthesize({ isChecked: true })
const { plans, findings } = synthesis

/** The fixture in which production has of each number another one than the default. */
function numbered(): string {
  const { aws, sites, ...rest } = JSON.parse(readFileSync(FIXTURE, 'utf8'))
  const retention = { landingDays: 20, noncurrentDays: 8, coldAfterDays: 61, logDays: 545 }
  const prod = { ...aws.prod, retention, extractorsAtOnce: 3 }
  return JSON.stringify({ ...rest, concurrency: 7, sites, aws: { ...aws, prod } })
}

const [model] = ENTITIES.filter(({ name }) => name === 'workbooks')
const sixty = Array.from({ length: 60 }, (_, i) => {
  const own = ENTITIES[i] ?? model
  if (own === undefined) throw new Error('there is no entity to take for a model')
  return i < ENTITIES.length ? own : { ...own, name: `entity_of_a_long_name_${i}` }
})
const ofSixty = synthesize({ text: numbered(), entities: sixty })

const variablesOf = (plan: Plan) =>
  ofType(plan, 'AWS::Lambda::Function').map(([id, { Properties }]) => {
    const { Variables } = Properties['Environment'] as {
      readonly Variables: Readonly<Record<string, unknown>>
    }
    return { id, Variables, bytes: Buffer.byteLength(JSON.stringify(Variables)) }
  })

/** A function’s ARN as long as AWS makes it at most, in quotes. */
const ARN = `"arn:aws:lambda:ap-southeast-1:123456789012:function:${'f'.repeat(64)}"`
/** What is sent of a value that refers to functions: their ARNs stand in it. */
const sent = (value: unknown): string =>
  JSON.stringify(value).replace(/\{"Fn::GetAtt":\["\w+","Arn"\]\}/g, ARN)

/** What a bucket of a state is made with. */
const bucketOf = (plan: Plan, bucket: string): Resource['Properties'] =>
  ofType(plan, 'AWS::S3::Bucket').find(([id]) => id.startsWith(bucket))?.[1].Properties ?? {}

interface Rule {
  readonly Prefix?: string
  readonly ExpirationInDays?: number
}

/** What a bucket does to objects as they age. */
const rulesOf = (plan: Plan, bucket: string): readonly Rule[] =>
  (bucketOf(plan, bucket)['LifecycleConfiguration'] as { readonly Rules: readonly Rule[] }).Rules

/** What the tests look at of a machine. */
interface Machine {
  readonly States: Readonly<
    Record<
      string,
      {
        readonly Parameters?: object
        readonly MaxConcurrency?: number
        readonly ItemProcessor?: {
          readonly States: Readonly<Record<string, { readonly Parameters?: object }>>
        }
      }
    >
  >
}

/** The definition of a plan’s machine, with an ARN for each function. */
function machineIn(plan: Plan): Machine {
  const definitions = ofType(plan, 'AWS::StepFunctions::StateMachine').map(
    ([, { Properties }]) =>
      Properties['DefinitionString'] as { readonly 'Fn::Join': readonly [string, readonly unknown[]] },
  )
  const parts = definitions.flatMap(({ 'Fn::Join': [, joined] }) => joined)
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : JSON.parse(ARN))).join(''))
}

test('what CDK’s rules and cdk-nag find is acknowledged, by few reasons', () => {
  expect(findings).toEqual([])
  expect(Object.keys(REASONS).length).toBeLessThanOrEqual(5)
})

/** What is said of an app with a bucket that nobody configured, and a queue that takes no such number. */
function refusal(): string {
  const bad = (app: App): void => {
    const stack = new Stack(app, 'Bad', { env: { account: '123456789012', region: 'eu-central-1' } })
    new CfnBucket(stack, 'Bucket')
    new CfnResource(stack, 'Queue', { type: 'AWS::SQS::Queue', properties: { DelaySeconds: 'soon' } })
  }
  try {
    return `nothing in ${[...synthesizeApp(bad, true).plans.keys()]}`
  } catch (thrown) {
    return String(thrown)
  }
}
const refused = refusal()

test.each([
  ['cdk-nag finds a bucket that may be asked without TLS', 'AwsSolutions::AwsSolutions-S10'],
  ['CDK’s rules find a number that is a word', 'CloudFormation-Validate::F3012'],
])('%s', (_, rule) => expect(refused).toContain(rule))

test('the stacks are those of the environments and sites, and no more', () => {
  const expected = [
    ...ENVIRONMENTS.flatMap((name) =>
      ['State', 'Catalog', 'Views', 'Monitoring'].map((of) => `Almanac-${name}-${of}`),
    ),
    ...SITES.map(({ stack }) => stack),
  ]
  expect([...plans.keys()].sort()).toEqual(expected.sort())
  for (const [name, { account }] of synthesis.environments)
    expect(account).toBe(name.startsWith('Almanac-prod-') ? '123456789012' : '210987654321')
})

describe.each(SITES)('$environment $site', ({ environment, site, stack, entities }) => {
  const plan = planNamed(synthesis, stack)

  test('has a function for each entity that is switched on, and the six that all share', () => {
    const known = [
      ...entities.map((name) => `extract ${name}`),
      'session',
      'load',
      'report',
      'start',
      'freshness',
    ]
    const others = ['machine', 'nightly', 'hourly']
    expect([...rolesOf(synthesis, stack).keys()].sort()).toEqual([...known, ...others].sort())
    expect(ofType(plan, 'AWS::Lambda::Function')).toHaveLength(known.length)
    expect(ofType(plan, 'AWS::Logs::LogGroup')).toHaveLength(known.length + 1)
    // Whatever has a role is looked at.
    expect(ofType(plan, 'AWS::IAM::Role')).toHaveLength(known.length + others.length)
  })

  test('the machine calls every extractor, and no other', () => {
    const [machine] = ofType(plan, 'AWS::StepFunctions::StateMachine')
    const definition = JSON.stringify(machine?.[1].Properties['DefinitionString'])
    expect([...definition.matchAll(/\\"entity\\":\\"(\w+)\\"/g)].map(([, name]) => name)).toEqual(entities)
  })

  test('has an alarm of each kind, and no other', () => {
    const { Resources } = planNamed(synthesis, `Almanac-${environment}-Monitoring`)
    const names = Object.values(Resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::CloudWatch::Alarm' ? [String(Properties['AlarmName'])] : [],
    )
    const own = names.filter((name) => name.startsWith(alarmName(environment, site, '')))
    expect(own.sort()).toEqual(
      alarmsOf(30)
        .map(({ id }) => alarmName(environment, site, id))
        .sort(),
    )
  })

  test('knows its site, below the 4 KB that AWS takes, and no secret', () => {
    for (const { Variables, bytes } of variablesOf(plan)) {
      expect(bytes).toBeLessThan(2048)
      expect(JSON.parse(String(Variables['ALMANAC_SITE']))).toMatchObject({ slug: site, entities })
    }
  })

  test('is in the network of its environment, or in none', () => {
    const network = environment === 'prod' && {
      SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      SecurityGroupIds: ['sg-0123456789abcdef0'],
    }
    for (const [, { Properties, ...more }] of ofType(plan, 'AWS::Lambda::Function')) {
      expect(Properties['VpcConfig']).toEqual(network || undefined)
      // AWS looks for the right to make interfaces when it makes the function.
      expect(JSON.stringify(more)).toMatch(/"DependsOn":\[[^\]]*DefaultPolicy/)
    }
  })

  test('starts at its time in its zone, with few tries and a queue for what fails', () => {
    const schedules = ofType(plan, 'AWS::Scheduler::Schedule').map(([, { Properties }]) => Properties)
    expect(schedules).toHaveLength(2)
    const nightly = schedules.find(({ ScheduleExpression: at }) => String(at).startsWith('cron'))
    expect(nightly).toMatchObject({
      ScheduleExpression: 'cron(30 4 * * ? *)',
      ScheduleExpressionTimezone: environment === 'prod' ? 'Europe/Berlin' : 'UTC',
    })
    for (const { Target } of schedules)
      expect(Target).toMatchObject({ DeadLetterConfig: {}, RetryPolicy: { MaximumRetryAttempts: 2 } })
    const asynchronous = ofType(plan, 'AWS::Lambda::EventInvokeConfig').map(
      ([, { Properties }]) => Properties,
    )
    expect(asynchronous).toHaveLength(2)
    for (const each of asynchronous) expect(each).toMatchObject({ DestinationConfig: { OnFailure: {} } })
  })
})

describe.each(ENVIRONMENTS)('the state of %s', (name) => {
  const plan = planNamed(synthesis, `Almanac-${name}-State`)

  test('is kept when the stack goes, and the stack does not go by accident', () => {
    const kept = [
      ...['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'AWS::KMS::Key'],
      ...['AWS::SecretsManager::Secret', 'AWS::SNS::Topic'],
    ]
    const resources = Object.values(plan.Resources).filter(({ Type }) => kept.includes(Type))
    expect(resources).toHaveLength(6 + SITES.filter(({ environment }) => environment === name).length)
    for (const { DeletionPolicy, UpdateReplacePolicy } of resources)
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
    expect(synthesis.protectedStacks).toContain(`Almanac-${name}-State`)
  })

  test('buckets are private, encrypted, and the warehouse keeps what was replaced', () => {
    const buckets = ofType(plan, 'AWS::S3::Bucket')
    for (const [, { Properties }] of buckets) {
      expect(Object.values(Properties['PublicAccessBlockConfiguration'] ?? {})).toEqual([
        true,
        true,
        true,
        true,
      ])
    }
    const encryption = (bucket: string) => bucketOf(plan, bucket)['BucketEncryption']
    const [key, ...others] = ofType(plan, 'AWS::KMS::Key')
    expect([key?.[1].Properties['EnableKeyRotation'], others]).toEqual([true, []])
    const own = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: { 'Fn::GetAtt': [key?.[0], 'Arn'] } }
    expect(encryption('Warehouse')).toEqual({
      ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: own }],
    })
    expect(JSON.stringify(encryption('AccessLogs'))).toContain('"SSEAlgorithm":"AES256"')
    expect(bucketOf(plan, 'Warehouse')['VersioningConfiguration']).toEqual({ Status: 'Enabled' })
  })

  test('no rule lets anything of the warehouse expire but landing and answers of Athena', () => {
    const Rules = rulesOf(plan, 'Warehouse')
    const expiring = Rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)
    expect(expiring.map(({ Prefix }) => Prefix).sort()).toEqual(['athena-results/', 'landing/'])
  })
})

test('every area that is only created is primary or landing, and every other primary one is guarded by its writer', () => {
  const others = Object.entries(AREAS).filter(([area]) => !CREATE_ONLY.some((each) => each === area))
  expect(CREATE_ONLY.filter((area) => !['primary', 'landing'].includes(AREAS[area]))).toEqual([])
  // Which site a slug means is written once by the session alone.
  expect(others.filter(([, kind]) => kind === 'primary').map(([area]) => area)).toEqual(['site'])
})

test('no template holds a secret’s value', () => {
  for (const [name, plan] of plans) {
    const text = JSON.stringify(plan)
    expect(text, name).not.toMatch(/SecretString":"(?!\{\}")/)
    expect(text, name).not.toMatch(/\{\{resolve:/)
    expect(text, name).not.toMatch(/GenerateSecretString/)
  }
})

describe('numbers of the configuration', () => {
  const pipeline = planNamed(ofSixty, 'Almanac-prod-marketing-Pipeline')
  const state = planNamed(ofSixty, 'Almanac-prod-State')

  test('are the days after which objects of the warehouse go, or go where it is cold', () => {
    const replaced = { NoncurrentVersionExpiration: { NoncurrentDays: 8 } }
    const cold = { Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 61 }] }
    expect(rulesOf(state, 'Warehouse')).toEqual(
      [
        {
          ...replaced,
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          ExpiredObjectDeleteMarker: true,
        },
        { ...replaced, Prefix: 'landing/', ExpirationInDays: 20 },
        { ...replaced, Prefix: 'athena-results/', ExpirationInDays: 7 },
        { ...cold, Prefix: 'candidate/' },
        { ...cold, Prefix: 'observation/' },
      ].map((rule) => ({ ...rule, Status: 'Enabled' })),
    )
  })

  test('are the days that logs are kept', () => {
    expect(rulesOf(state, 'AccessLogs')).toEqual([{ ExpirationInDays: 545, Status: 'Enabled' }])
    const logs = ofType(pipeline, 'AWS::Logs::LogGroup')
    expect(logs.length).toBeGreaterThan(60)
    for (const [, { Properties }] of logs) expect(Properties['RetentionInDays']).toBe(545)
  })

  test('are how much is read at once: extractors, and calls of each', () => {
    const { Extract, Load } = machineIn(pipeline).States
    expect([Extract?.MaxConcurrency, Load?.MaxConcurrency]).toEqual([3, 8])
    // Three with two calls each are no more than the seven that the site allows.
    for (const { Variables } of variablesOf(pipeline))
      expect(JSON.parse(String(Variables['ALMANAC_SITE']))).toMatchObject({ concurrency: 2 })
  })
})

describe('sixty entities', () => {
  const { plans: large, sizes } = ofSixty
  const pipeline = planNamed(ofSixty, 'Almanac-prod-marketing-Pipeline')

  test.each([...large])('%s stays within what CloudFormation takes', (name, plan) => {
    expect(Object.keys(plan.Resources).length).toBeLessThan(MOST_RESOURCES)
    expect(sizes.get(name)).toBeLessThan(MOST_BYTES)
  })

  test('leave the machine’s role as long as IAM takes it', () => {
    const isOfMachine = ([id]: readonly [string, Resource]): boolean => id.startsWith('MachineRole')
    const longest = (type: string): number =>
      Math.max(
        ...ofType(pipeline, type)
          .filter(isOfMachine)
          .map(([, { Properties }]) => sent(Properties['PolicyDocument']).length),
      )
    expect(ofType(pipeline, 'AWS::IAM::Policy').filter(isOfMachine)).toHaveLength(1)
    expect(longest('AWS::IAM::Policy')).toBeLessThan(LONGEST_OWN)
    expect(longest('AWS::IAM::ManagedPolicy')).toBeLessThan(LONGEST_ATTACHED)
    const named = new Set(JSON.stringify(pipeline).match(/"Extract\w+Function\w+","Arn"/g))
    const called = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
      .flatMap((type) => ofType(pipeline, type).filter(isOfMachine))
      .flatMap((each) => JSON.stringify(each).match(/"Extract\w+Function\w+","Arn"/g) ?? [])
    expect([called.length, named.size]).toEqual([60, 60])
  })

  test('leave every function’s variables below what Lambda takes', () => {
    for (const { bytes } of variablesOf(pipeline)) expect(bytes).toBeLessThan(MOST_VARIABLES)
  })

  test('leave what goes from state to state small, at the report too', () => {
    const { States } = machineIn(pipeline)
    const outcomes = (step: string): readonly object[] => {
      const { Parameters = {} } = States[step]?.ItemProcessor?.States[`${step}Done`] ?? {}
      const said = Object.keys(Parameters).map((name) => [name, 'x'.repeat(32)])
      return sixty.map(() => Object.fromEntries(said))
    }
    const [extracted, loaded] = [outcomes('Extract'), outcomes('Load')]
    expect(Object.keys(extracted[0] ?? {})).toHaveLength(3)
    const last = JSON.stringify({ ...States['Begin']?.Parameters, extracted, loaded })
    expect(last.match(/arn:aws:lambda/g)).toHaveLength(60)
    expect(Buffer.byteLength(last)).toBeLessThan(MOST_STATE)
  })

  test('have their tables', () => {
    const tables = ['Catalog', 'Views'].flatMap((of) =>
      ofType(large.get(`Almanac-prod-${of}`) ?? { Resources: {} }, 'AWS::Glue::Table'),
    )
    const names = new Set(
      tables.map(([, { Properties }]) => (Properties['TableInput'] as { readonly Name: string }).Name),
    )
    const views = relationsOf(sixty, VIEWS).filter(({ kind }) => kind === 'view')
    expect(views.filter(({ name }) => !names.has(name))).toEqual([])
  })
})
