import type { ObjectStore } from '../../core/ports.ts'
import { parseS3Url } from '../../core/s3-place.ts'
import { openWay } from '../../network/open-way.ts'
import { type AwsPlace, openS3 } from './client.ts'
import { s3Store } from './store.ts'

/** The address that the way must lead to: what decides about the proxy. China is a part of AWS with names of its own. */
function addressOf(bucket: string, { region, endpoint }: AwsPlace): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return endpoint ?? `https://${bucket}.s3.${region}.${domain}`
}

/**
 * Opens the warehouse at `s3://bucket/prefix`, with credentials, region and endpoint as AWS's SDK finds them, the proxy
 * of the environment, and the authorities of AWS_CA_BUNDLE, which AWS's own tools take too. Nothing is sent yet, and
 * nothing needs to be closed: its idle connections let the process end. Throws `bad-configuration` for an address that is
 * none, without a region, and for a proxy or CA file that is no good.
 */
export async function openBucket(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ObjectStore> {
  const place = parseS3Url(url)
  const caFile = env['AWS_CA_BUNDLE'] || undefined
  const client = await openS3({
    way: (at) => openWay({ url: addressOf(place.bucket, at), proxy: undefined, caFile, env }),
  })
  return s3Store({ ...place, client })
}
