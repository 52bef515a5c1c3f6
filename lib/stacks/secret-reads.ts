import { CfnRule } from 'aws-cdk-lib/aws-events'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import type { Deployment } from '../config/deployment.ts'
import type { PipelineStack } from './pipeline.ts'
import { signInSecrets } from './rights.ts'
import type { StateStack } from './state.ts'

/** The name of this message’s page in `docs/runbooks`. */
export const SECRET_READ = 'secret-read'

/** The names under which CloudTrail may know a secret: as it was asked for, by name or by ARN. */
function asAsked(awsSecret: string): readonly (string | { readonly wildcard: string })[] {
  const name = awsSecret.startsWith('arn:') ? awsSecret.replace(/^.*:secret:|-\w{6}$/g, '') : awsSecret
  return [name, { wildcard: `arn:*:secret:${name}-*` }]
}

/** The secrets in the environment’s region with which its sites sign in, proxies’ passwords apart: each once. */
function tokensOf({ sites, region }: Deployment): readonly string[] {
  const own = sites.flatMap((site) => signInSecrets({ ...site, proxy: undefined }))
  return [
    ...new Set(
      own.flatMap((reference) =>
        'awsSecret' in reference && (reference.region ?? region) === region ? [reference.awsSecret] : [],
      ),
    ),
  ]
}

/** Who may read them: the function `session` of each site. A field that is not there is nobody’s name, and so another’s. */
const byAnother = (roles: readonly string[]): readonly object[] =>
  [{ 'anything-but': roles }, { exists: false }].map((arn) => ({
    userIdentity: { sessionContext: { sessionIssuer: { arn: [arn] } } },
  }))

/** What is said of such a read; `<…>` is of the event. */
const said = (environment: string): string =>
  [
    `The secret <secret> of Almanac (${environment}) was read by <reader>, which is none of its functions, from <address>.`,
    'First: ask who that was; when nobody knows, revoke the token in Tableau.',
    `More: docs/runbooks/${SECRET_READ}.md`,
  ].join(' ')

/** A role in whose name events are put into the topic. */
function teller(scope: Construct, { topic, key }: Told, region: string): Role {
  const role = new Role(scope, 'SecretReadTeller', {
    assumedBy: new ServicePrincipal('events.amazonaws.com'),
    description: 'Tells of secrets that were read by somebody else',
  })
  role.addToPolicy(new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }))
  role.addToPolicy(
    new PolicyStatement({
      // What SNS asks of the key in the name of whoever publishes.
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `sns.${region}.amazonaws.com` } },
    }),
  )
  return role
}

/** Where it is told. */
type Told = Pick<StateStack, 'topic' | 'key'>

/**
 * Tells when anybody but the functions that sign in asks for a secret with which they do, also in vain. CloudTrail says so,
 * some minutes later, where the account keeps a trail of management events.
 */
export function tellOfReads(
  scope: Construct,
  deployment: Deployment,
  told: Told,
  pipelines: readonly PipelineStack[],
): CfnRule {
  const roles = pipelines.flatMap(({ functions }) => functions.session.fn.role?.roleArn ?? [])
  return new CfnRule(scope, 'SecretReads', {
    description: `Reads of the tokens of Almanac (${deployment.name}) by anybody but its functions`,
    // A rule that is only enabled hears of calls that change something.
    state: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
    eventPattern: {
      source: ['aws.secretsmanager'],
      'detail-type': ['AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['secretsmanager.amazonaws.com'],
        eventName: ['GetSecretValue'],
        requestParameters: { secretId: tokensOf(deployment).flatMap(asAsked) },
        $or: byAnother(roles),
      },
    },
    targets: [
      {
        id: 'Alarms',
        arn: told.topic.topicArn,
        roleArn: teller(scope, told, deployment.region).roleArn,
        inputTransformer: {
          inputPathsMap: {
            secret: '$.detail.requestParameters.secretId',
            reader: '$.detail.userIdentity.arn',
            address: '$.detail.sourceIPAddress',
          },
          inputTemplate: JSON.stringify(said(deployment.name)),
        },
      },
    ],
  })
}
