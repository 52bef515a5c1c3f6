import { join } from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileCache } from '../../lib/adapters/local/cache.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { query } from '../../lib/questions/query.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { verify } from '../../lib/verify/verify.ts'
import { SLOW_DOWN } from '../aws/faults.ts'
import { type S3Server, startS3 } from '../aws/s3-server.ts'
import { clientOf, warehouseIn } from '../aws/warehouse.ts'
import { ask, openSite, scratchFolder } from './site.ts'

const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03'] as const
const PREFIX = 'almanac/tableau'
const LONG = 120_000
/** Names, days and hashes are the same wherever the warehouse is; runs and their times are not. */
const SAME = relationsOf(ENTITIES, VIEWS).filter(
  ({ name, kind }) => kind === 'view' && !['runs', 'run_entities'].includes(name),
)

let server: S3Server
let client: S3Client
let engine: Engine
let folder: Awaited<ReturnType<typeof scratchFolder>>
let disk: ObjectStore
let bucket: ObjectStore
const failures: unknown[] = []

/** Long: three nights of the same site onto disk and into a bucket, whose server asks to slow down now and then. */
beforeAll(async () => {
  server = await startS3({ pageSize: 50 })
  client = await clientOf(server, 8)
  engine = await openEngine({ threads: 1 })
  folder = await scratchFolder()
  disk = diskStore(join(folder.path, 'disk'))
  bucket = warehouseIn(server, client, PREFIX)
  server.faults.set(({ count, attempt }) => {
    if (attempt > 1 || count % 9 !== 0) return undefined
    return count % 2 === 0 ? { kind: 'lost answer' } : SLOW_DOWN
  })
  for (const store of [disk, bucket]) {
    const site = await openSite({}, store, engine)
    for (const day of DAYS) {
      const { failure, outcomes } = await site.night(day)
      failures.push(failure, ...outcomes.filter(({ verdict }) => verdict !== 'complete'))
    }
    await site.close()
  }
  server.faults.clear()
}, LONG)
afterAll(async () => {
  await engine.close()
  client.destroy()
  await server.close()
  await folder.remove()
})

/** The keys below which a statement's objects lie that the bucket was asked for. */
async function fetchedFor(sql: string, cacheRoot: string): Promise<{ rows: unknown[]; keys: string[] }> {
  const keys: string[] = []
  const store: ObjectStore = {
    ...bucket,
    read: (key) => {
      keys.push(key)
      return bucket.read(key)
    },
  }
  const cache = fileCache({ root: cacheRoot, name: `s3://warehouse/${PREFIX}`, store })
  const shelf = { store, folders: [cache.folder], file: cache.file }
  const { answer, reader } = await query(shelf, relationsOf(ENTITIES, VIEWS), sql)
  const rows: unknown[] = []
  for await (const chunk of answer.chunks) rows.push(...chunk)
  reader.close()
  return { rows, keys: keys.sort() }
}

describe('a warehouse in a bucket', () => {
  test('has every night whole, although the bucket failed now and then', () => {
    expect(failures.filter((each) => each !== null)).toEqual([])
    expect(server.counts['PutObject']).toBeGreaterThan(100)
  })

  test.each(SAME.map(({ name }) => name))(
    '%s is row for row that of the folder',
    { timeout: LONG },
    async (name) => {
      const sql = `SELECT * FROM ${name}`
      const [onDisk, inBucket] = [await ask(disk, sql), await ask(bucket, sql)]
      const timeless = (rows: typeof onDisk) =>
        rows.map(({ observed_at: _, ...row }) => JSON.stringify(row)).sort()
      expect(timeless(inBucket)).toEqual(timeless(onDisk))
      if (!['coverage'].includes(name)) expect(inBucket.length).toBeGreaterThan(0)
    },
  )

  test('is well, as verify finds', { timeout: LONG }, async () => {
    const levels = new Set<string>()
    for await (const finding of verify(bucket, engine, ENTITIES, undefined)) levels.add(finding.level)
    expect([...levels]).toEqual(['ok'])
  })

  test('gives a question the objects it needs, once', async () => {
    const root = join(folder.path, 'cache')
    const sql = `SELECT count(*) FROM workbooks`
    const first = await fetchedFor(sql, root)
    expect(first.rows).toEqual([[80n]])
    expect(first.keys).toEqual(['current/entity=workbooks/site=demo/data.parquet'])
    expect((await fetchedFor(sql, root)).keys).toEqual([])
    const history = await fetchedFor('SELECT count(*) FROM users_history', root)
    expect(history.keys).toEqual(['history/entity=users/site=demo/data.parquet'])
    expect((await fetchedFor('SELECT count(*) FROM views_snapshots', root)).keys).toHaveLength(DAYS.length)
  })

  test('gives a question no object that was changed behind its back', async () => {
    const key = `${PREFIX}/current/entity=groups/site=demo/data.parquet`
    const record = server.objects.get(key)
    if (record === undefined) throw new Error(`the bucket has no ${key}`)
    server.objects.set(key, {
      ...record,
      body: Buffer.from(record.body.map((byte, at) => (at === 9 ? byte ^ 1 : byte))),
    })
    const root = join(folder.path, 'other-cache')
    await expect(fetchedFor('SELECT count(*) FROM groups', root)).rejects.toMatchObject({
      code: 'corrupt-object',
      message: expect.stringContaining(`s3://warehouse/${key}`),
    })
    server.objects.set(key, record)
    expect((await fetchedFor('SELECT count(*) FROM groups', root)).rows).toEqual([[12n]])
  })
})
