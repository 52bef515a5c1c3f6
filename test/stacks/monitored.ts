import { Template } from 'aws-cdk-lib/assertions'
import type { Entity } from '../../lib/core/entity.ts'
import { planNamed, synthesize } from './templates.ts'

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
  const synthesis = synthesize({ text, entities, views: [] })
  const template = (name: string): Template =>
    Template.fromJSON({ ...planNamed(synthesis, `Almanac-prod-${name}`) })
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
