import { describe, expect, onTestFinished, test } from 'vitest'
import { copyWarehouse } from '../../lib/adapters/copy.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AREAS, parseKey } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { startS3 } from '../aws/s3-server.ts'
import { CANARY, REGION } from '../aws/warehouse.ts'
import { sampleWarehouse } from '../cli/sample.ts'
import { run } from '../package/run.ts'

const object = (key: string): Uint8Array => new TextEncoder().encode(`what ${key} holds`)
const KEYS = Object.keys(AREAS).map((area) => `${area}/x.json`)
const LEFT = ['landing/x.json', 'lease/x.json']

async function storeOf(keys: readonly string[]): Promise<ObjectStore> {
  const store = memoryStore()
  for (const key of keys) await store.write(key, object(key), 'absent')
  return store
}
const keysIn = async (store: ObjectStore): Promise<readonly string[]> =>
  (await store.list('')).map(({ key }) => key)

describe('a copy of a warehouse', () => {
  test('takes everything along but what belongs to runs', async () => {
    const to = memoryStore()
    expect(await copyWarehouse(await storeOf(KEYS), to)).toEqual({
      written: KEYS.length - LEFT.length,
      there: 0,
    })
    expect(await keysIn(to)).toEqual(KEYS.filter((key) => !LEFT.includes(key)).sort())
  })

  test('goes on where it stopped, wherever that was', async () => {
    const from = await storeOf(KEYS)
    for (let most = 0; most < KEYS.length; most++) {
      const to = memoryStore()
      let writes = 0
      const dying: ObjectStore = {
        ...to,
        write: async (...args) => {
          if (writes++ === most) throw new Error('killed')
          return to.write(...args)
        },
      }
      await copyWarehouse(from, dying).catch(() => undefined)
      const there = (await keysIn(to)).map((key) => parseKey(key)?.area)
      if (there.includes('manifest'))
        expect(there).toEqual(expect.arrayContaining(['candidate', 'observation']))
      const again = await copyWarehouse(from, to)
      expect(again.written + again.there).toBe(KEYS.length - LEFT.length)
    }
  })

  test('writes nothing in the place of something else: of what was committed it says so', async () => {
    const to = memoryStore()
    await to.write('manifest/x.json', object('another'), 'absent')
    await expect(copyWarehouse(await storeOf(KEYS), to)).rejects.toMatchObject({
      code: 'store-conflict',
      message: expect.stringContaining('manifest/x.json'),
    })
  })

  test('leaves tables that the other place has made itself', async () => {
    const to = memoryStore()
    await to.write('current/x.json', object('another'), 'absent')
    expect(await copyWarehouse(await storeOf(KEYS), to)).toMatchObject({ there: 1 })
    expect((await to.read('current/x.json'))?.bytes).toEqual(object('another'))
  })
})

test('npm run copy-warehouse: a folder in a bucket that takes only new objects holds what it held', async () => {
  const sample = await sampleWarehouse(['2026-11-01', '2026-11-02'], 'users,workbooks')
  onTestFinished(() => sample.remove())
  const server = await startS3()
  onTestFinished(() => server.close())
  const env = {
    AWS_ENDPOINT_URL_S3: server.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CANARY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CANARY.secretAccessKey,
    XDG_CACHE_HOME: sample.folder,
  }
  const to = `s3://${server.bucket}`
  const program = (name: string, ...args: readonly string[]) =>
    run(process.execPath, ['--import', 'tsx', `bin/${name}.ts`, ...args], { cwd: '.', env })
  const copy = () => program('copy-warehouse', sample.root, to)
  const first = await copy()
  expect(first).toMatchObject({
    exit: 0,
    out: '',
    err: expect.stringMatching(/\d+ objects written, 0 were there/),
  })
  const writes = server.heard.filter((request) => request.startsWith('PUT '))
  const unconditional = writes.filter((request) => !/^if-none-match\n\*$/im.test(request))
  expect(writes.length).toBeGreaterThan(20)
  expect(unconditional).toEqual([])
  expect(await copy()).toMatchObject({ exit: 0, err: expect.stringMatching(/0 objects written/) })
  expect(await program('almanac', 'verify', '--warehouse', to)).toMatchObject({ exit: 0, err: '' })
  const count = 'SELECT site, count(*) AS n FROM workbooks_history GROUP BY ALL ORDER BY ALL'
  const asked = ['query', count, '--output', 'csv']
  expect(await program('almanac', ...asked, '--warehouse', to)).toEqual(await sample.ask(...asked))
})
