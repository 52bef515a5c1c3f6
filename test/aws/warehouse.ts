import type { S3Client } from '@aws-sdk/client-s3'
import { openS3 } from '../../lib/adapters/aws/client.ts'
import { s3Store } from '../../lib/adapters/aws/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { DIRECT } from '../../lib/network/way.ts'
import type { S3Server } from './s3-server.ts'

/** Credentials that must be found nowhere but in AWS's own headers; no word of AWS's stands in them, which would be hidden. */
export const CANARY = {
  accessKeyId: 'AKIACANARYACCESSKEY1',
  secretAccessKey: 'canary/Xq7wJal+rUtnF3MIK7MDbPxRfiC9Yz0kE2',
  sessionToken: 'canary7Qm2xLr9Vt4Kd8Zp0Ws5Hb1Gy3==',
}

/** The region that clients of tests sign for. */
export const REGION = 'eu-central-1'

/** A client of a server, with the settings that Almanac gives its clients, but less patient. */
export const clientOf = ({ url }: Pick<S3Server, 'url'>, attempts = 3): Promise<S3Client> =>
  openS3({ way: DIRECT, region: REGION, endpoint: url, credentials: CANARY, attempts })

/** The warehouse below a prefix of the server's bucket. */
export const warehouseIn = (
  { bucket }: Pick<S3Server, 'bucket'>,
  client: S3Client,
  prefix: string,
): ObjectStore => s3Store({ bucket, prefix, client })
