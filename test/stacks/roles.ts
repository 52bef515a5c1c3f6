import type { Statement } from './iam.ts'
import { type Environment, ofType, type Plan, planNamed, type Resource, type Synthesis } from './templates.ts'

interface Reference {
  readonly Ref?: string
  readonly 'Fn::GetAtt'?: readonly [string, string]
  readonly 'Fn::Join'?: readonly [string, readonly unknown[]]
  readonly 'Fn::GetStackOutput'?: { readonly StackName: string; readonly OutputName: string }
}

const ARNS: Readonly<Record<string, (id: string) => string>> = {
  'AWS::Lambda::Function': (id) => `lambda:REGION:ACCOUNT:function:${id}`,
  'AWS::SecretsManager::Secret': (id) => `secretsmanager:REGION:ACCOUNT:secret:${id}-AbCdEf`,
  'AWS::KMS::Key': (id) => `kms:REGION:ACCOUNT:key/${id}`,
  'AWS::Logs::LogGroup': (id) => `logs:REGION:ACCOUNT:log-group:${id}:*`,
  'AWS::SQS::Queue': (id) => `sqs:REGION:ACCOUNT:${id}`,
  'AWS::SNS::Topic': (id) => `sns:REGION:ACCOUNT:${id}`,
  'AWS::StepFunctions::StateMachine': (id) => `states:REGION:ACCOUNT:stateMachine:${id}`,
}

/** What AWS puts in the place of a reference, for the kinds of resources that policies of ours refer to. */
function physical(id: string, resource: Resource | undefined, { account, region }: Environment): string {
  const { Type = 'nothing', Properties } = resource ?? {}
  if (Type === 'AWS::S3::Bucket') return `arn:aws:s3:::${Properties?.['BucketName'] ?? id}`
  const arn = ARNS[Type]
  if (arn === undefined) throw new Error(`a policy refers to ${id}, which is ${Type}`)
  return `arn:aws:${arn(id)}`.replace('REGION', region).replace('ACCOUNT', account)
}

/** Puts ARNs in the place of the references in a value of a stack's template. */
export function resolved(synthesis: Synthesis, stack: string, value: unknown): unknown {
  const { Resources } = planNamed(synthesis, stack)
  const where = synthesis.environments.get(stack)
  const resolve = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(resolve)
    if (typeof each !== 'object' || each === null || where === undefined) return each
    const { Ref, 'Fn::GetAtt': att, 'Fn::Join': join, 'Fn::GetStackOutput': output } = each as Reference
    const id = Ref ?? att?.[0]
    if (id !== undefined) return physical(id, Resources[id], where)
    if (join !== undefined) return join[1].map(resolve).join(join[0])
    if (output !== undefined) {
      const other = planNamed(synthesis, output.StackName).Outputs?.[output.OutputName]
      return resolved(synthesis, output.StackName, other?.Value)
    }
    return Object.fromEntries(Object.entries(each).map(([name, inside]) => [name, resolve(inside)]))
  }
  return resolve(value)
}

interface Document {
  readonly Statement: readonly Statement[]
}

const statementsIn = (synthesis: Synthesis, stack: string, document: unknown): readonly Statement[] =>
  (resolved(synthesis, stack, document) as Document).Statement

/** What a role of a stack may do. Throws when anything but policies of the stack says something of it. */
function statementsOf(synthesis: Synthesis, stack: string, role: string): readonly Statement[] {
  const plan = planNamed(synthesis, stack)
  const { ManagedPolicyArns, Policies } = plan.Resources[role]?.Properties ?? {}
  if (ManagedPolicyArns !== undefined || Policies !== undefined)
    throw new Error(`${role} has policies that are not looked at`)
  const own = ofType(plan, 'AWS::IAM::Policy').filter(([, { Properties }]) =>
    JSON.stringify(Properties['Roles']).includes(`"${role}"`),
  )
  return own.flatMap(([, { Properties }]) => statementsIn(synthesis, stack, Properties['PolicyDocument']))
}

const idIn = (reference: unknown): string =>
  (reference as { readonly 'Fn::GetAtt': readonly [string] })['Fn::GetAtt'][0]

/** Who is meant by a function: its construct, or its entity for an extractor. */
function nameOf(id: string, { Properties }: Resource): string {
  const { Variables = {} } = (Properties['Environment'] ?? {}) as {
    readonly Variables?: Record<string, unknown>
  }
  const entity = Variables['ALMANAC_ENTITY']
  if (typeof entity === 'string') return `extract ${entity}`
  return (/^([A-Z][a-z]+)Function/.exec(id)?.[1] ?? id).toLowerCase()
}

/** Who works in the pipeline of a site, by name: its functions, `machine`, and what schedules `nightly` and `hourly`. */
export function rolesOf(synthesis: Synthesis, stack: string): ReadonlyMap<string, readonly Statement[]> {
  const plan = planNamed(synthesis, stack)
  const roles: [string, string][] = [
    ...ofType(plan, 'AWS::Lambda::Function').map(([id, resource]): [string, string] => [
      nameOf(id, resource),
      idIn(resource.Properties['Role']),
    ]),
    ...ofType(plan, 'AWS::StepFunctions::StateMachine').map(([, { Properties }]): [string, string] => [
      'machine',
      idIn(Properties['RoleArn']),
    ]),
    ...ofType(plan, 'AWS::Scheduler::Schedule').map(([id, { Properties }]): [string, string] => [
      /^[A-Z][a-z]+/.exec(id)?.[0].toLowerCase() ?? id,
      idIn((Properties['Target'] as { readonly RoleArn: unknown }).RoleArn),
    ]),
  ]
  return new Map(roles.map(([name, role]) => [name, statementsOf(synthesis, stack, role)]))
}

/** The roles of a plan, by logical id. */
export const rolesIn = (plan: Plan): readonly string[] => ofType(plan, 'AWS::IAM::Role').map(([id]) => id)

/** What the policy of a bucket says: that of the warehouse, unless another is named. */
export function bucketPolicy(
  synthesis: Synthesis,
  stack: string,
  bucket = 'Warehouse',
): readonly Statement[] {
  const policies = ofType(planNamed(synthesis, stack), 'AWS::S3::BucketPolicy')
  const [, found] = policies.find(([id]) => id.startsWith(bucket)) ?? []
  return statementsIn(synthesis, stack, found?.Properties['PolicyDocument'])
}
