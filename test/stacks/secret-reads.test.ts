import { describe, expect, test } from 'vitest'
import { ENTITIES } from '../../lib/entities/index.ts'
import { hears } from './event-pattern.ts'
import { ofType, planNamed, type Resource, synthesize } from './templates.ts'

/** Characters that EventBridge takes of a pattern (User Guide, "Amazon EventBridge quotas"). */
const LONGEST_PATTERN = 2048
const TOKEN = 'almanac/marketing'
/** The role of a site’s function `session`, its name as long as AWS makes it at most. */
const roleOf = (slug: string): string =>
  `arn:aws:iam::123456789012:role/${`Session-${slug}-`.padEnd(64, 'x')}`

const site = (slug: string, secret: object) => ({
  slug,
  server: 'https://tableau.example.com',
  site: slug,
  signIn: { kind: 'pat', name: slug, secret },
})

const arnOf = (name: string, suffix = 'AbCdEf'): string =>
  `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-${suffix}`

const configuration = (sites: readonly object[]): string =>
  JSON.stringify({
    owner: 'BI platform',
    sites,
    aws: {
      prod: { account: '123456789012', region: 'eu-central-1', alarms: { emails: ['oncall@example.com'] } },
    },
  })

/** The rules of an environment that has these sites, with a function for one entity each. */
function rulesOf(sites: readonly object[]): readonly Resource[] {
  const entities = ENTITIES.filter(({ name }) => name === 'site')
  const monitoring = planNamed(
    synthesize({ text: configuration(sites), entities, views: [] }),
    'Almanac-prod-Monitoring',
  )
  return ofType(monitoring, 'AWS::Events::Rule').map(([, rule]) => rule)
}

/** The pattern of a rule, with a role of that name where CloudFormation puts the role of a site. */
const patternOf = (rule: Resource | undefined): Readonly<Record<string, unknown>> =>
  JSON.parse(
    JSON.stringify(rule?.Properties['EventPattern']).replace(
      /\{"Fn::GetStackOutput":\{[^}]*"StackName":"Almanac-prod-(\w+)-Pipeline"[^}]*SessionRole[^}]*\}\}/g,
      (_, slug: string) => JSON.stringify(roleOf(slug)),
    ),
  )

const rules = rulesOf([
  site('marketing', { awsSecret: TOKEN }),
  site('sales', { awsSecret: arnOf('sales/token') }),
  site('far', { awsSecret: 'far/token', region: 'us-east-1' }),
  site('partner', { awsSecret: arnOf(TOKEN) }),
])
const patterns = rules.map(patternOf)

const byRole = (arn: string) => ({ type: 'AssumedRole', sessionContext: { sessionIssuer: { arn } } })

const read = (secretId: string, userIdentity: object, eventName = 'GetSecretValue') => ({
  source: 'aws.secretsmanager',
  'detail-type': 'AWS API Call via CloudTrail',
  detail: {
    eventSource: 'secretsmanager.amazonaws.com',
    eventName,
    requestParameters: { secretId },
    userIdentity,
  },
})

describe('a read of a token', () => {
  test.each<readonly [string, object, boolean]>([
    ['by the function that signs in', read(TOKEN, byRole(roleOf('marketing'))), false],
    ['by that function, of the ARN', read(arnOf(TOKEN), byRole(roleOf('marketing'))), false],
    [
      'by that of another site, with which it shares the token',
      read(TOKEN, byRole(roleOf('partner'))),
      false,
    ],
    ['by that of a site which has a token of its own', read(TOKEN, byRole(roleOf('sales'))), true],
    ['by another role', read(TOKEN, byRole('arn:aws:iam::123456789012:role/Report')), true],
    [
      'by a role of that name in another account, of the ARN',
      read(arnOf(TOKEN), byRole(roleOf('marketing').replace('123456789012', '210987654321'))),
      true,
    ],
    ['by a user', read(TOKEN, { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/eve' }), true],
    ['by the account’s root', read(TOKEN, { type: 'Root' }), true],
    ['of a secret that is named by its ARN', read(arnOf('sales/token'), { type: 'Root' }), true],
    ['of one whose name is shorter', read('almanac/market', { type: 'Root' }), false],
    ['in another region, of which this one hears nothing', read('far/token', { type: 'Root' }), false],
    ['that is no read', read(TOKEN, { type: 'Root' }, 'PutSecretValue'), false],
  ])('%s', (_, event, isHeard) =>
    // Once, where it is heard: a secret has one rule, however many sites sign in with it.
    expect(patterns.filter((pattern) => hears(pattern, event))).toHaveLength(isHeard ? 1 : 0),
  )
})

describe('of secrets whose names begin alike', () => {
  const alike = rulesOf([
    site('main', { awsSecret: 'almanac/tableau' }),
    site('sales', { awsSecret: arnOf('almanac/tableau-sales') }),
    site('north', { awsSecret: arnOf('almanac/tableau-sales-north') }),
  ]).map(patternOf)

  test.each<readonly [string, object, number]>([
    ['each is read by its own function', read(arnOf('almanac/tableau-sales'), byRole(roleOf('sales'))), 0],
    ['the longest, too', read(arnOf('almanac/tableau-sales-north'), byRole(roleOf('north'))), 0],
    ['the shortest, too', read('almanac/tableau', byRole(roleOf('main'))), 0],
    ['by its ARN', read(arnOf('almanac/tableau', 'Zy9x8W'), byRole(roleOf('main'))), 0],
    ['the shortest by somebody else is told', read(arnOf('almanac/tableau', 'Zy9x8W'), { type: 'Root' }), 1],
    // By the rule of the shortest, too, which names the secret that was read.
    ['a longer one by somebody else is told', read(arnOf('almanac/tableau-sales'), { type: 'Root' }), 2],
    [
      'another secret is nothing to one whose ARN is known',
      read(arnOf('almanac/tableau-sales-x'), byRole('x')),
      1,
    ],
  ])('%s', (_, event, times) => expect(alike.filter((pattern) => hears(pattern, event))).toHaveLength(times))
})

test('each rule hears of reads at all, and tells the alarms’ topic what to do', () => {
  expect(rules).toHaveLength(2)
  for (const { Properties } of rules) {
    expect(Properties['State']).toBe('ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS')
    const text = JSON.stringify(Properties['Targets'])
    expect(text).toMatch(/"Arn":\{[^}]*Alarms/)
    expect(text).toMatch(/First: .* More: docs\/runbooks\/secret-read\.md/)
  }
})

describe('twenty sites', () => {
  const slugs = Array.from({ length: 20 }, (_, i) => `site${i + 1}`)
  const own = (slug: string): string => `almanac/a-name-that-says-whose-token-it-is/${slug}`
  const twelve = slugs.slice(0, 12)
  const many = rulesOf(
    slugs.map((slug) => site(slug, { awsSecret: twelve.includes(slug) ? own('shared') : own(slug) })),
  ).map(patternOf)

  test('have a rule for each of their tokens', () => {
    expect(many).toHaveLength(9)
    for (const slug of slugs.slice(12)) {
      const event = read(own(slug), byRole(roleOf('site1')))
      expect(many.filter((pattern) => hears(pattern, event))).toHaveLength(1)
    }
  })

  test('have patterns that EventBridge takes, also where twelve share a token', () => {
    const shared = many.find((pattern) => hears(pattern, read(own('shared'), { type: 'Root' })))
    for (const slug of twelve) expect(JSON.stringify(shared)).toContain(roleOf(slug))
    expect(Math.max(...many.map((pattern) => JSON.stringify(pattern).length))).toBeLessThanOrEqual(
      LONGEST_PATTERN,
    )
  })
})
