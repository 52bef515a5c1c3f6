import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { RunEvent } from '../../lib/core/event.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import { openDatabase } from '../../lib/engine/database.ts'
import { partWriter } from '../../lib/extract/parquet.ts'
import { figure } from '../guarantees/proof.ts'
import { serve } from '../tableau/servers.ts'
import { scanWorld, type World } from './scan.ts'
import { searchFor } from './search.ts'
import { mintOf } from './secrets.ts'
import { SPELLINGS, spell } from './spellings.ts'

const SECRET = mintOf('scan').special('the secret')
const { value } = SECRET
const search = searchFor([SECRET])
const scanText = (text: string | Buffer) => scanWorld([SECRET], { objects: [['a place', Buffer.from(text)]] })

/** A text in a spelling, in the middle of something. */
function inSpelling(spelling: string, text: string, before = 'x'): Buffer {
  const whole = (inner: string | Buffer): Buffer =>
    Buffer.concat(['<', inner, '>'].map((part) => Buffer.from(part)))
  if (spelling === 'backwards') return whole([...text].reverse().join(''))
  if (spelling === 'Base64') return whole(Buffer.from(`${before}${text}${before}`).toString('base64'))
  if (spelling === 'Base64url') return whole(Buffer.from(`${before}${text}${before}`).toString('base64url'))
  return whole(spell(spelling, text))
}

describe('the scanner finds', () => {
  it.each(SPELLINGS)('the whole secret, and any eight characters of it: %s', (spelling) => {
    const characters = [...value]
    const parts = characters.slice(7).map((_, i) => characters.slice(i, i + 8).join(''))
    for (const text of [value, ...parts]) expect(search(inSpelling(spelling, text))).not.toEqual([])
  })

  it.each(['', 'a', 'ab'])('Base64 wherever it begins in its group: after "%s"', (before) => {
    for (const spelling of ['Base64', 'Base64url'])
      expect(search(inSpelling(spelling, value, before))).not.toEqual([])
  })

  it('nothing in what only looks like it', async () => {
    const { hits, bytes } = await scanText(
      `${mintOf('another').special('the secret').value}${value.slice(0, 7)}`,
    )
    expect([hits, bytes > 50]).toEqual([[], true])
  })

  it('what cannot be opened, and says so', async () => {
    const cut = gzipSync(value.repeat(9)).subarray(0, 30)
    expect((await scanText(cut)).unread).toEqual(['a place'])
  })
})

/** What a request to another host is seen as. */
async function strangers(path: string, headers: Record<string, string>): Promise<string> {
  let raw = ''
  const url = await serve((request, response) => {
    raw = [request.url, ...request.rawHeaders].join('\n')
    response.end()
  })
  await (await fetch(url + path, { headers })).text()
  return raw
}

const parquetCell = (text: string): Uint8Array => {
  const writer = partWriter([{ name: 'name', type: 'text' }])
  writer.add([{ name: 'harmless' }, { name: text }])
  return writer.finish()
}

function parquetFooter(text: string): Uint8Array {
  const writer = new ByteWriter()
  const schema = [
    { name: 'root', num_children: 1 },
    { name: 'a', type: 'INT32', repetition_type: 'REQUIRED' },
  ] as const
  const parquet = new ParquetWriter({
    writer,
    schema: [...schema],
    kvMetadata: [{ key: 'note', value: text }],
  })
  void parquet.write({ columnData: [{ name: 'a', data: [1] }] })
  void parquet.finish()
  return writer.getBytes()
}

/** As loads write it: by the engine, with its dictionaries and zstd. */
async function engineParquet(text: string): Promise<Uint8Array> {
  const database = await openDatabase()
  const session = await database.session()
  const path = session.scratch()
  await session.run('CREATE TABLE t AS SELECT $1::VARCHAR AS name FROM range(1000)', [text])
  await session.run(`COPY t TO '${path}' (FORMAT parquet, COMPRESSION zstd)`)
  const bytes = await session.collect(path)
  await session.close()
  await database.close()
  return bytes
}

async function folderWith(name: string, bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-canary-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, name), bytes)
  return folder
}

const say = (spelling: string, text = value): string => inSpelling(spelling, text).toString('latin1')
const event = (reason: string): RunEvent => ({ type: 'retried', path: '/api', attempt: 1, waitMs: 1, reason })

async function storeWith(key: string, bytes: Uint8Array) {
  const store = memoryStore()
  await store.write(key, bytes, 'absent')
  return { store }
}

const part = (from: number): string => [...value].slice(from, from + 8).join('')
const letters = value.slice(0, 12)

/** One leak in each place that a run writes to, each in a spelling of its own. */
const PLANTED: Readonly<Record<string, () => Promise<World> | World>> = {
  'a line of the log': () => ({ texts: { log: JSON.stringify(event(say('JSON, all escaped'))) } }),
  'an event of a run': () => ({ values: { events: [event(say('XML by numbers'))] } }),
  'the message of an error': () => ({
    values: { error: new AlmanacError('internal', `it was ${part(9)}, odd`) },
  }),
  'the cause of a cause of an error': () => {
    const cause = new Error('outer', { cause: new Error(say('Base64')) })
    return { values: { error: new AlmanacError('internal', 'odd', { cause }) } }
  },
  'the stack of an error': () => {
    const error = new Error('odd')
    error.stack = `Error: odd\n    at ${say('hex')} (file.ts:1:1)`
    return { values: { error } }
  },
  'details of an error': () => ({
    values: { error: new AlmanacError('internal', 'odd', { details: { place: say('percent') } }) },
  }),
  'a hidden property deep in an object': () => ({
    values: { client: { a: [{ b: Object.defineProperty({}, 'token', { value, enumerable: false }) }] } },
  }),
  'a manifest': () => storeWith('manifest/v0001.json', jsonBytes({ note: { reason: value } })),
  'the report of a run': () => storeWith('runs/run=1.json', jsonBytes({ failure: say('JSON within JSON') })),
  'a key of the warehouse': () => storeWith(`current/${letters}/data.parquet`, parquetCell('x')),
  'a cell of landing': () => storeWith('landing/part.parquet', parquetCell(say('hex in capitals'))),
  'a cell of a table': async () => storeWith('current/data.parquet', await engineParquet(say('backwards'))),
  'the footer of a table': () => storeWith('current/data.parquet', parquetFooter(say('Base64url'))),
  'a packed file that was left behind': async () => ({
    folders: [await folderWith('core.gz', gzipSync(gzipSync(inSpelling('UTF-16LE', value))))],
  }),
  'the name of a file': async () => ({ folders: [await folderWith(`${letters}.txt`, Buffer.from('x'))] }),
  'a message to people': () => ({ texts: { slack: JSON.stringify({ text: say('XML by names') }) } }),
  'the answer of a command': () => ({ texts: { stdout: say('lower case') } }),
  'what a command says beside it': () => ({ texts: { stderr: `\u001b[31m${say('upper case')}\u001b[39m` } }),
  'the address of a request to a stranger': async () => ({
    texts: { stranger: await strangers(`/hook?relay=${encodeURIComponent(value)}`, {}) },
  }),
  'a header of a request to a stranger': async () => {
    const authorization = `Basic ${Buffer.from(`me:${value}`).toString('base64')}`
    return { texts: { stranger: await strangers('/', { authorization }) } }
  },
}

let found = 0
const spellings = new Set<string>()
it.each(Object.entries(PLANTED))('a leak planted in %s is found', async (_, plant) => {
  const { hits, unread } = await scanWorld([SECRET], await plant())
  expect([hits.length > 0, unread]).toEqual([true, []])
  found += 1
  for (const { spelling } of hits) spellings.add(spelling)
})

afterAll(() => {
  expect(found).toBe(Object.keys(PLANTED).length)
  expect([found, spellings.size].every((count) => count >= 10)).toBe(true)
  figure('secret-canary-scanner', {
    spellings: SPELLINGS.length,
    'planted leaks': Object.keys(PLANTED).length,
    'of them found': found,
    'spellings found': spellings.size,
  })
})
