import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openBucket } from '../../../lib/adapters/aws/bucket.ts'
import { startS3 } from '../../aws/s3-server.ts'
import { CANARY, REGION } from '../../aws/warehouse.ts'
import { startProxy } from '../../network/proxy-server.ts'
import { text } from '../bytes.ts'

beforeEach(() => {
  for (const name of Object.keys(process.env).filter((each) => each.startsWith('AWS_')))
    vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config')
  vi.stubEnv('AWS_ACCESS_KEY_ID', CANARY.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CANARY.secretAccessKey)
  vi.stubEnv('AWS_REGION', REGION)
  return () => {
    vi.unstubAllEnvs()
  }
})

describe('openBucket', () => {
  it('opens the warehouse that the environment leads to', async () => {
    const server = await startS3()
    onTestFinished(() => server.close())
    vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url)
    const store = await openBucket('s3://warehouse/almanac/prod/', process.env)
    await store.write('a', text('one'), 'absent')
    expect([...server.objects.keys()]).toEqual(['almanac/prod/a'])
  })

  it('holds NO_PROXY against the region that the profile says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'almanac-aws-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'config'), '[default]\nregion = eu-west-3\n')
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
    vi.stubEnv('AWS_REGION', undefined)
    const proxy = await startProxy({ status: 403 })
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: '.us-east-1.amazonaws.com' }
    const store = await openBucket('s3://bucket-1', { ...process.env, ...env })
    await expect(store.read('a')).rejects.toMatchObject({ code: 'proxy-refused' })
    expect(proxy.asked).toEqual(['bucket-1.s3.eu-west-3.amazonaws.com:443'])
  })

  it.each<[why: string, url: string, env: Record<string, string>, code: string]>([
    ['an address that is none', 's3://Warehouse', {}, 'bad-configuration'],
    [
      'authorities that are not there',
      's3://warehouse',
      { AWS_CA_BUNDLE: '/nonexistent/ca.pem' },
      'bad-configuration',
    ],
  ])('refuses %s', async (_, url, env, code) => {
    await expect(openBucket(url, { ...process.env, ...env })).rejects.toMatchObject({ code })
  })
})
