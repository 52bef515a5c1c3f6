import type { S3Client } from '@aws-sdk/client-s3'
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AlmanacError } from '../../core/errors.ts'
import { hideFromNowOn, redacted } from '../../core/redact.ts'
import type { Way } from '../../network/way.ts'
import { connectionsBy } from './connections.ts'
import { profileNamed } from './fault.ts'

/** Where a client is, as the options say, else AWS's own chain: environment, profile, role. */
export interface AwsPlace {
  readonly region: string
  /** Address of the service, where AWS's own is not meant. */
  readonly endpoint: string | undefined
}

/** How a client reaches AWS. What is left out, AWS's own chain decides: environment, profile, role. */
export interface AwsClientOptions {
  /** A function when it depends on where the client is, as what NO_PROXY names does. */
  readonly way: Way | ((at: AwsPlace) => Promise<Way>)
  readonly region?: string
  /** Address of the service, as of a store in the house; AWS_ENDPOINT_URL_S3 and its like say it as well. */
  readonly endpoint?: string
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  /** What the client is for, as messages say it. */
  readonly purpose?: string
  /** How often a request is sent at most, with growing waits between; 5 unless said otherwise. */
  readonly attempts?: number
  /** How long each step of a connection may take, in milliseconds; 10 seconds unless said otherwise. */
  readonly connectMs?: number
}

const ATTEMPTS = 5

/** What a client is told of where it is: nothing of what AWS's own chain is to decide. */
const givenPlace = ({ region, endpoint }: AwsClientOptions) => ({
  ...(region === undefined ? {} : { region }),
  ...(endpoint === undefined ? {} : { endpoint }),
})

async function settingsFor(at: AwsPlace, options: AwsClientOptions) {
  const { way, credentials, attempts = ATTEMPTS, connectMs } = options
  return {
    ...givenPlace(options),
    requestHandler: connectionsBy(typeof way === 'function' ? await way(at) : way, connectMs),
    maxAttempts: attempts,
    ...(credentials === undefined ? {} : { credentials }),
  }
}

/** The client's version is pinned, so a warning of what its next versions need says nothing to who runs Almanac. */
function silenceVersionWarning(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
}

type Client = S3Client | SecretsManagerClient

async function regionOf({ config }: Client, purpose: string): Promise<string> {
  try {
    return await config.region()
  } catch (thrown) {
    const why = thrown instanceof Error ? redacted(thrown.message) : 'no region'
    const about = [`AWS: ${why}`, profileNamed()].filter((part) => part !== undefined).join('; ')
    throw new AlmanacError('bad-configuration', `${purpose}: ${about}`, {
      next: 'Set AWS_REGION (as eu-central-1), or "region" in the AWS profile.',
    })
  }
}

/** Where a client would be, which it is asked before it has a way: the one who knows is the client. Ends the client. */
async function placeOf(client: Client, { endpoint }: AwsClientOptions, purpose: string): Promise<AwsPlace> {
  try {
    const region = await regionOf(client, purpose)
    return {
      region,
      endpoint: (endpoint ?? (await client.config.serviceConfiguredEndpoint?.())) || undefined,
    }
  } finally {
    client.destroy()
  }
}

/**
 * Keeps the credentials from showing that a client signs with, each time that it is given others: what stands between here
 * and AWS may repeat them, and AWS's own chain finds them without telling us.
 */
function hiding<C extends Client>(client: C): C {
  const provide = client.config.credentials
  client.config.credentials = async (options) => {
    const given = await provide(options)
    hideFromNowOn(given.secretAccessKey)
    if (given.sessionToken !== undefined) hideFromNowOn(given.sessionToken)
    return given
  }
  return client
}

/**
 * Opens a client of S3; close it with `destroy`. Loads AWS's SDK, which takes a tenth of a second, so only what is in S3
 * should pay for it. Throws `bad-configuration` when no region is set.
 */
export async function openS3(options: AwsClientOptions): Promise<S3Client> {
  silenceVersionWarning()
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  const at = await placeOf(new Client(givenPlace(options)), options, options.purpose ?? 'the warehouse in S3')
  const client = new Client({
    ...(await settingsFor(at, options)),
    // Waiting for leave to send a large body costs each one a connection of its own.
    expectContinueHeader: false,
    // Stores in the house seldom have a host name for each bucket.
    ...(at.endpoint === undefined ? {} : { forcePathStyle: true }),
  })
  return hiding(client)
}

/** Opens a client of AWS Secrets Manager, as `openS3` does of S3. */
export async function openSecretsManager(options: AwsClientOptions): Promise<SecretsManagerClient> {
  silenceVersionWarning()
  const { SecretsManagerClient: Client } = await import('@aws-sdk/client-secrets-manager')
  const at = await placeOf(new Client(givenPlace(options)), options, options.purpose ?? 'AWS Secrets Manager')
  return hiding(new Client(await settingsFor(at, options)))
}
