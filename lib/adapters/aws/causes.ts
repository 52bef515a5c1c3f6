import type { AwsFault } from './fault.ts'

const CREDENTIALS =
  'Give AWS credentials: a role where this runs, AWS_PROFILE, "aws sso login", or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'
const EXPIRED = 'If the AWS credentials have expired, sign in again ("aws sso login") or renew them.'
const KEYS = 'The AWS keys are not those of an account that exists: correct the access key and its secret.'
const REGION = 'Set AWS_REGION to the region that the bucket is in.'
const PERMISSION =
  'Allow s3:GetObject, s3:PutObject, s3:DeleteObject on the warehouse’s objects and s3:ListBucket on the bucket (and the use of its KMS key, if it has one).'
const BUSY = 'S3 kept failing or asked to slow down: run the command again later.'
const AUTHORITY =
  'Put the certificate authority that signed it into a PEM file and name that in AWS_CA_BUNDLE; checking is never switched off.'
const KMS_KEY =
  'The bucket’s KMS key cannot be used: enable it, or cancel its deletion. Without it nothing in the bucket can be read.'
const NETWORK = 'Check the network, the proxy, and AWS_ENDPOINT_URL_S3 where that is set.'

/** What to do about AWS's errors, by name (Amazon S3 API Reference, "Error responses"; AWS SDK for its own). */
const BY_NAME: Readonly<Record<string, string>> = {
  NoSuchBucket: 'Create the bucket, or correct its name in the warehouse’s address.',
  AccessDenied: PERMISSION,
  AllAccessDisabled: PERMISSION,
  PermanentRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  IllegalLocationConstraintException: REGION,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  InvalidToken: EXPIRED,
  TokenProviderError: EXPIRED,
  CredentialsProviderError: CREDENTIALS,
  InvalidAccessKeyId: KEYS,
  SignatureDoesNotMatch: KEYS,
  UnrecognizedClientException: KEYS,
  RequestTimeTooSkewed: 'Set the clock of this machine: AWS refuses requests that are 15 minutes off.',
  'KMS.DisabledException': KMS_KEY,
  'KMS.KMSInvalidStateException': KMS_KEY,
  'KMS.NotFoundException': KMS_KEY,
  InvalidObjectState:
    'The object is in an archive class: restore it in S3 first, then run the command again.',
  ConditionalRequestConflict: 'Something else kept writing the same object: run the command again.',
  NotImplemented:
    'The store does not know conditional writes, without which no warehouse is safe there: use S3 itself or a store that does.',
}

/** For answers without a name, as those to a HEAD are. */
const BY_STATUS: Readonly<Record<number, string>> = {
  301: REGION,
  400: `${REGION} ${EXPIRED}`,
  403: PERMISSION,
}

/** What to do about a fault of S3; undefined where its code says it already. */
export function nextFor({ kind, name, status = 0 }: AwsFault): string | undefined {
  if (kind === 'tls') return AUTHORITY
  if (kind === 'silence') return NETWORK
  if (kind === 'proxy') return undefined
  return BY_NAME[name] ?? (status >= 500 ? BUSY : BY_STATUS[status])
}
