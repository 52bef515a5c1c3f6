import { describe, expect, test } from 'vitest'
import { hears } from './event-pattern.ts'
import { planNamed, synthesize } from './templates.ts'

const TOKEN = 'almanac/marketing'
const ROLE = 'arn:aws:iam::123456789012:role/Session-Marketing'

const site = (slug: string, secret: object) => ({
  slug,
  server: 'https://tableau.example.com',
  site: slug,
  signIn: { kind: 'pat', name: slug, secret },
})

const synthesis = synthesize({
  text: JSON.stringify({
    owner: 'BI platform',
    sites: [
      site('marketing', { awsSecret: TOKEN }),
      site('sales', {
        awsSecret: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:sales/token-AbCdEf',
      }),
      site('far', { awsSecret: 'far/token', region: 'us-east-1' }),
    ],
    aws: {
      prod: { account: '123456789012', region: 'eu-central-1', alarms: { emails: ['oncall@example.com'] } },
    },
  }),
})
const { Resources } = planNamed(synthesis, 'Almanac-prod-Monitoring')
const [rule] = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Events::Rule')

/** The pattern with a role's ARN where CloudFormation puts it. */
function patternOf(): Readonly<Record<string, unknown>> {
  const text = JSON.stringify(rule?.Properties['EventPattern'])
  const references = [...text.matchAll(/\{"Fn::GetStackOutput":\{[^}]*"StackName":"([^"]*)"[^}]*\}\}/g)]
  expect(references.map(([, stack]) => stack)).toEqual([
    'Almanac-prod-marketing-Pipeline',
    'Almanac-prod-sales-Pipeline',
    'Almanac-prod-far-Pipeline',
  ])
  return JSON.parse(
    references.reduce(
      (all, [found], i) => all.replace(found, JSON.stringify(i === 0 ? ROLE : `${ROLE}-${i}`)),
      text,
    ),
  )
}

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

const arnOf = (name: string): string =>
  `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-Zy9x8W`

describe('a read of a token', () => {
  const pattern = patternOf()

  test.each<readonly [string, object, boolean]>([
    ['by the function that signs in', read(TOKEN, byRole(ROLE)), false],
    ['by that function, of the ARN', read(arnOf(TOKEN), byRole(ROLE)), false],
    ['by that of another site, with which it may share the token', read(TOKEN, byRole(`${ROLE}-2`)), false],
    ['by another role', read(TOKEN, byRole('arn:aws:iam::123456789012:role/Report')), true],
    [
      'by another role, of the ARN',
      read(arnOf(TOKEN), byRole('arn:aws:iam::1:role/Session-Marketing')),
      true,
    ],
    ['by a user', read(TOKEN, { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/eve' }), true],
    ['by the account’s root', read(TOKEN, { type: 'Root' }), true],
    ['of a secret that is named by its ARN', read(arnOf('sales/token'), { type: 'Root' }), true],
    ['of one whose name is shorter', read('almanac/market', { type: 'Root' }), false],
    ['in another region, of which this one hears nothing', read('far/token', { type: 'Root' }), false],
    ['that is no read', read(TOKEN, { type: 'Root' }, 'PutSecretValue'), false],
  ])('%s', (_, event, isHeard) => expect(hears(pattern, event)).toBe(isHeard))
})

test('the rule hears of reads at all, and tells the alarms’ topic what to do', () => {
  expect(rule?.Properties['State']).toBe('ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS')
  const text = JSON.stringify(rule?.Properties['Targets'])
  expect(text).toMatch(/"Arn":\{[^}]*Alarms/)
  expect(text).toMatch(/First: .* More: docs\/runbooks\/secret-read\.md/)
})
