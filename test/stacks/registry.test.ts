import { describe, expect, test } from 'vitest'
import { AREAS } from '../../lib/core/keys.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { REASONS } from '../../lib/stacks/acknowledge.ts'
import { alarmName, alarmsOf } from '../../lib/stacks/alarms.ts'
import { CREATE_ONLY } from '../../lib/stacks/state.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { rolesOf } from './roles.ts'
import { ofType, type Plan, planNamed, synthesize } from './templates.ts'

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

const synthesis = synthesize({ isChecked: true })
const { plans, findings } = synthesis

const variablesOf = (plan: Plan) =>
  ofType(plan, 'AWS::Lambda::Function').map(([id, { Properties }]) => {
    const { Variables } = Properties['Environment'] as {
      readonly Variables: Readonly<Record<string, unknown>>
    }
    return { id, Variables, bytes: Buffer.byteLength(JSON.stringify(Variables)) }
  })

test('what CDK’s rules and cdk-nag find is acknowledged, by few reasons', () => {
  expect(findings).toEqual([])
  expect(Object.keys(REASONS).length).toBeLessThanOrEqual(5)
})

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
    const kept = ['AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret']
    const resources = Object.values(plan.Resources).filter(({ Type }) => kept.includes(Type))
    expect(resources).toHaveLength(3 + SITES.filter(({ environment }) => environment === name).length)
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
      expect(Properties['BucketEncryption']).toBeDefined()
    }
    const [, warehouse] = buckets.find(([id]) => id.startsWith('Warehouse')) ?? []
    expect(warehouse?.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true }] },
    })
  })

  test('no rule lets anything of the warehouse expire but landing and answers of Athena', () => {
    const [, warehouse] = ofType(plan, 'AWS::S3::Bucket').find(([id]) => id.startsWith('Warehouse')) ?? []
    const { Rules } = (warehouse?.Properties['LifecycleConfiguration'] ?? { Rules: [] }) as {
      readonly Rules: readonly { readonly Prefix?: string; readonly ExpirationInDays?: number }[]
    }
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

describe('sixty entities', () => {
  const [model] = ENTITIES.filter(({ name }) => name === 'workbooks')
  const sixty = Array.from({ length: 60 }, (_, i) => {
    const own = ENTITIES[i] ?? model
    if (own === undefined) throw new Error('there is no entity to take for a model')
    return i < ENTITIES.length ? own : { ...own, name: `entity_${i}` }
  })
  const { plans: large, sizes } = synthesize({ entities: sixty })

  test.each([...large])('%s stays within what CloudFormation takes', (name, plan) => {
    expect(Object.keys(plan.Resources).length).toBeLessThan(MOST_RESOURCES)
    expect(sizes.get(name)).toBeLessThan(MOST_BYTES)
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
