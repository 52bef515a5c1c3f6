import { randomUUID } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import { onTestFinished } from 'vitest'
import type { ObjectStore } from '../../../lib/core/ports.ts'
import { type S3Server, startS3 } from '../../aws/s3-server.ts'
import { clientOf, warehouseIn } from '../../aws/warehouse.ts'

/** A warehouse in a server of its own, both gone when the test is over. */
export interface Opened {
  readonly server: S3Server
  readonly client: S3Client
  readonly store: ObjectStore
  /** What stands before its keys in the bucket. */
  readonly prefix: string
  /** A key's address, as messages name it. */
  urlOf(key: string): string
}

/** Opens an empty warehouse; `attempts` is how often its client sends a request. */
export async function opened(attempts = 3): Promise<Opened> {
  const server = await startS3()
  const client = await clientOf(server, attempts)
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  const prefix = `night/${randomUUID()}`
  const urlOf = (key: string): string => `s3://${server.bucket}/${prefix}/${key}`
  return { server, client, prefix, urlOf, store: warehouseIn(server, client, prefix) }
}
