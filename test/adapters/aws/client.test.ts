import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openS3, openSecretsManager } from '../../../lib/adapters/aws/client.ts'
import { readAwsSecret } from '../../../lib/adapters/aws/secrets.ts'
import { s3Store } from '../../../lib/adapters/aws/store.ts'
import { DIRECT } from '../../../lib/network/way.ts'
import { serve } from '../../tableau/servers.ts'

/** Nothing of this machine's own AWS settings counts. */
beforeEach(() => {
  for (const name of Object.keys(process.env).filter((each) => each.startsWith('AWS_')))
    vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent/credentials')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'example')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** Where a client's request for s3://bucket-1/key goes: the host's name and the path. */
async function requested(options: { readonly endpoint?: string } = {}): Promise<string | undefined> {
  const client = await openS3({ way: DIRECT, attempts: 1, ...options })
  onTestFinished(() => client.destroy())
  let seen: string | undefined
  client.middlewareStack.add(
    (next) => async (args) => {
      const { hostname, path } = args.request as { hostname: string; path: string }
      seen = `${hostname}${path}`
      return next(args)
    },
    { step: 'finalizeRequest' },
  )
  await client.send(new GetObjectCommand({ Bucket: 'bucket-1', Key: 'key' })).catch(() => undefined)
  return seen
}

describe.each([
  ['S3', openS3, 'the warehouse in S3'],
  ['Secrets Manager', openSecretsManager, 'AWS Secrets Manager'],
])('a client of %s', (_, open, purpose) => {
  it('needs a region, and says for what and which profile has none', async () => {
    const next = expect.stringContaining('AWS_REGION')
    const message = `${purpose}: AWS: Region is missing`
    await expect(open({ way: DIRECT })).rejects.toMatchObject({ code: 'bad-configuration', next, message })
    vi.stubEnv('AWS_PROFILE', 'nope')
    await expect(open({ way: DIRECT, purpose: 'X' })).rejects.toMatchObject({
      message: 'X: AWS: Region is missing; AWS_PROFILE is "nope"',
    })
  })

  it.each(['eu central', 'https://s3.amazonaws.com', 'eu-central-1.evil.example/'])(
    'takes no region %j',
    async (region) => {
      await expect(open({ way: DIRECT, region })).rejects.toMatchObject({ code: 'bad-configuration' })
    },
  )

  it('takes the region of the environment', async () => {
    vi.stubEnv('AWS_REGION', 'eu-west-3')
    const client = await open({ way: DIRECT })
    onTestFinished(() => client.destroy())
    expect(await client.config.region()).toBe('eu-west-3')
  })

  it('takes the region of the profile, and prefers the one it is given', async () => {
    await withProfile('region = ap-southeast-2')
    const clients = [await open({ way: DIRECT }), await open({ way: DIRECT, region: 'us-west-1' })]
    onTestFinished(() => {
      for (const client of clients) client.destroy()
    })
    const regions = await Promise.all(clients.map(({ config }) => config.region()))
    expect(regions).toEqual(['ap-southeast-2', 'us-west-1'])
  })
})

/** A profile of AWS's own configuration file, which the environment names; gone when the test is over. */
async function withProfile(lines: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-aws-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'config'), `[profile bi]\n${lines}\n`)
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
  vi.stubEnv('AWS_PROFILE', 'bi')
}

describe('the way of a client', () => {
  it('is asked for where the client is: as the profile says, and as the options do', async () => {
    await withProfile('region = ap-southeast-2\nendpoint_url = http://localhost:9')
    const asked: unknown[] = []
    const way = async (at: unknown) => {
      asked.push(at)
      return DIRECT
    }
    const clients = [
      await openS3({ way }),
      await openSecretsManager({ way, region: 'us-west-1', endpoint: 'https://in.the.house' }),
    ]
    for (const client of clients) client.destroy()
    expect(asked).toEqual([
      { region: 'ap-southeast-2', endpoint: 'http://localhost:9' },
      { region: 'us-west-1', endpoint: 'https://in.the.house' },
    ])
  })

  it('may lead to AWS’s own address', async () => {
    const way = vi.fn(async () => DIRECT)
    const client = await openS3({ way, region: 'eu-west-3' })
    client.destroy()
    expect(way).toHaveBeenCalledWith({ region: 'eu-west-3', endpoint: undefined })
  })
})

describe('a profile without credentials', () => {
  beforeEach(() => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_PROFILE', 'nope')
  })

  it('is named by a warehouse', async () => {
    const client = await openS3({ way: DIRECT, region: 'eu-central-1' })
    const store = s3Store({ bucket: 'bucket-1', prefix: '', client })
    onTestFinished(() => client.destroy())
    await expect(store.read('key')).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('(AWS_PROFILE is "nope")'),
    })
  })

  it('is named by a secret, which is missing', async () => {
    const client = await openSecretsManager({ way: DIRECT, region: 'eu-central-1' })
    onTestFinished(() => client.destroy())
    await expect(readAwsSecret({ awsSecret: 'a' }, client)).rejects.toMatchObject({
      code: 'secret-missing',
      message: expect.stringContaining('(AWS_PROFILE is "nope")'),
    })
  })
})

describe('the address of a bucket', () => {
  beforeEach(() => {
    vi.stubEnv('AWS_REGION', 'eu-central-1')
  })

  it('has the bucket in the path at an endpoint that is given', async () => {
    const url = await serve((_, response) => response.end())
    const atAName = url.replace('127.0.0.1', 'localhost')
    expect(await requested({ endpoint: url })).toBe('127.0.0.1/bucket-1/key')
    expect(await requested({ endpoint: atAName })).toBe('localhost/bucket-1/key')
    for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) {
      vi.stubEnv(name, atAName)
      expect(await requested()).toBe('localhost/bucket-1/key')
      vi.stubEnv(name, undefined)
    }
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined)
    const credentials = 'aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example'
    await withProfile(`endpoint_url = ${atAName}\n${credentials}`)
    expect(await requested()).toBe('localhost/bucket-1/key')
  })
})
