import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AlmanacError } from '../../core/errors.ts'
import { type Secret, type SecretReference, secretOf, secretPlace } from '../../core/secret.ts'
import { type AwsFault, faultDetails, faultOf, faultText } from './fault.ts'

/** A reference to a secret in AWS Secrets Manager. */
export type AwsSecretReference = Extract<SecretReference, { readonly awsSecret: string }>

const ALLOW = 'Allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key if that is your own.'

/** AWS's errors by name (AWS Secrets Manager API Reference, GetSecretValue), in words and with what to do. */
const CAUSES: Readonly<Record<string, { readonly why: string; readonly next: string }>> = {
  ResourceNotFoundException: {
    why: 'there is no such secret in this region',
    next: 'Correct the secret’s name, or give its region or its whole ARN.',
  },
  AccessDeniedException: { why: 'reading it is not allowed', next: ALLOW },
  DecryptionFailure: { why: 'its key does not decrypt it', next: ALLOW },
  InvalidRequestException: {
    why: 'it cannot be read now, as one that is marked for deletion',
    next: 'Restore the secret, or name another.',
  },
  CredentialsProviderError: {
    why: 'there are no AWS credentials',
    next: 'Give AWS credentials: a role where this runs, AWS_PROFILE, or "aws sso login".',
  },
}

const missing = (place: string, why: string, next?: string, details = {}): AlmanacError =>
  new AlmanacError('secret-missing', `${place}: ${why}`, { details, ...(next === undefined ? {} : { next }) })

function failure(fault: AwsFault, place: string): AlmanacError {
  const cause = CAUSES[fault.name]
  const why =
    cause === undefined ? `it could not be read (${faultText(fault)})` : `${cause.why} (${fault.name})`
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
 * Reads a secret, or one field of a secret that is JSON. Throws `secret-missing`, which names the place, the region and
 * the cause, and never the value.
 */
export async function readAwsSecret(
  reference: AwsSecretReference,
  client: SecretsManagerClient,
): Promise<Secret> {
  const place = `${secretPlace(reference)} (${await client.config.region()})`
  const get = new GetSecretValueCommand({ SecretId: reference.awsSecret })
  const { SecretString: text } = await client.send(get).catch((thrown: unknown) => {
    throw failure(faultOf(thrown), place)
  })
  if (text === undefined) throw missing(place, 'it holds bytes, not text')
  const value = reference.field === undefined ? text : fieldOf(text, reference.field, place)
  if (value.trim() === '') throw missing(place, 'it is empty')
  return secretOf(value)
}
