import type { ObjectStore } from '../../core/ports.ts'
import { openWay } from '../../network/open-way.ts'
import { openS3 } from './client.ts'
import { parseS3Url } from './s3-url.ts'
import { s3Store } from './store.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The host that the way must lead to: what decides about the proxy. */
function hostOf(bucket: string, env: Environment): string {
  const endpoint = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL']
  return endpoint || `https://${bucket}.s3.${env['AWS_REGION'] || 'us-east-1'}.amazonaws.com`
}

/**
 * Opens the warehouse at `s3://bucket/prefix`, with credentials, region and endpoint as AWS's SDK finds them, the proxy
 * of the environment, and the authorities of AWS_CA_BUNDLE, which AWS's own tools take too. Nothing is sent yet. Throws
 * `bad-configuration` for an address that is none, without a region, and for a proxy or CA file that is no good.
 */
export async function openBucket(url: string, env: Environment): Promise<ObjectStore> {
  const place = parseS3Url(url)
  const caFile = env['AWS_CA_BUNDLE'] || undefined
  const way = await openWay({ url: hostOf(place.bucket, env), proxy: undefined, caFile, env })
  return s3Store({ ...place, client: await openS3({ way }) })
}
