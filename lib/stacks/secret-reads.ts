import { CfnRule } from 'aws-cdk-lib/aws-events'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import type { SiteConfiguration } from '../config/configuration.ts'
import type { Deployment } from '../config/deployment.ts'
import type { HouseFunction } from './house-function.ts'
import type { PipelineStack } from './pipeline.ts'
import { signInSecrets } from './rights.ts'
import type { StateStack } from './state.ts'

/** The name of this message’s page in `docs/runbooks`. */
export const SECRET_READ = 'secret-read'

/** The name of a secret that may be named by its ARN. */
const nameOf = (awsSecret: string): string =>
  awsSecret.startsWith('arn:') ? awsSecret.replace(/^.*:secret:|-\w{6}$/g, '') : awsSecret

/** A secret with which sites sign in. */
interface Token {
  readonly name: string
  /** Where a site names it so. */
  readonly arn: string | undefined
  /** The roles that sign in with it, one for each site that does. */
  readonly roles: readonly string[]
}

/** The names under which CloudTrail may know a secret: as it was asked for, by name or by ARN. */
const asAsked = ({ name, arn }: Token): readonly (string | { readonly wildcard: string })[] => [
  name,
  arn ?? { wildcard: `arn:*:secret:${name}-*` },
]

/** The secrets in a region with which a site signs in, as it names them, its proxy’s password apart. */
const secretsOf = (site: SiteConfiguration, region: string): readonly string[] =>
  signInSecrets({ ...site, proxy: undefined }).flatMap((reference) =>
    'awsSecret' in reference && (reference.region ?? region) === region ? [reference.awsSecret] : [],
  )

/** The secrets in a region with which these sites sign in, each once. */
function tokensOf(pipelines: readonly PipelineStack[], region: string): readonly Token[] {
  const tokens = new Map<string, Token>()
  for (const { site, functions } of pipelines)
    for (const secret of secretsOf(site, region)) {
      const name = nameOf(secret)
      const { arn, roles = [] } = tokens.get(name) ?? {}
      const own = secret === name ? arn : secret
      tokens.set(name, { name, arn: own, roles: [...roles, ...roleOf(functions.session)] })
    }
  return [...tokens.values()]
}

/**
 * The roles of which no read of a token is told. The six characters that AWS adds to a name cannot be told from the rest of
 * a longer one: where a token is known by its name alone, reads of those whose ARNs begin with it look like its own.
 */
const knownReaders = (token: Token, all: readonly Token[]): readonly string[] => {
  const alike = all.filter(({ name, arn }) => arn !== undefined && name.startsWith(`${token.name}-`))
  return [token, ...(token.arn === undefined ? alike : [])].flatMap(({ roles }) => roles)
}

const roleOf = ({ fn }: HouseFunction): readonly string[] => (fn.role === undefined ? [] : [fn.role.roleArn])

/** Anybody but the functions `session` that sign in with it. A field that is not there is nobody’s name, and so another’s. */
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
  const role = new Role(scope, 'Teller', {
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

/** What a rule listens to: reads of this secret by anybody but these roles. */
const patternOf = (token: Token, roles: readonly string[]): object => ({
  source: ['aws.secretsmanager'],
  'detail-type': ['AWS API Call via CloudTrail'],
  detail: {
    eventSource: ['secretsmanager.amazonaws.com'],
    eventName: ['GetSecretValue'],
    requestParameters: { secretId: asAsked(token) },
    $or: byAnother(roles),
  },
})

/**
 * Tells when anybody but the functions that sign in asks for a secret with which they do, also in vain. CloudTrail says so,
 * some minutes later, where the account keeps a trail of management events. A rule for each secret, since EventBridge takes
 * 2,048 characters of a pattern: they are enough for the roles of a dozen sites that share one.
 */
export function tellOfReads(
  scope: Construct,
  { name, region }: Deployment,
  told: Told,
  pipelines: readonly PipelineStack[],
): void {
  const home = new Construct(scope, 'SecretReads')
  const { roleArn } = teller(home, told, region)
  const tokens = tokensOf(pipelines, region)
  for (const token of tokens)
    new CfnRule(home, token.name, {
      description: `Reads of a token of Almanac (${name}) by anybody but its functions`,
      // A rule that is only enabled hears of calls that change something.
      state: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
      eventPattern: patternOf(token, knownReaders(token, tokens)),
      targets: [
        {
          id: 'Alarms',
          arn: told.topic.topicArn,
          roleArn,
          inputTransformer: {
            inputPathsMap: {
              secret: '$.detail.requestParameters.secretId',
              reader: '$.detail.userIdentity.arn',
              address: '$.detail.sourceIPAddress',
            },
            inputTemplate: JSON.stringify(said(name)),
          },
        },
      ],
    })
}
