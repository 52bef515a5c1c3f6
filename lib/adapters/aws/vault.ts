import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { Vault } from '../../core/ports.ts'
import { secretPlace } from '../../core/secret.ts'
import { faultOf } from './fault.ts'
import { secretFailure } from './secrets.ts'

/** A secret that was made and never written has no value, and AWS says of it what it says of one that is not there. */
const NO_VALUE = 'ResourceNotFoundException'

/**
 * A vault that is one secret of AWS Secrets Manager, by name or ARN. Reading one that is not there finds nothing kept;
 * writing it throws `secret-missing`. Throws what `readAwsSecret` throws otherwise; no error holds a text.
 */
export function awsVault(secret: string, client: SecretsManagerClient): Vault {
  const place = async () => secretPlace({ awsSecret: secret, region: await client.config.region() })
  return {
    read: async () => {
      try {
        return (await client.send(new GetSecretValueCommand({ SecretId: secret }))).SecretString
      } catch (thrown) {
        const fault = faultOf(thrown)
        if (fault.name === NO_VALUE) return undefined
        throw secretFailure(fault, await place(), 'reading')
      }
    },
    write: async (text) => {
      try {
        await client.send(new PutSecretValueCommand({ SecretId: secret, SecretString: text }))
      } catch (thrown) {
        throw secretFailure(faultOf(thrown), await place(), 'writing')
      }
    },
  }
}
