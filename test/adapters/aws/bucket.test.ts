import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openBucket } from '../../../lib/adapters/aws/bucket.ts'
import { startS3 } from '../../aws/s3-server.ts'
import { CANARY, REGION } from '../../aws/warehouse.ts'
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
