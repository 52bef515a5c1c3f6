import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { deploymentsOf } from '../../lib/config/deployment.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import type { DerivedView } from '../../lib/core/derived.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { deploy } from '../../lib/stacks/deploy.ts'

/** The configuration that tests deploy: two environments, three sites, two of them in a network behind a proxy. */
export const FIXTURE = 'test/fixtures/aws/almanac.config.json'

/** A value of a template: text, or what CloudFormation makes one of. */
export type Value = unknown

/** A resource of a template. */
export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, Value>>
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

/** A template as it is deployed. */
export interface Plan {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs?: Readonly<Record<string, { readonly Value: Value }>>
}

/** Where a stack is deployed. */
export interface Environment {
  readonly account: string
  readonly region: string
}

/** A finding of a check, as the report of a synthesis has it. */
export interface Finding {
  readonly ruleName: string
  readonly severity: string
  readonly description: string
}

/** What a synthesis made. */
export interface Synthesis {
  /** By a stack's name. */
  readonly plans: ReadonlyMap<string, Plan>
  /** By a stack's name: where it is deployed. */
  readonly environments: ReadonlyMap<string, Environment>
  /** The stacks that cannot be deleted before somebody says so. */
  readonly protectedStacks: readonly string[]
  /** Bytes of each template as it is sent, by the stack's name. */
  readonly sizes: ReadonlyMap<string, number>
  /** What the checks found and nobody acknowledged; empty when none ran. */
  readonly findings: readonly Finding[]
}

/** What is synthesized, where it is not the fixture with the whole registry. */
export interface Wish {
  readonly text?: string
  readonly entities?: readonly Entity[]
  readonly views?: readonly DerivedView[]
  /** Whether CDK's own rules and those of cdk-nag look at it, as they do for `npx cdk synth`. */
  readonly isChecked?: boolean
}

interface Artifact {
  readonly type: string
  /** `aws://account/region`. */
  readonly environment?: string
  readonly properties?: { readonly templateFile?: string; readonly terminationProtection?: boolean }
}

const jsonIn = <T>(...path: readonly string[]): T => JSON.parse(readFileSync(join(...path), 'utf8')) as T

function configured(text: string, entities: readonly Entity[]) {
  const names = entities.map(({ name }) => name)
  return parseConfiguration({ path: FIXTURE, text, cwd: process.cwd(), entities: names })
}

function environmentOf({ environment = '' }: Artifact): Environment {
  const [, account = '', region = ''] = /^aws:\/\/(\d+)\/([\w-]+)$/.exec(environment) ?? []
  return { account, region }
}

function templatesIn(folder: string): Omit<Synthesis, 'findings'> {
  const { artifacts } = jsonIn<{ artifacts: Readonly<Record<string, Artifact>> }>(folder, 'manifest.json')
  const stacks = Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack')
  const texts = stacks.map(([name, { properties }]): [string, string] => [
    name,
    readFileSync(join(folder, properties?.templateFile ?? ''), 'utf8'),
  ])
  return {
    plans: new Map(texts.map(([name, text]) => [name, JSON.parse(text) as Plan])),
    sizes: new Map(texts.map(([name, text]) => [name, Buffer.byteLength(text)])),
    protectedStacks: stacks.flatMap(([name, { properties }]) =>
      properties?.terminationProtection === true ? [name] : [],
    ),
    environments: new Map(stacks.map(([name, artifact]) => [name, environmentOf(artifact)])),
  }
}

interface Report {
  readonly pluginReports: readonly { readonly violations: readonly Finding[] }[]
}

/** Synthesizes the stacks that are put into an app, without the functions' code, and leaves nothing behind. */
export function synthesizeApp(build: (app: App) => void, isChecked = false): Synthesis {
  const outdir = mkdtempSync(join(tmpdir(), 'almanac-synth-'))
  try {
    const { context } = jsonIn<{ context: object }>('cdk.json')
    const app = new App({
      outdir,
      context: { ...context, 'aws:cdk:bundling-stacks': [] },
      builtinCloudFormationValidation: isChecked,
    })
    if (isChecked) Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
    build(app)
    app.synth()
    const reports = isChecked ? jsonIn<Report>(outdir, 'validation-report.json').pluginReports : []
    return { ...templatesIn(outdir), findings: reports.flatMap(({ violations }) => violations) }
  } finally {
    rmSync(outdir, { recursive: true, force: true })
  }
}

/** Synthesizes the stacks of a configuration as `npx cdk synth` does, without the functions’ code. */
export function synthesize({
  text = readFileSync(FIXTURE, 'utf8'),
  entities = ENTITIES,
  views = VIEWS,
  isChecked = false,
}: Wish = {}): Synthesis {
  const deployments = deploymentsOf(configured(text, entities))
  return synthesizeApp((app) => deploy(app, { deployments, entities, views }), isChecked)
}

/** The resources of a type, by their logical ids. */
export const ofType = ({ Resources }: Plan, type: string): readonly (readonly [string, Resource])[] =>
  Object.entries(Resources).filter(([, { Type }]) => Type === type)

/** The template of a stack. */
export function planNamed({ plans }: Synthesis, name: string): Plan {
  const plan = plans.get(name)
  if (plan === undefined) throw new Error(`no stack ${name}: there are ${[...plans.keys()].join(', ')}`)
  return plan
}
