import { readFile } from 'node:fs/promises'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { deploymentsOf } from '../lib/config/deployment.ts'
import { parseConfiguration } from '../lib/config/parse.ts'
import { AlmanacError, saidBy } from '../lib/core/errors.ts'
import { ENTITIES, VIEWS } from '../lib/entities/index.ts'
import { DEPLOYED, type Platform } from '../lib/stacks/bundle.ts'
import { deploy } from '../lib/stacks/deploy.ts'

const FILE = 'almanac.config.json'

/** Whose processor functions are bundled for: Lambda's, unless somebody only wants to see whether it works. */
function platformOf(app: App): Platform {
  const named: unknown = app.node.tryGetContext('platform') ?? DEPLOYED
  if (named === 'linux-arm64' || named === 'linux-x64') return named
  throw new AlmanacError('usage', `platform is ${JSON.stringify(named)}, and takes linux-arm64 or linux-x64`)
}

/** What `npx cdk synth` and `npx cdk deploy` make: the stacks of every environment that the configuration has. */
async function main(): Promise<void> {
  const app = new App()
  const path = String(app.node.tryGetContext('config') ?? process.env['ALMANAC_CONFIG'] ?? FILE)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AlmanacError('bad-configuration', `the configuration ${path} cannot be read`, {
      cause,
      next: 'Run "almanac init" to write one, or name another: npx cdk synth -c config=FILE.',
    })
  })
  const entities = ENTITIES.map(({ name }) => name)
  const deployments = deploymentsOf(parseConfiguration({ path, text, entities, cwd: process.cwd() }))
  if (deployments.length === 0)
    throw new AlmanacError('bad-configuration', `${path}: aws: no environment is configured`, {
      next: 'Add one under "aws": docs/configuration.md shows how.',
    })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  deploy(app, { deployments, entities: ENTITIES, views: VIEWS, platform: platformOf(app) })
  app.synth()
}

main().catch((thrown: unknown) => {
  const next = thrown instanceof AlmanacError ? `\nnext: ${thrown.next}` : ''
  process.stderr.write(`${saidBy(thrown)}${next}\n`)
  process.exitCode = 1
})
