import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileCache } from '../../lib/adapters/local/cache.ts'
import type { S3ObjectRecord } from '../aws/s3-objects.ts'
import { etagOf } from '../aws/s3-objects.ts'
import { startS3 } from '../aws/s3-server.ts'
import { clientOf, warehouseIn } from '../aws/warehouse.ts'
import type { Vault } from './vault.ts'
import type { World } from './world.ts'

const PREFIX = 'almanac'

const checksumOf = (sha256: string): S3ObjectRecord['checksum'] => ({
  algorithm: 'sha256',
  value: Buffer.from(sha256, 'hex').toString('base64'),
})

/** A warehouse in a bucket, whose bytes change below the server while it still tells the checksum of the write. */
export async function s3Vault({ objects }: World): Promise<Vault> {
  const server = await startS3()
  const client = await clientOf(server)
  const store = warehouseIn(server, client, PREFIX)
  for (const [key, bytes] of objects) await store.write(key, bytes, 'absent')
  const whole = new Map(server.objects)
  const root = await mkdtemp(join(tmpdir(), 'almanac-corruption-cache-'))
  // A copy in the cache would answer for the damaged object, and rightly: each reading begins with none.
  const emptied = async () => {
    const cache = fileCache({ root, name: server.url, store })
    await rm(cache.folder, { recursive: true, force: true, maxRetries: 10 })
    return cache
  }
  let cache = await emptied()
  const at = (key: string): string => `${PREFIX}/${key}`
  const change = (key: string, changed: Partial<S3ObjectRecord>): void => {
    const record = server.objects.get(at(key))
    if (record !== undefined) server.objects.set(at(key), { ...record, ...changed })
  }
  return {
    store,
    shelf: { store, folders: [cache.folder], file: (info) => cache.file(info) },
    put: async (key, bytes) => {
      if (server.objects.has(at(key))) return change(key, { body: bytes })
      server.objects.set(at(key), { body: bytes, etag: etagOf(bytes), checksum: undefined, metadata: {} })
    },
    drop: async (key) => void server.objects.delete(at(key)),
    mark: async (key, mark) =>
      change(key, { checksum: mark === undefined ? undefined : checksumOf(mark.sha256) }),
    reset: async () => {
      server.objects.clear()
      for (const [key, record] of whole) server.objects.set(key, record)
      cache = await emptied()
    },
    close: async () => {
      client.destroy()
      await server.close()
      // A question that failed may still be filling its cache.
      await rm(root, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}
