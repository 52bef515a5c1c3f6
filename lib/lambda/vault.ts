import { openSecretsManager } from '../adapters/aws/client.ts'
import { awsVault } from '../adapters/aws/vault.ts'
import type { Vault } from '../core/ports.ts'
import { openWay } from '../network/open-way.ts'
import { variable } from './environment.ts'
import type { StepGround } from './step.ts'

/** The vault in which a site's run keeps its session. */
export async function vaultOf({ env }: Pick<StepGround, 'env'>): Promise<Vault> {
  const secret = variable(env, 'sessionSecret')
  const caFile = env['AWS_CA_BUNDLE'] || undefined
  const client = await openSecretsManager({
    way: ({ region, endpoint }) =>
      openWay({
        url: endpoint ?? `https://secretsmanager.${region}.amazonaws.com`,
        proxy: undefined,
        caFile,
        env,
      }),
    purpose: 'the session’s secret',
  })
  return awsVault(secret, client)
}
