import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { ObjectInfo } from '../../core/ports.ts'
import { unlessAbsent } from './failure.ts'
import type { AwsFault } from './fault.ts'
import { etagIn, type S3Object } from './object.ts'

/** An object's state, and the name of the attempt that wrote it; undefined when something else did. */
export interface S3State extends ObjectInfo {
  readonly attempt: string | undefined
}

/** The metadata of an object that names the attempt that wrote it. */
export const ATTEMPT = 'attempt'

/** An answer to a HEAD has no body to say more in. */
const isNotFound = ({ status }: AwsFault): boolean => status === 404

/** An object's state without its bytes; undefined for a 404, which may also mean that there is no such bucket. */
export async function stateOf(at: S3Object): Promise<S3State | undefined> {
  const head = new HeadObjectCommand(at.address)
  const answer = await unlessAbsent(at.url, isNotFound, () => at.client.send(head))
  if (answer === undefined) return undefined
  const { ETag, ContentLength = 0, Metadata = {} } = answer
  return { key: at.key, etag: etagIn(ETag, at.url), size: ContentLength, attempt: Metadata[ATTEMPT] }
}
