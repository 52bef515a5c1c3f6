import { ArnFormat, type Stack } from 'aws-cdk-lib'
import type { SiteConfiguration } from '../config/configuration.ts'
import { bucketName, type Deployment, machineName } from '../config/deployment.ts'
import type { Entity } from '../core/entity.ts'
import { type Area, ENTITY_AREAS } from '../core/keys.ts'
import type { SecretReference } from '../core/secret.ts'
import type { HouseFunction } from './house-function.ts'
import type { StateStack } from './state.ts'

/** What rights are about. */
export interface Grounds {
  readonly stack: Stack
  readonly state: StateStack
  readonly deployment: Deployment
  readonly site: SiteConfiguration
  readonly machineArn: string
}

/** The objects of an area: of one entity or all, of this site alone. */
const below = ({ site }: Grounds, area: Area, entity = '*'): string =>
  area === 'runs' ? `runs/site=${site.slug}/*` : `${area}/entity=${entity}/site=${site.slug}/*`

/** The receipts of an area, which hold counts and hashes; its rows are Parquet. */
const receipts = (grounds: Grounds, area: Area, entity?: string): string =>
  `${below(grounds, area, entity)}.json`

const bucketArn = ({ stack, deployment }: Grounds): string =>
  `arn:${stack.partition}:s3:::${bucketName(deployment)}`

const objects = (grounds: Grounds, paths: readonly string[]): readonly string[] =>
  paths.map((path) => `${bucketArn(grounds)}/${path}`)

function mayRead(fn: HouseFunction, grounds: Grounds, paths: readonly string[]): void {
  fn.allow(['s3:GetObject'], objects(grounds, paths))
  fn.allow(['kms:Decrypt'], [grounds.state.key.keyArn])
}

/** Writes are conditional, and AWS lets only those write so who may read. */
function mayWrite(fn: HouseFunction, grounds: Grounds, paths: readonly string[]): void {
  fn.allow(['s3:PutObject'], objects(grounds, paths))
  fn.allow(['kms:GenerateDataKey', 'kms:Decrypt'], [grounds.state.key.keyArn])
}

/** Without the right to list, an object that is not there looks forbidden. */
const mayList = (fn: HouseFunction, grounds: Grounds): void =>
  fn.allow(['s3:ListBucket'], [bucketArn(grounds)])

/** The ARN of a secret by its name; an ARN as it is. AWS adds six characters to a name. */
export function secretArn(stack: Stack, reference: SecretReference): string {
  if (!('awsSecret' in reference)) throw new Error('a deployed site’s secrets are in AWS Secrets Manager')
  const { awsSecret, region } = reference
  if (awsSecret.startsWith('arn:')) return awsSecret
  return stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${awsSecret}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    ...(region === undefined ? {} : { region }),
  })
}

/** What a sign-in of this site needs: its token, key or password, and the proxy's password. */
export function signInSecrets({ signIn, proxy }: SiteConfiguration): readonly SecretReference[] {
  const own =
    signIn.kind === 'uat' ? signIn.privateKey : signIn.kind === 'password' ? signIn.password : signIn.secret
  return [own, ...proxySecrets({ proxy })]
}

const proxySecrets = ({ proxy }: Pick<SiteConfiguration, 'proxy'>): readonly SecretReference[] =>
  typeof proxy === 'object' && proxy.password !== undefined ? [proxy.password] : []

function maySecrets(fn: HouseFunction, { stack }: Grounds, references: readonly SecretReference[]): void {
  if (references.length === 0) return
  fn.allow(
    ['secretsmanager:GetSecretValue'],
    references.map((reference) => secretArn(stack, reference)),
  )
}

/** An extractor: its own landing, for events what was observed before, the session; no token, and nothing of any other entity. */
export function allowExtract(fn: HouseFunction, grounds: Grounds, entity: Entity, session: string): void {
  const landing = below(grounds, 'landing', entity.name)
  mayList(fn, grounds)
  mayRead(fn, grounds, [
    landing,
    ...(entity.event === undefined ? [] : [receipts(grounds, 'observation', entity.name)]),
  ])
  mayWrite(fn, grounds, [landing])
  fn.allow(['secretsmanager:GetSecretValue'], [session])
  maySecrets(fn, grounds, proxySecrets(grounds.site))
}

/** The session: the token, the lease, which site a slug means, and whether an execution that holds the lease still runs. */
export function allowSession(fn: HouseFunction, grounds: Grounds, session: string): void {
  const { stack, site, deployment } = grounds
  const own = [`lease/*`, `site/${site.slug}.json`]
  mayList(fn, grounds)
  mayRead(fn, grounds, own)
  mayWrite(fn, grounds, own)
  maySecrets(fn, grounds, signInSecrets(site))
  fn.allow(['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], [session])
  // Sites that share a token wait for each other's executions.
  fn.allow(['states:DescribeExecution'], [executions(stack, `almanac-${deployment.name}-*`)])
}

/** The executions of these machines. */
const executions = (stack: Stack, resourceName: string): string =>
  stack.formatArn({
    service: 'states',
    resource: 'execution',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })

/** The start: it starts executions of its machine, and asks what became of those that were started before. */
export function allowStart(fn: HouseFunction, { stack, site, deployment, machineArn }: Grounds): void {
  fn.allow(['states:StartExecution'], [machineArn])
  fn.allow(['states:DescribeExecution'], [executions(stack, `${machineName(deployment.name, site.slug)}:*`)])
}

/** What a load reads and makes: everything of its site but sessions, leases and reports; no secret at all. */
export function allowLoad(fn: HouseFunction, grounds: Grounds): void {
  const made = ENTITY_AREAS.filter((area) => area !== 'landing')
  const landing = below(grounds, 'landing')
  mayList(fn, grounds)
  mayRead(fn, grounds, [landing, ...made.map((area) => below(grounds, area))])
  mayWrite(fn, grounds, [outcome(grounds, 'loaded'), ...made.map((area) => below(grounds, area))])
}

/** The kept outcomes of an entity's steps. */
const outcome = ({ site }: Grounds, step: 'extracted' | 'loaded'): string =>
  `landing/entity=*/site=${site.slug}/*/${step}.json`

/** What is told of a run: what its steps kept, which days are there, the report, who was told; the webhooks' addresses. */
export function allowReport(fn: HouseFunction, grounds: Grounds): void {
  const { site } = grounds
  const own = [below(grounds, 'runs'), `notice/${site.slug}.json`]
  mayList(fn, grounds)
  mayRead(fn, grounds, [
    outcome(grounds, 'extracted'),
    outcome(grounds, 'loaded'),
    below(grounds, 'manifest'),
    ...own,
  ])
  mayWrite(fn, grounds, own)
  maySecrets(fn, grounds, [...site.notify.map(({ url }) => url), ...proxySecrets(site)])
}

/** How fresh a site is: which days are committed, when events were read, what waits to be decided. It writes nothing. */
export function allowFreshness(fn: HouseFunction, grounds: Grounds): void {
  mayList(fn, grounds)
  mayRead(fn, grounds, [
    below(grounds, 'manifest'),
    receipts(grounds, 'candidate'),
    receipts(grounds, 'observation'),
  ])
}
