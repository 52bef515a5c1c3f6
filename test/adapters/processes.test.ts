import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { diskFolder } from '../package/disk.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
const KEY = 'history/entity=users/site=demo/data.parquet'
const KILLS = 8

let base: string
let root: string
let store: ObjectStore
beforeAll(async () => {
  base = await diskFolder('processes')
})
beforeEach(async () => {
  root = await mkdtemp(join(base, 'warehouse-'))
  store = diskStore(root, { lockDeadlineMs: 20_000 })
})
afterAll(() => rm(base, { recursive: true, force: true }))

function start(task: string, ...args: readonly string[]): ChildProcess {
  const command = ['--import', 'tsx', WORKER, task, root, ...args]
  return spawn(process.execPath, command, { cwd: PROJECT, stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Everything that a worker said, when it has ended well. */
async function finish(worker: ChildProcess): Promise<readonly string[]> {
  const lines: string[] = []
  if (worker.stdout !== null) createInterface(worker.stdout).on('line', (line) => lines.push(line))
  const [code] = await once(worker, 'close')
  expect(code).toBe(0)
  return lines
}

/** Waits until a worker has said so many lines. */
async function said(worker: ChildProcess, lines: number): Promise<void> {
  if (worker.stdout === null) throw new Error('the worker cannot speak')
  let heard = 0
  for await (const _ of createInterface(worker.stdout)) if (++heard === lines) return
  throw new Error(`the worker ended after ${heard} lines`)
}

async function kill(worker: ChildProcess): Promise<void> {
  const ended = once(worker, 'exit')
  worker.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
}

/** Reads all that a plain glob would find, without the store, and checks each file against the hash it begins with. */
async function checkFilesByThemselves(): Promise<number> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter(({ name }) => name.endsWith('.parquet'))
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name)).catch(() => undefined)
    if (bytes === undefined) continue
    const hash = createHash('sha256').update(bytes.subarray(32)).digest()
    expect(bytes.subarray(0, 32).equals(hash)).toBe(true)
  }
  return files.length
}

describe('several processes', () => {
  it('lose no update', async () => {
    await store.write(KEY, Buffer.from('0'), 'absent')
    await Promise.all(Array.from({ length: 4 }, () => finish(start('increment', KEY, '25'))))
    expect(Buffer.from((await store.read(KEY))?.bytes ?? []).toString()).toBe('100')
  })

  it('let one create each object', async () => {
    const claimed = await Promise.all(Array.from({ length: 4 }, () => finish(start('claim', '40'))))
    const winners = claimed.flat().map((line) => line.split(' '))
    expect(winners.map(([key]) => key).sort()).toEqual((await store.list('claim/')).map(({ key }) => key))
    expect(winners).toHaveLength(40)
    for (const [key = '', pid] of winners) {
      expect(Buffer.from((await store.read(key))?.bytes ?? []).toString()).toBe(pid)
    }
  })

  it('wait for a holder, name it after the deadline, and go on when it is killed', async () => {
    await store.write(KEY, Buffer.from('one'), 'absent')
    const etag = (await store.head(KEY))?.etag ?? ''
    const holder = start('hold')
    await said(holder, 1)
    const impatient = diskStore(root, { lockDeadlineMs: 50 })
    await expect(impatient.write(KEY, Buffer.from('two'), { etag })).rejects.toMatchObject({
      code: 'store-locked',
      retryable: true,
      message: expect.stringContaining(`process ${holder.pid}`),
      details: { process: holder.pid },
    })
    const waiting = store.write(KEY, Buffer.from('three'), { etag })
    await kill(holder)
    expect(await waiting).toMatchObject({ won: true })
  })

  it('wait for a holder that lets go', async () => {
    await store.write(KEY, Buffer.from('one'), 'absent')
    const holder = start('hold')
    await said(holder, 1)
    const waiting = store.write(KEY, Buffer.from('two'), { etag: (await store.head(KEY))?.etag ?? '' })
    const ended = once(holder, 'exit')
    holder.stdin?.write('go\n')
    expect(await waiting).toMatchObject({ won: true })
    expect(await ended).toEqual([0, null])
  })
})

describe('creating, replacing, removing, reading and listing the same objects', () => {
  it('leaves them whole, each with one marker', { timeout: 180_000 }, async () => {
    await Promise.all(Array.from({ length: 3 }, () => finish(start('mix', '300'))))
    const objects = await store.list('')
    for (const { key, etag } of objects) expect(await store.read(key)).toMatchObject({ sha256: etag })
    const entries = await readdir(join(root, 'mix'), { recursive: true, withFileTypes: true })
    expect(entries.filter(({ name }) => name.startsWith('.'))).toHaveLength(objects.length)
  })
})

describe('killed writers', () => {
  async function killOne(): Promise<void> {
    const writer = start('churn')
    await said(writer, randomInt(1, 6))
    await sleep(randomInt(0, 12))
    await kill(writer)
    for (const { key } of await store.list('')) await store.read(key)
    const own = await store.head(KEY)
    expect(await store.write(KEY, Buffer.from(`${Math.random()}`), { etag: own?.etag ?? '' })).toMatchObject({
      won: true,
    })
  }

  it(`leave whole objects and block nobody, ${KILLS} times`, { timeout: 180_000 }, async () => {
    await store.write(KEY, Buffer.from('mine'), 'absent')
    for (let i = 0; i < KILLS; i++) await killOne()
    await store.remove(KEY)
    expect(await checkFilesByThemselves()).toBeGreaterThan(KILLS)
    for (const { key, etag, size } of await store.list('')) {
      expect(await store.read(key)).toMatchObject({ key, etag, size, sha256: etag })
    }
  })
})

describe('readers during replacements', () => {
  it('never take a replaced object for a damaged one', async () => {
    const files = [2_000_000, 1].map((size) => join(base, `${size}.bytes`))
    await Promise.all(files.map((file) => writeFile(file, Buffer.alloc(Number(basename(file, '.bytes')), 1))))
    await store.write(KEY, Buffer.from('start'), 'absent')
    const writer = start('alternate', KEY, '120', ...files)
    let isWriting = true
    const sizes = new Set<number | undefined>()
    const read = async (): Promise<void> => {
      while (isWriting) sizes.add((await store.read(KEY))?.size)
    }
    const ended = finish(writer).finally(() => {
      isWriting = false
    })
    await Promise.all([ended, ...Array.from({ length: 12 }, read)])
    sizes.delete('start'.length)
    expect(sizes).toEqual(new Set([2_000_000, 1]))
  })

  it('see whole files by glob, and whole objects through the store', async () => {
    const engine = await DuckDBInstance.create(':memory:', { threads: '1' })
    const connection = await engine.connect()
    const files = [1000, 200_000].map((rows) => join(base, `${rows}.parquet`))
    for (const rows of [1000, 200_000]) {
      await connection.run(
        `COPY (SELECT ${rows} AS n FROM range(${rows})) TO '${join(base, `${rows}.parquet`)}' (FORMAT parquet)`,
      )
    }
    await store.write(KEY, await readFile(files[0] ?? ''), 'absent')
    const writer = start('alternate', KEY, '200', ...files)
    let hasEnded = false
    const ended = finish(writer).finally(() => {
      hasEnded = true
    })
    const seen = new Map<string, number>()
    while (!hasEnded) {
      const result = await connection.runAndReadAll(
        `SELECT count(*)::INT, min(n)::INT, max(n)::INT FROM read_parquet('${root}/**/*.parquet')`,
      )
      const row = String(result.getRows()[0])
      seen.set(row, (seen.get(row) ?? 0) + 1)
      await store.read(KEY)
      expect(await store.list('')).toHaveLength(1)
    }
    await ended
    expect([...seen.keys()].sort()).toEqual(['1000,1000,1000', '200000,200000,200000'])
  })
})
