import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openSecretsManager } from '../../../lib/adapters/aws/client.ts'
import { type AwsSecretReference, readAwsSecret } from '../../../lib/adapters/aws/secrets.ts'
import { openSecrets } from '../../../lib/adapters/secrets.ts'
import type { AlmanacError, ErrorCode } from '../../../lib/core/errors.ts'
import { type Secret, secretOf } from '../../../lib/core/secret.ts'
import { DIRECT } from '../../../lib/network/way.ts'
import { selfSigned } from '../../aws/certificate.ts'
import type { Fault } from '../../aws/faults.ts'
import { startS3 } from '../../aws/s3-server.ts'
import { type SecretsServer, startSecrets } from '../../aws/secrets-server.ts'
import { CANARY, REGION } from '../../aws/warehouse.ts'
import { serve } from '../../tableau/servers.ts'

const VALUE = 'canary-qlE1g9MMh9vbrjjgZhbZrA==:rZTHhPpP2tUW1kfn4tjg8'
const ARN = `arn:aws:secretsmanager:${REGION}:123456789012:secret:almanac/json`

let server: SecretsServer
beforeAll(async () => {
  server = await startSecrets({
    'almanac/plain': { text: VALUE },
    'almanac/json': {
      text: JSON.stringify({ pat: VALUE, empty: '', port: 443, nested: { pat: VALUE }, nothing: null }),
    },
    'almanac/array': { text: JSON.stringify([VALUE]) },
    'almanac/broken': { text: `{"pat":"${VALUE}"` },
    'almanac/bytes': { bytes: Buffer.from(VALUE) },
    'almanac/empty': { text: ' \n' },
  })
})
afterAll(() => server.close())

async function readBy(reference: AwsSecretReference, endpoint = server.url): Promise<Secret> {
  const options = { way: DIRECT, region: REGION, endpoint, credentials: CANARY, attempts: 2 }
  const client = await openSecretsManager(options)
  onTestFinished(() => client.destroy())
  return readAwsSecret(reference, client)
}

async function failing(reading: Promise<Secret>, code: ErrorCode): Promise<AlmanacError> {
  const thrown = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toMatchObject({ name: 'AlmanacError', code })
  const error = thrown as AlmanacError
  const seen = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), error.next].join('\n')
  for (const secret of [VALUE, 'canary-', ...Object.values(CANARY)]) expect(seen).not.toContain(secret)
  return error
}

const missing = (reading: Promise<Secret>): Promise<AlmanacError> => failing(reading, 'secret-missing')

describe('a secret in AWS Secrets Manager', () => {
  it.each([
    [{ awsSecret: 'almanac/plain' }],
    [{ awsSecret: 'almanac/json', field: 'pat' }],
    [{ awsSecret: ARN, field: 'pat' }],
  ])('is read: %j', async (reference) => {
    expect((await readBy(reference)).reveal()).toBe(VALUE)
  })

  it.each([
    ['nowhere', undefined, 'there is no such secret in this region'],
    ['almanac/bytes', undefined, 'it holds bytes, not text'],
    ['almanac/empty', undefined, 'it is empty'],
    ['almanac/plain', 'pat', 'the secret is no JSON object'],
    ['almanac/broken', 'pat', 'the secret is no JSON object'],
    ['almanac/array', '0', 'the secret is no JSON object'],
    ['almanac/json', 'pat2', 'the secret has no such field'],
    ['almanac/json', 'toString', 'the secret has no such field'],
    ['almanac/json', '__proto__', 'the secret has no such field'],
    ['almanac/json', 'empty', 'it is empty'],
    ['almanac/json', 'port', 'the field is not text'],
    ['almanac/json', 'nested', 'the field is not text'],
    ['almanac/json', 'nothing', 'the field is not text'],
  ])('%s, field %s: %s', async (awsSecret, field, why) => {
    const { message } = await missing(readBy({ awsSecret, field }))
    const place = field === undefined ? '' : `, field ${field}`
    expect(message).toContain(`AWS secret ${awsSecret}${place}, region ${REGION}: ${why}`)
  })

  it.each<[code: string, status: number, why: string, next: string]>([
    ['AccessDeniedException', 400, 'reading it is not allowed', 'secretsmanager:GetSecretValue'],
    ['DecryptionFailure', 400, 'its key does not decrypt it', 'kms:Decrypt'],
    ['InvalidRequestException', 400, 'marked for deletion', 'Restore'],
    ['UnrecognizedClientException', 400, 'UnrecognizedClientException', ''],
  ])('says why it was refused: %s', async (code, status, why, next) => {
    const message = `denied to ${CANARY.accessKeyId}/${CANARY.sessionToken}`
    server.faults.set(() => ({ kind: 'error', status, code, message }))
    onTestFinished(() => server.faults.clear())
    const error = await missing(readBy({ awsSecret: 'almanac/plain' }))
    expect(error.message).toContain(why)
    expect(error.next).toContain(next)
  })

  it.each<[name: string, fault: Fault, code: ErrorCode]>([
    ['a reset', { kind: 'reset' }, 'unreachable'],
    ['a cut answer', { kind: 'cut', after: 20 }, 'malformed-response'],
    ['a 500', { kind: 'error', status: 500, code: 'InternalServiceError' }, 'server-error'],
    ['a 503', { kind: 'error', status: 503, code: 'ServiceUnavailable' }, 'server-error'],
    ['a 429', { kind: 'error', status: 429, code: 'Busy' }, 'rate-limited'],
    ['throttling', { kind: 'error', status: 400, code: 'ThrottlingException' }, 'rate-limited'],
  ])('is asked for again after %s, and after two may be asked for later', async (_, fault, code) => {
    onTestFinished(() => server.faults.clear())
    server.faults.set(({ attempt }) => (attempt === 1 ? fault : undefined))
    expect((await readBy({ awsSecret: 'almanac/plain' })).reveal()).toBe(VALUE)
    server.faults.set(() => fault)
    const error = await failing(readBy({ awsSecret: 'almanac/plain' }), code)
    expect(error).toMatchObject({ exit: 1, retryable: true })
    expect(error.message).toContain(`AWS secret almanac/plain, region ${REGION}: `)
    expect(error.next).not.toContain('Tableau')
  })

  it('may be asked for later where nothing listens', async () => {
    const url = 'http://127.0.0.1:1'
    const error = await failing(readBy({ awsSecret: 'almanac/plain' }, url), 'unreachable')
    expect(error.message).toContain('nothing listens there')
    expect(error.next).toContain('AWS_ENDPOINT_URL_SECRETS_MANAGER')
  })

  it('is not asked for where the certificate is not trusted', async () => {
    const trustless = await startS3({ tls: await selfSigned() })
    onTestFinished(() => trustless.close())
    const error = await failing(readBy({ awsSecret: 'almanac/plain' }, trustless.url), 'tls-failed')
    expect(error.next).toContain('AWS_CA_BUNDLE')
  })
})

describe('an answer that is no JSON', () => {
  it.each([
    `{"SecretString":"${VALUE}"`,
    `{"SecretString":${VALUE}}`,
    `${VALUE}`,
    `<html>${VALUE}</html>`,
    '',
    '[]',
  ])('is not quoted: %s', async (body) => {
    const url = await serve((_, response) => response.end(body))
    const options = { way: DIRECT, region: REGION, endpoint: url, credentials: CANARY, attempts: 1 }
    const client = await openSecretsManager(options)
    onTestFinished(() => client.destroy())
    const error = await failing(readAwsSecret({ awsSecret: 'almanac/plain' }, client), 'malformed-response')
    expect(error.next).toContain('AWS')
  })
})

describe('secrets', () => {
  const read = (env: Record<string, string>, name = 'PAT') => openSecrets({ env }).read({ env: name })

  it('come from the environment as they stand', async () => {
    expect((await read({ PAT: ` ${VALUE} ` })).reveal()).toBe(` ${VALUE} `)
  })

  it.each([
    [{}, 'it is not set'],
    [{ PAT: '' }, 'it is empty'],
    [{ PAT: ' \n' }, 'it is empty'],
  ])('are missing in the environment %j', async (env, why) => {
    expect((await missing(read(env))).message).toBe(`environment variable PAT: ${why}`)
  })

  it.each([
    ['as it is', VALUE, VALUE],
    ['without the newline at its end', `${VALUE}\n`, VALUE],
    ['without that of Windows', `${VALUE}\r\n`, VALUE],
    ['with all newlines but the last', 'a\nb\n\n', 'a\nb\n'],
  ])('come from a file %s', async (_, content, value) => {
    const folder = await mkdtemp(join(tmpdir(), 'almanac-secret-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'pat')
    await writeFile(file, content)
    await chmod(file, 0o644)
    expect((await openSecrets({ env: {} }).read({ file })).reveal()).toBe(value)
  })

  it.each([
    ['is empty', '\n', 'it is empty'],
    ['is no text', Buffer.from([0xff, 0xfe, 0x41]), 'it is no text in UTF-8'],
    ['is not there', undefined, 'there is no such file'],
  ])('are missing when the file %s', async (_, content, why) => {
    const folder = await mkdtemp(join(tmpdir(), 'almanac-secret-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'pat')
    if (content !== undefined) await writeFile(file, content)
    expect((await missing(openSecrets({ env: {} }).read({ file }))).message).toBe(`file ${file}: ${why}`)
  })

  it('are missing in a folder', async () => {
    expect((await missing(openSecrets({ env: {} }).read({ file: tmpdir() }))).message).toContain(
      'it is a folder',
    )
  })

  it('are missing in a file that only others may read', async () => {
    const readFile = async (): Promise<string> => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
    }
    const { message } = await missing(openSecrets({ env: {}, readFile }).read({ file: '/run/pat' }))
    expect(message).toBe('file /run/pat: reading it is not allowed')
  })

  it('come from AWS by whatever reads them there', async () => {
    const awsSecret = vi.fn(async () => secretOf(VALUE))
    const reference = { awsSecret: 'a', field: 'b' }
    expect((await openSecrets({ env: {}, awsSecret }).read(reference)).reveal()).toBe(VALUE)
    expect(awsSecret).toHaveBeenCalledWith(reference)
  })

  it('come from AWS Secrets Manager, in the region of the ARN', async () => {
    for (const name of ['AWS_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config')
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', server.url)
    vi.stubEnv('AWS_ACCESS_KEY_ID', CANARY.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', CANARY.secretAccessKey)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const secrets = openSecrets({ env: {} })
    expect((await secrets.read({ awsSecret: ARN, field: 'pat' })).reveal()).toBe(VALUE)
    expect((await secrets.read({ awsSecret: 'almanac/plain', region: REGION })).reveal()).toBe(VALUE)
    await expect(secrets.read({ awsSecret: 'almanac/plain' })).rejects.toMatchObject({
      code: 'bad-configuration',
      message: 'AWS secret almanac/plain: AWS: Region is missing',
    })
  })
})
