import { readFileSync } from 'node:fs'
import { App, type Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { deploymentsOf } from '../../lib/config/deployment.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { deploy } from '../../lib/stacks/deploy.ts'

/** An alarm of a template, as far as tests look at it. */
export interface AlarmProperties {
  readonly AlarmName: string
  readonly AlarmDescription: string
  readonly AlarmActions?: readonly unknown[]
  readonly TreatMissingData: string
  readonly Threshold: number
  readonly EvaluationPeriods: number
  readonly DatapointsToAlarm: number
  readonly WarmUpConfiguration?: unknown
  readonly Metrics: readonly {
    readonly Id: string
    readonly Expression?: string
    readonly Period?: number
    readonly MetricStat?: {
      readonly Metric: {
        readonly Namespace: string
        readonly MetricName: string
        readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[]
      }
      readonly Period: number
      readonly Stat: string
    }
  }[]
}

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'))

const site = (slug: string) => ({
  slug,
  server: 'https://tableau.example.com',
  site: slug,
  signIn: { kind: 'pat', name: slug, secret: { awsSecret: `almanac/${slug}` } },
})

/** The stacks of the environment `prod`, with these sites and all of these entities. */
export function deployed(slugs: readonly string[], entities: readonly Entity[], alarms: object = {}) {
  const names = entities.map(({ name }) => name)
  const prod = {
    account: '123456789012',
    region: 'eu-central-1',
    alarms: { emails: ['oncall@example.com'], ...alarms },
  }
  const text = JSON.stringify({
    owner: 'BI platform',
    entities: Object.fromEntries(names.map((name) => [name, true])),
    sites: slugs.map(site),
    aws: { prod },
  })
  const configuration = parseConfiguration({
    path: 'almanac.config.json',
    text,
    cwd: '/work',
    entities: names,
  })
  const app = new App({ context })
  deploy(app, { deployments: deploymentsOf(configuration), entities, views: [] })
  const template = (name: string): Template =>
    Template.fromStack(app.node.findChild(`Almanac-prod-${name}`) as Stack)
  return { monitoring: template('Monitoring'), template }
}

/** The alarms of a template, by name. */
export const alarmsIn = (template: Template): ReadonlyMap<string, AlarmProperties> =>
  new Map(
    Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => [
      Properties.AlarmName,
      Properties,
    ]),
  )

/** The shell commands of a page, whatever they are indented by. */
export const shellOf = (page: string): string =>
  [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, lines]) => lines).join('\n')
