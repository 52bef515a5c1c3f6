import type { App } from 'aws-cdk-lib'
import { FIRST_DAY } from '../athena/projection.ts'
import type { SiteConfiguration } from '../config/configuration.ts'
import { bucketName, type Deployment, databaseName } from '../config/deployment.ts'
import type { DerivedView } from '../core/derived.ts'
import type { Entity } from '../core/entity.ts'
import type { Platform } from './bundle.ts'
import { type CatalogProps, CatalogStack } from './catalog.ts'
import { MonitoringStack } from './monitoring.ts'
import { PipelineStack } from './pipeline.ts'
import { StateStack } from './state.ts'
import { ViewsStack } from './views.ts'

/** What is deployed for. */
export interface DeployInput {
  readonly deployments: readonly Deployment[]
  /** The whole registry: a site's stacks are made of those that it has switched on. */
  readonly entities: readonly Entity[]
  readonly views: readonly DerivedView[]
  readonly platform?: Platform
}

const entitiesOf = (site: SiteConfiguration, entities: readonly Entity[]): readonly Entity[] =>
  entities.filter(({ name }) => site.entities.includes(name))

function catalog(
  app: App,
  deployment: Deployment,
  own: Pick<CatalogProps, 'env' | 'tags' | 'keyArn' | 'entities' | 'views'>,
): void {
  const { name, sites } = deployment
  const props: CatalogProps = {
    ...own,
    bucketName: bucketName(deployment),
    database: databaseName(name),
    sites: sites.map(({ slug }) => slug),
    firstDay: FIRST_DAY,
  }
  const tables = new CatalogStack(app, `Almanac-${name}-Catalog`, props)
  new ViewsStack(app, `Almanac-${name}-Views`, tables, props)
}

/** All stacks of all environments, side by side. */
export function deploy(app: App, { deployments, entities, views, platform }: DeployInput): void {
  for (const deployment of deployments) {
    const { name, account, region } = deployment
    const env = { account, region }
    const tags = { application: 'almanac', environment: name }
    const state = new StateStack(app, `Almanac-${name}-State`, { env, tags, deployment })
    const pipelines = deployment.sites.map((site): [string, PipelineStack] => [
      site.slug,
      new PipelineStack(app, `Almanac-${name}-${site.slug}-Pipeline`, {
        env,
        tags,
        deployment,
        site,
        state,
        entities: entitiesOf(site, entities),
        ...(platform === undefined ? {} : { platform }),
      }),
    ])
    catalog(app, deployment, { env, tags, keyArn: state.key.keyArn, entities, views })
    new MonitoringStack(app, `Almanac-${name}-Monitoring`, {
      env,
      tags,
      deployment,
      state,
      pipelines: new Map(pipelines),
    })
  }
}
