import { readFileSync } from 'node:fs'
import { App, type Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { deploymentsOf } from '../../lib/config/deployment.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import type { Platform } from '../../lib/stacks/bundle.ts'
import { deploy } from '../../lib/stacks/deploy.ts'
import type { DeployedFunction } from './lambda.ts'

/** What a test deploys for. */
export interface Wish {
  /** The server’s address and the content URL of its site. */
  readonly server: string
  readonly site: string
  readonly patName: string
  /** PEM file of the authorities that the server is trusted by. */
  readonly caFile?: string
  /** The entities that are read. */
  readonly entities: readonly string[]
  /** What the configuration says of the site besides. */
  readonly fields?: object
}

/** A schedule of a template: which function it calls, and with what. */
export interface Scheduled {
  readonly functionName: string
  readonly input: string
}

/** What is deployed of a site. */
export interface Synthesized {
  readonly functions: readonly DeployedFunction[]
  readonly machineArn: string
  readonly definition: object
  readonly nightly: Scheduled
  readonly hourly: Scheduled
  readonly bucket: string
  /** The secret in which a run keeps its session. */
  readonly sessionSecret: string
  /** The name of a function: of an extractor by its entity, of any other by its construct. */
  nameOf(id: string): string
}

/** The machine that tests run on is no Lambda; its own kind of processor is what the engine is bundled for. */
export const PLATFORM: Platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'
const REGION = 'eu-central-1'
const ACCOUNT = '123456789012'
/** The name of the secret that holds the token. */
export const TOKEN_SECRET = 'almanac/token'

type Json = Readonly<Record<string, unknown>>
interface Resource {
  readonly Type: string
  readonly Properties: Json
  readonly Metadata?: { readonly 'aws:asset:path'?: string }
}
/** What a template says, as far as it matters here. */
interface Plan {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>
}

function configuration({ server, site, patName, entities, caFile, fields }: Wish) {
  const signIn = { kind: 'pat', name: patName, secret: { awsSecret: TOKEN_SECRET } }
  return {
    owner: 'BI platform',
    entities: Object.fromEntries(ENTITIES.map(({ name }) => [name, entities.includes(name)])),
    sites: [{ slug: 'demo', server, site, signIn, ...(caFile && { caFile }), ...fields }],
    aws: { test: { account: ACCOUNT, region: REGION, alarms: { emails: ['oncall@example.com'] } } },
  }
}

/** Assets stay where they are, and the template says where that is: functions are run from there. */
const IN_PLACE = { 'aws:cdk:disable-asset-staging': true, 'aws:cdk:enable-asset-metadata': true }

function stacksOf(wish: Wish): (name: string) => Plan {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'))
  const [path, cwd] = ['almanac.config.json', process.cwd()]
  const text = JSON.stringify(configuration(wish))
  const parsed = parseConfiguration({ path, cwd, text, entities: ENTITIES.map(({ name }) => name) })
  const app = new App({
    context: { ...context, ...IN_PLACE },
    treeMetadata: false,
    // Looking the templates over takes most of a synthesis, and is a matter of another test.
    builtinCloudFormationValidation: false,
  })
  deploy(app, { deployments: deploymentsOf(parsed), entities: ENTITIES, views: [], platform: PLATFORM })
  return (name) => Template.fromStack(app.node.findChild(`Almanac-test-${name}`) as Stack).toJSON() as Plan
}

const arnOf = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`

/** What AWS puts in the place of a reference, for the kinds of resources that ours refer to. */
function physical(id: string, { Type, Properties, Metadata }: Resource, isArn: boolean): string {
  switch (Type) {
    case 'AWS::Lambda::LayerVersion':
      // Its folder stands for it.
      return Metadata?.['aws:asset:path'] ?? ''
    case 'AWS::Lambda::Function':
      return isArn ? arnOf('lambda', `function:${id}`) : id
    case 'AWS::SecretsManager::Secret':
      return arnOf('secretsmanager', `secret:${id}`)
    case 'AWS::S3::Bucket':
      return String(Properties['BucketName'])
    default:
      return isArn ? arnOf('none', id) : id
  }
}

interface Reference {
  readonly Ref?: string
  readonly 'Fn::GetAtt'?: readonly [string, string]
  readonly 'Fn::Join'?: readonly [string, readonly unknown[]]
  readonly 'Fn::GetStackOutput'?: { readonly OutputName: string }
}

/** Puts real names in the place of the references of templates. */
function resolverOf(plans: readonly Plan[]): (value: unknown) => unknown {
  const resources = Object.assign({}, ...plans.map(({ Resources }) => Resources))
  const outputs = Object.assign({}, ...plans.map(({ Outputs }) => Outputs))
  const found = (id: string): [string, Resource] => {
    const resource = resources[id]
    if (resource === undefined) throw new Error(`the templates have no resource ${id}`)
    return [id, resource]
  }
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve)
    if (typeof value !== 'object' || value === null) return value
    const { Ref, 'Fn::GetAtt': att, 'Fn::Join': join, 'Fn::GetStackOutput': output } = value as Reference
    if (Ref !== undefined) return Ref === 'AWS::Partition' ? 'aws' : physical(...found(Ref), false)
    if (att !== undefined) return physical(...found(att[0]), att[1] === 'Arn')
    if (join !== undefined) return join[1].map(resolve).join(join[0])
    if (output !== undefined) return resolve(outputs[output.OutputName]?.Value)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each)]))
  }
  return resolve
}

/** Variables that name files of a layer name them where they are here. */
const unpacked = (variables: Readonly<Record<string, string>>, layers: unknown): Record<string, string> =>
  JSON.parse(JSON.stringify(variables).replaceAll('/opt/', `${Array.isArray(layers) ? layers[0] : ''}/`))

/** Synthesizes what is deployed for a site, and puts real names where AWS would. */
export function synthesized(wish: Wish): Synthesized {
  const template = stacksOf(wish)
  const [pipeline, state] = [template('demo-Pipeline'), template('State')]
  const resolve = resolverOf([pipeline, state])
  const of = (type: string): [string, Json][] =>
    Object.entries(pipeline.Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties }]) => [id, resolve(Properties) as Json])
  const functions = of('AWS::Lambda::Function').map(([name, properties]): DeployedFunction => {
    const { Environment, Timeout, MemorySize, Layers } = properties
    return {
      name,
      folder: pipeline.Resources[name]?.Metadata?.['aws:asset:path'] ?? '',
      environment: unpacked((Environment as { Variables: Record<string, string> }).Variables, Layers),
      timeoutMs: Number(Timeout) * 1000,
      memoryMb: Number(MemorySize),
    }
  })
  const scheduled = (id: string): Scheduled => {
    const found = of('AWS::Scheduler::Schedule').find(([name]) => name.startsWith(id))
    if (found === undefined) throw new Error(`the template has no schedule ${id}`)
    const { Arn, Input = '{}' } = found[1]['Target'] as { Arn: string; Input?: string }
    return { functionName: Arn.split(':').at(-1) ?? '', input: Input }
  }
  const [machine] = of('AWS::StepFunctions::StateMachine')
  const { StateMachineName: machineName, DefinitionString: definition } = machine?.[1] ?? {}
  const { ALMANAC_BUCKET: bucket = '', ALMANAC_SESSION_SECRET: session = '' } = Object.assign(
    {},
    ...functions.map(({ environment }) => environment),
  )
  return {
    functions,
    machineArn: arnOf('states', `stateMachine:${machineName}`),
    definition: JSON.parse(String(definition)),
    nightly: scheduled('Nightly'),
    hourly: scheduled('Hourly'),
    bucket,
    sessionSecret: session.split(':').at(-1),
    nameOf: (id) => {
      const found = functions.find(
        ({ name, environment }) => environment['ALMANAC_ENTITY'] === id || name.startsWith(`${id}Function`),
      )
      if (found === undefined) throw new Error(`no function of ${id} is deployed`)
      return found.name
    },
  }
}
