import { AlmanacError, type ErrorCode } from '../../core/errors.ts'
import { redacted } from '../../core/redact.ts'
import { networkFailure } from '../../network/failure.ts'

/**
 * What an AWS client threw, as far as it may be told. The error itself carries the request's headers, the signature
 * and the access key, so it is never kept as a cause.
 */
export interface AwsFault {
  /**
   * `answer`: an error was answered. `silence`: the request may have arrived, no answer came back. `tls`, `proxy` (it
   * refused), `credentials`: nothing was sent.
   */
  readonly kind: 'answer' | 'silence' | 'tls' | 'proxy' | 'credentials'
  /** AWS's own name of the error (`AccessDenied`), or the network's (`ECONNRESET`). */
  readonly name: string
  /** What it says, on one line, with nothing token-like in it. */
  readonly words: string
  /** HTTP status, the proxy's own when it refused; undefined when nobody answered. */
  readonly status: number | undefined
  /** How often the client tried. */
  readonly attempts: number
  /** The name under which AWS's support finds the request; undefined when it was not AWS that answered. */
  readonly requestId: string | undefined
}

const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,59}$/
const REQUEST_ID = /^[A-Za-z0-9-]{1,40}$/
const LONGEST_WORDS = 240

interface Metadata {
  readonly httpStatusCode?: unknown
  readonly attempts?: unknown
  readonly requestId?: unknown
}

const metadataOf = (error: object): Metadata =>
  '$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null
    ? error.$metadata
    : {}

const numberIn = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

const textIn = (value: unknown, pattern: RegExp): string | undefined =>
  typeof value === 'string' && pattern.test(value) ? value : undefined

type Told = Pick<AwsFault, 'kind' | 'name' | 'words' | 'status'>

/**
 * An answer that is an error. One without a body (to a HEAD) or not in AWS's form has no name but its status; what the
 * client then says of it may quote the body, and so a secret.
 */
function answered(error: Error, status: number): Told {
  const isNamed = '$fault' in error && NAME.test(error.name) && error.name !== 'Unknown'
  return isNamed
    ? { kind: 'answer', name: error.name, words: redacted(error.message, LONGEST_WORDS), status }
    : { kind: 'answer', name: `HTTP ${status}`, words: 'the answer gives no reason', status }
}

/** Which profile AWS's library looked at; undefined when none is named. */
export function profileNamed(): string | undefined {
  const profile = process.env['AWS_PROFILE']
  return profile ? `AWS_PROFILE is "${redacted(profile, 60)}"` : undefined
}

/** What AWS's library says of credentials that it did not find, and the profile it looked for, which it leaves out. */
function credentialWords({ message }: Error): string {
  const profile = profileNamed()
  return `${redacted(message, LONGEST_WORDS)}${profile === undefined ? '' : ` (${profile})`}`
}

/** What the network's errors mean here; any other is silence. */
const UNANSWERED: Readonly<Partial<Record<ErrorCode, AwsFault['kind']>>> = {
  'tls-failed': 'tls',
  'proxy-refused': 'proxy',
}

/** A failure without an answer: of the network, or before anything was sent. */
function unanswered(error: Error): Told {
  if (/^(Credentials|Token)Provider/.test(error.name)) {
    return { kind: 'credentials', name: error.name, words: credentialWords(error), status: undefined }
  }
  const { code, message, details } = networkFailure(error, '')
  return {
    kind: UNANSWERED[code] ?? 'silence',
    name: textIn(details['network'], NAME) ?? 'NetworkingError',
    words: message.replace(/^: /, ''),
    status: code === 'proxy-refused' ? numberIn(details['status']) : undefined,
  }
}

/** The facts of what an AWS client threw. Our own errors are no faults of AWS: they are thrown again. */
export function faultOf(thrown: unknown): AwsFault {
  if (thrown instanceof AlmanacError) throw thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const metadata = metadataOf(error)
  const status = numberIn(metadata.httpStatusCode)
  return {
    ...(status === undefined ? unanswered(error) : answered(error, status)),
    attempts: numberIn(metadata.attempts) ?? 1,
    requestId: textIn(metadata.requestId, REQUEST_ID),
  }
}

/** A fault as the end of a message: `AccessDenied: Access Denied`. What the network says names its error already. */
export const faultText = ({ kind, name, words }: AwsFault): string =>
  kind === 'answer' || kind === 'credentials' ? `${name}: ${words}` : words

/** A fault for machines. */
export const faultDetails = ({ name, status, requestId }: AwsFault): Record<string, string | number> => ({
  error: name,
  ...(status === undefined ? {} : { status }),
  ...(requestId === undefined ? {} : { requestId }),
})
