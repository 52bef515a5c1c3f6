import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll } from 'vitest'
import { openS3 } from '../../lib/adapters/aws/client.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { DIRECT } from '../../lib/network/way.ts'
import { type S3Server, startS3 } from '../aws/s3-server.ts'
import { clientOf, warehouseIn } from '../aws/warehouse.ts'
import { diskFolder } from '../package/disk.ts'
import { objectStoreContract } from './contract.ts'

/** An S3 of one's own to test against, with credentials as AWS's SDK finds them. The bucket must be there. */
const ENDPOINT = process.env['ALMANAC_TEST_S3_ENDPOINT']
const BUCKET = process.env['ALMANAC_TEST_S3_BUCKET'] ?? ''
if (ENDPOINT && BUCKET === '')
  throw new Error(`ALMANAC_TEST_S3_ENDPOINT is "${ENDPOINT}" and ALMANAC_TEST_S3_BUCKET is not set`)

let base: string
let server: S3Server
let client: S3Client
beforeAll(async () => {
  base = await diskFolder('contract')
  server = await startS3({ pageSize: 3 })
  client = await clientOf(server)
})
afterAll(async () => {
  client.destroy()
  await server.close()
  await rm(base, { recursive: true, force: true })
})

async function realBucket(endpoint: string): Promise<ObjectStore> {
  const real = await openS3({ way: DIRECT, endpoint })
  return warehouseIn({ bucket: BUCKET }, real, `almanac-contract/${randomUUID()}`)
}

const ADAPTERS: Readonly<Record<string, () => Promise<ObjectStore>>> = {
  memory: async () => memoryStore(),
  disk: async () => diskStore(await mkdtemp(join(base, "it's a warehouse-"))),
  s3: async () => warehouseIn(server, client, randomUUID()),
  ...(ENDPOINT ? { 's3 at that endpoint': () => realBucket(ENDPOINT) } : {}),
}

for (const [adapter, open] of Object.entries(ADAPTERS)) objectStoreContract(adapter, open)
