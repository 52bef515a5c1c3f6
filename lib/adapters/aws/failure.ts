import { AlmanacError } from '../../core/errors.ts'
import { nextFor } from './causes.ts'
import { type AwsFault, faultDetails, faultOf, faultText } from './fault.ts'

/**
 * A fault of S3 at a place (`s3://bucket/key`) as our error: `proxy-refused` when it was the proxy's, else
 * `store-failed`. `doing` says at what, when it was not the request itself.
 */
export function s3Failure(fault: AwsFault, place: string, doing = ''): AlmanacError {
  const next = nextFor(fault)
  const code = fault.kind === 'proxy' ? 'proxy-refused' : 'store-failed'
  return new AlmanacError(code, `${place}: ${doing}${faultText(fault)}`, {
    details: { place, ...faultDetails(fault) },
    ...(next === undefined ? {} : { next }),
  })
}

/** Asks S3 for something; what goes wrong becomes an error of ours, naming the place. */
export async function onS3<T>(place: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (thrown) {
    throw s3Failure(faultOf(thrown), place)
  }
}

/** Asks S3 for something that may not be there: undefined when the fault says so. */
export async function unlessAbsent<T>(
  place: string,
  isAbsent: (fault: AwsFault) => boolean,
  task: () => Promise<T>,
): Promise<T | undefined> {
  return onS3(place, async () => {
    try {
      return await task()
    } catch (thrown) {
      if (isAbsent(faultOf(thrown))) return undefined
      throw thrown
    }
  })
}

/** There is no such object, and S3 says so in words: a missing bucket has another name. */
export const isNoSuchKey = ({ name }: AwsFault): boolean => name === 'NoSuchKey'
