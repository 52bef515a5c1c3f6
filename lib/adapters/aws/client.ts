import type { S3Client } from '@aws-sdk/client-s3'
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AlmanacError } from '../../core/errors.ts'
import { redacted } from '../../core/redact.ts'
import type { Way } from '../../network/way.ts'
import { connectionsBy } from './connections.ts'

/** How a client reaches AWS. What is left out, AWS's own chain decides: environment, profile, role. */
export interface AwsClientOptions {
  readonly way: Way
  readonly region?: string
  /** Address of the service, as of a store in the house; AWS_ENDPOINT_URL_S3 and its like say it as well. */
  readonly endpoint?: string
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  /** How often a request is sent at most, with growing waits between; 5 unless said otherwise. */
  readonly attempts?: number
}

const ATTEMPTS = 5

function settingsOf({ way, region, endpoint, credentials, attempts = ATTEMPTS }: AwsClientOptions) {
  return {
    requestHandler: connectionsBy(way),
    maxAttempts: attempts,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  }
}

/** The client's version is pinned, so a warning of what its next versions need says nothing to who runs Almanac. */
function silenceVersionWarning(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
}

async function proveRegion(client: S3Client | SecretsManagerClient): Promise<void> {
  try {
    await client.config.region()
  } catch (thrown) {
    client.destroy()
    const why = thrown instanceof Error ? redacted(thrown.message) : 'no region'
    throw new AlmanacError('bad-configuration', `AWS: ${why}`, {
      next: 'Set AWS_REGION (as eu-central-1), or "region" in the AWS profile.',
    })
  }
}

/** Stores in the house seldom have a host name for each bucket, so a given endpoint gets the bucket in the path. */
const isGiven = (endpoint: string | undefined): boolean =>
  [endpoint, process.env['AWS_ENDPOINT_URL_S3'], process.env['AWS_ENDPOINT_URL']].some((url) => url)

/**
 * Opens a client of S3; close it with `destroy`. Loads AWS's SDK, which takes a tenth of a second, so only what is in S3
 * should pay for it. Throws `bad-configuration` when no region is set.
 */
export async function openS3(options: AwsClientOptions): Promise<S3Client> {
  silenceVersionWarning()
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  const client = new Client({
    ...settingsOf(options),
    // Waiting for leave to send a large body costs each one a connection of its own.
    expectContinueHeader: false,
    ...(isGiven(options.endpoint) ? { forcePathStyle: true } : {}),
  })
  await proveRegion(client)
  return client
}

/** Opens a client of AWS Secrets Manager, as `openS3` does of S3. */
export async function openSecretsManager(options: AwsClientOptions): Promise<SecretsManagerClient> {
  silenceVersionWarning()
  const { SecretsManagerClient: Client } = await import('@aws-sdk/client-secrets-manager')
  const client = new Client(settingsOf(options))
  await proveRegion(client)
  return client
}
