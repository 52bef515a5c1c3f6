import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AlmanacError, ERRORS, type ErrorCode } from '../../core/errors.ts'
import { type Secret, type SecretReference, secretOf, secretPlace } from '../../core/secret.ts'
import { type AwsFault, faultDetails, faultOf, faultText } from './fault.ts'

/** A reference to a secret in AWS Secrets Manager. */
export type AwsSecretReference = Extract<SecretReference, { readonly awsSecret: string }>

/** What is done with a secret, and what it takes (AWS Secrets Manager User Guide, "Secret encryption and decryption"). */
type Doing = 'reading' | 'writing'

const ALLOW: Readonly<Record<Doing, string>> = {
  reading: 'Allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key if that is your own.',
  writing:
    'Allow secretsmanager:PutSecretValue on it, and kms:GenerateDataKey and kms:Decrypt on its key if that is your own.',
}

/** AWS's errors by name (AWS Secrets Manager API Reference, GetSecretValue and PutSecretValue), in words and with what to do. */
const causes = (doing: Doing): Readonly<Record<string, { readonly why: string; readonly next: string }>> => ({
  ResourceNotFoundException: {
    why: 'there is no such secret in this region',
    next: 'Correct the secret’s name, or give its region or its whole ARN.',
  },
  AccessDeniedException: { why: `${doing} it is not allowed`, next: ALLOW[doing] },
  DecryptionFailure: { why: 'its key does not decrypt it', next: ALLOW[doing] },
  EncryptionFailure: { why: 'its key does not encrypt it', next: ALLOW[doing] },
  InvalidRequestException: {
    why: `${doing} it is not possible now, as with one that is marked for deletion`,
    next: 'Restore the secret, or name another.',
  },
  CredentialsProviderError: {
    why: 'there are no AWS credentials',
    next: 'Give AWS credentials: a role where this runs, AWS_PROFILE, or "aws sso login".',
  },
})

const NETWORK = 'Check the network, the proxy, and AWS_ENDPOINT_URL_SECRETS_MANAGER where that is set.'
const AUTHORITY =
  'Put the certificate authority that signed it into a PEM file and name that in AWS_CA_BUNDLE; checking is never switched off.'
const CUT =
  'The answer was cut or is none of AWS Secrets Manager. If it stays so, look at the proxy between here and AWS.'

/** Too many requests, by AWS's names (AWS SDKs and Tools Reference Guide, "Retry behavior"). */
const THROTTLED =
  /^(Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded|RequestThrottled(Exception)?|SlowDown)$/

/** Why a secret could not be asked for, whatever it holds: the same call may work later, or by another way. */
const NOT_ASKED: readonly {
  readonly isSo: (fault: AwsFault) => boolean
  readonly code: ErrorCode
  readonly next: string
}[] = [
  { isSo: ({ kind }) => kind === 'tls', code: 'tls-failed', next: AUTHORITY },
  { isSo: ({ kind }) => kind === 'silence', code: 'unreachable', next: NETWORK },
  {
    isSo: ({ kind }) => kind === 'proxy',
    code: 'proxy-refused',
    next: ERRORS['proxy-refused'].next,
  },
  {
    isSo: ({ name, status }) => status === 429 || THROTTLED.test(name),
    code: 'rate-limited',
    next: 'AWS Secrets Manager asked to slow down: run the command again later.',
  },
  {
    isSo: ({ status = 0 }) => status >= 500,
    code: 'server-error',
    next: 'AWS Secrets Manager kept failing: run the command again later.',
  },
  {
    isSo: ({ status }) => status !== undefined && status < 300,
    code: 'malformed-response',
    next: CUT,
  },
]

const missing = (place: string, why: string, next?: string, details = {}): AlmanacError =>
  new AlmanacError('secret-missing', `${place}: ${why}`, { details, ...(next === undefined ? {} : { next }) })

/** A fault of AWS Secrets Manager at a place as our error; see `readAwsSecret` for which. */
export function secretFailure(fault: AwsFault, place: string, doing: Doing): AlmanacError {
  const notAsked = NOT_ASKED.find(({ isSo }) => isSo(fault))
  if (notAsked !== undefined) {
    const { code, next } = notAsked
    return new AlmanacError(code, `${place}: ${faultText(fault)}`, { details: faultDetails(fault), next })
  }
  const cause = causes(doing)[fault.name]
  const why =
    cause === undefined
      ? `${doing === 'reading' ? 'it could not be read' : 'it could not be written'} (${faultText(fault)})`
      : `${cause.why} (${fault.kind === 'credentials' ? faultText(fault) : fault.name})`
  return missing(place, why, cause?.next, faultDetails(fault))
}

/** An object that JSON text holds; undefined for anything else. The parser's own error would quote the secret. */
function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function fieldOf(text: string, field: string, place: string): string {
  const object = objectIn(text)
  if (object === undefined) throw missing(place, 'the secret is no JSON object, so it has no fields')
  const value = Object.hasOwn(object, field) ? object[field] : undefined
  if (value === undefined) throw missing(place, 'the secret has no such field')
  if (typeof value !== 'string') throw missing(place, 'the field is not text')
  return value
}

/**
 * Reads a secret, or one field of a secret that is JSON. Every error names the place, the region and the cause, and never
 * the value: `secret-missing` when AWS says that it is not there or not ours to read, or it holds something else; when it
 * did not say so, `unreachable`, `rate-limited`, `server-error`, `malformed-response`, `tls-failed` or `proxy-refused`.
 */
export async function readAwsSecret(
  reference: AwsSecretReference,
  client: SecretsManagerClient,
): Promise<Secret> {
  const place = secretPlace({ ...reference, region: await client.config.region() })
  const get = new GetSecretValueCommand({ SecretId: reference.awsSecret })
  const { SecretString: text, SecretBinary: bytes } = await client.send(get).catch((thrown: unknown) => {
    throw secretFailure(faultOf(thrown), place, 'reading')
  })
  if (bytes !== undefined) throw missing(place, 'it holds bytes, not text')
  if (text === undefined)
    throw new AlmanacError('malformed-response', `${place}: the answer holds no secret`, { next: CUT })
  const value = reference.field === undefined ? text : fieldOf(text, reference.field, place)
  if (value.trim() === '') throw missing(place, 'it is empty')
  return secretOf(value)
}
