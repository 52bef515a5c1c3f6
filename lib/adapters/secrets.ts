import { readFile as readFromDisk } from 'node:fs/promises'
import { AlmanacError } from '../core/errors.ts'
import type { Secrets } from '../core/ports.ts'
import { type Secret, type SecretReference, secretOf, secretPlace } from '../core/secret.ts'
import { openWay } from '../network/open-way.ts'
import type { Way } from '../network/way.ts'
import type { AwsPlace } from './aws/client.ts'
import type { AwsSecretReference } from './aws/secrets.ts'

/** Where secrets are read from. */
export interface SecretsOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** A whole file as UTF-8 text. */
  readonly readFile?: (path: string) => Promise<string>
  readonly awsSecret?: (reference: AwsSecretReference) => Promise<Secret>
}

/** Operating systems' errors in words; any other is named by its code. */
const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading it is not allowed',
  EPERM: 'reading it is not allowed',
  EISDIR: 'it is a folder',
}

const missing = (reference: SecretReference, why: string): AlmanacError =>
  new AlmanacError('secret-missing', `${secretPlace(reference)}: ${why}`)

function unlessEmpty(value: string, reference: SecretReference): Secret {
  if (value.trim() === '') throw missing(reference, 'it is empty')
  return secretOf(value)
}

function fromEnvironment(reference: { readonly env: string }, env: SecretsOptions['env']): Secret {
  const value = env[reference.env]
  if (value === undefined) throw missing(reference, 'it is not set')
  return unlessEmpty(value, reference)
}

/** What a decoder of UTF-8 puts in place of bytes that are none. */
const NO_TEXT = '\uFFFD'

/** A file's text without the newline that editors end it with. */
async function fromFile(
  reference: { readonly file: string },
  readFile: (path: string) => Promise<string>,
): Promise<Secret> {
  const text = await readFile(reference.file).catch((thrown: unknown) => {
    if (!(thrown instanceof Error) || !('code' in thrown)) throw thrown
    const code = String(thrown.code)
    throw missing(reference, FILE_ERRORS[code] ?? `it could not be read (${code})`)
  })
  if (text.includes(NO_TEXT)) throw missing(reference, 'it is no text in UTF-8')
  return unlessEmpty(text.replace(/\r?\n$/, ''), reference)
}

/** The region in an ARN: `arn:aws:secretsmanager:REGION:account:secret:name`. */
const regionOf = ({ awsSecret, region }: AwsSecretReference): string | undefined =>
  region ?? /^arn:[^:]*:secretsmanager:([^:]+):/.exec(awsSecret)?.[1]

type Environment = SecretsOptions['env']

/** Loads AWS's SDK at the first secret that is there. A client a call: a run reads a secret or two. */
async function fromAws(reference: AwsSecretReference, env: Environment): Promise<Secret> {
  const [{ openSecretsManager }, { readAwsSecret }] = await Promise.all([
    import('./aws/client.ts'),
    import('./aws/secrets.ts'),
  ])
  const region = regionOf(reference)
  const caFile = env['AWS_CA_BUNDLE'] || undefined
  const way = ({ endpoint, region: at }: AwsPlace): Promise<Way> => {
    const url = endpoint ?? `https://secretsmanager.${at}.amazonaws.com`
    return openWay({ url, proxy: undefined, caFile, env })
  }
  const purpose = secretPlace(reference)
  const client = await openSecretsManager({ way, purpose, ...(region === undefined ? {} : { region }) })
  try {
    return await readAwsSecret(reference, client)
  } finally {
    client.destroy()
  }
}

/**
 * Secrets in the environment, in files and in AWS Secrets Manager. A file is taken whoever else may read it: its
 * permissions are its owner's to set, and mounted secrets often have wide ones. Throws `secret-missing`, which names
 * the place and the cause and never the value; `unreachable`, `rate-limited` or `server-error` when AWS could not be
 * asked now, and what else `readAwsSecret` throws; `bad-configuration` when AWS is asked and no region is set, or a proxy
 * or CA file of the environment (HTTPS_PROXY, AWS_CA_BUNDLE) is no good.
 */
export function openSecrets(options: SecretsOptions): Secrets {
  const { env, readFile = (path) => readFromDisk(path, 'utf8') } = options
  const awsSecret = options.awsSecret ?? ((reference) => fromAws(reference, env))
  return {
    read: async (reference) => {
      if ('env' in reference) return fromEnvironment(reference, env)
      if ('file' in reference) return fromFile(reference, readFile)
      return awsSecret(reference)
    },
  }
}
