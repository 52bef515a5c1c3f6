import type { IncomingMessage } from 'node:http'
import { type Answer, answerWith, type ErrorForm } from './faults.ts'
import { type AwsServer, bodyOf, listening, newDesk } from './listening.ts'

/** A secret as AWS Secrets Manager keeps it: text, or bytes, or no value yet. */
export type SecretRecord = { readonly text: string } | { readonly bytes: Uint8Array } | 'no value'

/** A Secrets Manager in this process: reading, writing and describing, as its API Reference describes them. */
export interface SecretsServer extends AwsServer {
  /** By name; tests may change it. */
  readonly secrets: Map<string, SecretRecord>
}

const OPERATIONS = ['GetSecretValue', 'PutSecretValue', 'DescribeSecret']
const TARGET = 'secretsmanager.'
const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:'

const json = (status: number, body: object, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': 'test-request-0001',
    ...headers,
  },
  body: new TextEncoder().encode(JSON.stringify(body)),
})

const jsonError: ErrorForm = (status, code, message = `${code} was set up by a test`) =>
  json(status, { __type: code, message }, { 'x-amzn-errortype': code })

const contentOf = (record: Exclude<SecretRecord, string>) =>
  'text' in record
    ? { SecretString: record.text }
    : { SecretBinary: Buffer.from(record.bytes).toString('base64') }

const notFound = (what: string): Answer =>
  jsonError(400, 'ResourceNotFoundException', `Secrets Manager can't find the specified ${what}.`)

interface Asked {
  readonly SecretId?: string
  readonly SecretString?: string
}

function answerTo(
  secrets: SecretsServer['secrets'],
  operation: string,
  { SecretId: id = '', SecretString: text }: Asked,
): Answer {
  const name = id.startsWith(ARN) ? id.slice(ARN.length) : id
  const record = secrets.get(name)
  const described = { ARN: `${ARN}${name}`, Name: name }
  if (!OPERATIONS.includes(operation)) return jsonError(400, 'InvalidAction')
  if (record === undefined) return notFound('secret')
  if (operation === 'DescribeSecret') return json(200, described)
  if (operation === 'PutSecretValue') {
    if (text === undefined || text === '') return jsonError(400, 'InvalidParameterException')
    secrets.set(name, { text })
    return json(200, { ...described, VersionId: 'v2', VersionStages: ['AWSCURRENT'] })
  }
  if (record === 'no value') return notFound('secret value for staging label: AWSCURRENT')
  return json(200, { ...described, ...contentOf(record), VersionId: 'v1', VersionStages: ['AWSCURRENT'] })
}

const operationOf = ({ headers }: IncomingMessage): string =>
  String(headers['x-amz-target'] ?? '').replace(TARGET, '')

/** Starts a Secrets Manager on a free loopback port, with these secrets. */
export async function startSecrets(
  secrets: Readonly<Record<string, SecretRecord>> = {},
): Promise<SecretsServer> {
  const kept = new Map(Object.entries(secrets))
  const desk = newDesk()
  const server = await listening(async (message, response) => {
    const asked: Asked = JSON.parse((await bodyOf(message)).toString() || '{}')
    const operation = operationOf(message)
    const fault = desk.faults.of(desk.take(message, operation, asked.SecretId ?? ''))
    await answerWith(response, fault, () => answerTo(kept, operation, asked), jsonError)
  }, desk)
  return { ...server, secrets: kept }
}
