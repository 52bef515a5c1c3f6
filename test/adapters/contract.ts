import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { etagOf, sha256, text } from './bytes.ts'
import { HOSTILE_KEYS, HOSTILE_PREFIXES } from './hostile.ts'

const KEY = 'manifest/entity=users/site=demo/dt=2026-11-01/v0001.json'
const RACERS = 20
const BIG = 20 * 1024 * 1024

const LOST = { won: false }

const contentAt = async (store: ObjectStore, key: string): Promise<string | undefined> => {
  const found = await store.read(key)
  return found && new TextDecoder().decode(found.bytes)
}

const keysUnder = async (store: ObjectStore, prefix: string): Promise<readonly string[]> =>
  (await store.list(prefix)).map(({ key }) => key)

/** What every ObjectStore must do, told through the port alone. `open` gives a store with nothing in it. */
export function objectStoreContract(adapter: string, open: () => Promise<ObjectStore>): void {
  let store: ObjectStore
  beforeEach(async () => {
    store = await open()
  })

  describe(`${adapter}: create-only writes`, () => {
    it('creates what is absent', async () => {
      expect(await store.write(KEY, text('one'), 'absent')).toEqual({ won: true, etag: expect.any(String) })
      expect(await contentAt(store, KEY)).toBe('one')
    })

    it('loses to what exists, and changes nothing', async () => {
      const etag = etagOf(await store.write(KEY, text('one'), 'absent'))
      expect(await store.write(KEY, text('two'), 'absent')).toEqual(LOST)
      expect(await store.write(KEY, text('one'), 'absent')).toEqual(LOST)
      expect(await contentAt(store, KEY)).toBe('one')
      expect(await store.head(KEY)).toEqual({ key: KEY, etag, size: 3 })
    })

    it('lets one of many racers win', async () => {
      const racers = Array.from({ length: RACERS }, (_, i) => store.write(KEY, text(`racer ${i}`), 'absent'))
      const results = await Promise.all(racers)
      const winner = results.findIndex(({ won }) => won)
      expect(results.filter(({ won }) => won)).toHaveLength(1)
      expect(await contentAt(store, KEY)).toBe(`racer ${winner}`)
      expect(await store.list('')).toHaveLength(1)
    })

    it('lets one of many racers with the same bytes win', async () => {
      const racers = Array.from({ length: RACERS }, () => store.write(KEY, text('same'), 'absent'))
      expect((await Promise.all(racers)).filter(({ won }) => won)).toHaveLength(1)
      expect(await contentAt(store, KEY)).toBe('same')
    })
  })

  describe(`${adapter}: replacing writes`, () => {
    it('replaces the state that was named', async () => {
      const first = etagOf(await store.write(KEY, text('one'), 'absent'))
      const second = etagOf(await store.write(KEY, text('second'), { etag: first }))
      expect(await contentAt(store, KEY)).toBe('second')
      expect(await store.head(KEY)).toEqual({ key: KEY, etag: second, size: 6 })
    })

    it('loses to another state, and changes nothing', async () => {
      const first = etagOf(await store.write(KEY, text('one'), 'absent'))
      const second = etagOf(await store.write(KEY, text('two'), { etag: first }))
      for (const etag of [first, '', 'none', '*']) {
        expect(await store.write(KEY, text('three'), { etag })).toEqual(LOST)
      }
      expect(await store.head(KEY)).toEqual({ key: KEY, etag: second, size: 3 })
      expect(await contentAt(store, KEY)).toBe('two')
    })

    it('loses where there is nothing, and leaves nothing', async () => {
      expect(await store.write(KEY, text('one'), { etag: 'any' })).toEqual(LOST)
      expect(await store.read(KEY)).toBeUndefined()
      expect(await store.list('')).toEqual([])
    })

    it('takes the same bytes again', async () => {
      const first = etagOf(await store.write(KEY, text('one'), 'absent'))
      const again = etagOf(await store.write(KEY, text('one'), { etag: first }))
      expect(await store.head(KEY)).toEqual({ key: KEY, etag: again, size: 3 })
      expect(await contentAt(store, KEY)).toBe('one')
    })

    it('lets one of many racers win', async () => {
      const etag = etagOf(await store.write(KEY, text('start'), 'absent'))
      const racers = Array.from({ length: RACERS }, (_, i) => store.write(KEY, text(`racer ${i}`), { etag }))
      const results = await Promise.all(racers)
      const winner = results.findIndex(({ won }) => won)
      expect(results.filter(({ won }) => won)).toHaveLength(1)
      expect(await contentAt(store, KEY)).toBe(`racer ${winner}`)
    })

    it('loses no update of many read-and-replace loops', async () => {
      await store.write(KEY, text('0'), 'absent')
      const increment = async (): Promise<void> => {
        const found = await store.read(KEY)
        if (found === undefined) throw new Error('the counter vanished')
        const next = text(String(Number(new TextDecoder().decode(found.bytes)) + 1))
        if (!(await store.write(KEY, next, { etag: found.etag })).won) await increment()
      }
      await Promise.all(Array.from({ length: RACERS }, increment))
      expect(await contentAt(store, KEY)).toBe(String(RACERS))
    })
  })

  describe(`${adapter}: objects`, () => {
    it('says undefined of what is not there', async () => {
      expect(await store.read(KEY)).toBeUndefined()
      expect(await store.head(KEY)).toBeUndefined()
    })

    it('says undefined of what is only the beginning of a key', async () => {
      await store.write(KEY, text('one'), 'absent')
      expect(await store.read('manifest/entity=users')).toBeUndefined()
      expect(await store.head('manifest/entity=users')).toBeUndefined()
    })

    it.each([
      ['empty', 0],
      ['of one byte', 1],
      ['big', BIG],
    ])('keeps an object that is %s, and its SHA-256', async (_, size) => {
      const bytes = new Uint8Array(randomBytes(size))
      const etag = etagOf(await store.write(KEY, bytes, 'absent'))
      const found = await store.read(KEY)
      expect(found).toMatchObject({ key: KEY, etag, size, sha256: sha256(bytes) })
      expect(Buffer.compare(found?.bytes ?? text('absent'), bytes)).toBe(0)
      expect(await store.list('')).toEqual([{ key: KEY, etag, size }])
    })

    it('changes the ETag whenever the bytes change, and only with a write', async () => {
      const etags = [etagOf(await store.write(KEY, text('0'), 'absent'))]
      for (let i = 1; i <= 10; i++) {
        const etag = etags.at(-1) ?? ''
        await store.read(KEY)
        await store.write(KEY, text('lost'), 'absent')
        await store.write(KEY, text('lost'), { etag: 'other' })
        await store.write(`${KEY}.other`, text(String(i)), 'absent')
        expect((await store.head(KEY))?.etag).toBe(etag)
        expect((await store.read(KEY))?.etag).toBe(etag)
        etags.push(etagOf(await store.write(KEY, text(String(i)), { etag })))
      }
      expect(new Set(etags).size).toBe(etags.length)
    })

    it('keeps its own copy of the bytes it is given', async () => {
      const bytes = text('mine')
      const written = store.write(KEY, bytes, 'absent')
      bytes.fill(0)
      await written
      expect(await contentAt(store, KEY)).toBe('mine')
    })

    it('gives every reader bytes of their own', async () => {
      await store.write(KEY, text('mine'), 'absent')
      const found = await store.read(KEY)
      found?.bytes.fill(0)
      expect(await contentAt(store, KEY)).toBe('mine')
    })

    it('takes a view into a larger buffer for what it shows', async () => {
      await store.write(KEY, text('<inside>').subarray(1, 7), 'absent')
      expect(await contentAt(store, KEY)).toBe('inside')
    })

    it('removes an object, and what is absent without complaint', async () => {
      const etag = etagOf(await store.write(KEY, text('one'), 'absent'))
      await store.write(`${KEY}.other`, text('two'), 'absent')
      await store.remove(KEY)
      await store.remove(KEY)
      await store.remove('never/was')
      expect(await store.read(KEY)).toBeUndefined()
      expect(await store.head(KEY)).toBeUndefined()
      expect(await keysUnder(store, '')).toEqual([`${KEY}.other`])
      expect(await store.write(KEY, text('one'), { etag })).toEqual(LOST)
      expect(await store.write(KEY, text('one'), 'absent')).toMatchObject({ won: true })
    })
  })

  describe(`${adapter}: listings`, () => {
    const KEYS = [
      'a',
      'b-c/x',
      'b/x',
      'b/y/1.json',
      'b/y/10.json',
      'b/y/2.json',
      'b/y=1/Z',
      'b/y=1/z',
      'c.json',
    ]
    beforeEach(async () => {
      for (const key of [...KEYS].reverse()) await store.write(key, text(key), 'absent')
    })

    it.each([
      ['', KEYS],
      ['b', KEYS.filter((key) => key.startsWith('b'))],
      ['b/', KEYS.filter((key) => key.startsWith('b/'))],
      ['b/y', KEYS.filter((key) => key.startsWith('b/y'))],
      ['b/y/', ['b/y/1.json', 'b/y/10.json', 'b/y/2.json']],
      ['b/y/1', ['b/y/1.json', 'b/y/10.json']],
      ['b/y/10.json', ['b/y/10.json']],
      ['B', []],
      ['b/z/', []],
      ['d/e/f', []],
    ])('lists what starts with "%s", sorted', async (prefix, expected) => {
      expect(await keysUnder(store, prefix)).toEqual([...expected].sort())
    })

    it('shows the same state as head', async () => {
      for (const info of await store.list('')) expect(await store.head(info.key)).toEqual(info)
    })

    it('shows each write, replacement and removal at once', async () => {
      for (let i = 0; i < 20; i++) {
        const key = `landing/part-${i}`
        const first = etagOf(await store.write(key, text('1'), 'absent'))
        expect(await store.list(key)).toEqual([{ key, etag: first, size: 1 }])
        const second = etagOf(await store.write(key, text('22'), { etag: first }))
        expect(await store.list(key)).toEqual([{ key, etag: second, size: 2 }])
        await store.remove(key)
        expect(await store.list(key)).toEqual([])
      }
    })

    it('shows what racers wrote into one folder', async () => {
      const keys = Array.from({ length: RACERS }, (_, i) => `race/dt=${i}/v0001.json`)
      await Promise.all(keys.map((key) => store.write(key, text(key), 'absent')))
      expect(await keysUnder(store, 'race/')).toEqual([...keys].sort())
    })
  })

  describe(`${adapter}: keys`, () => {
    it.each(HOSTILE_KEYS)('refuses the key %j everywhere', async (key) => {
      const refused = { code: 'internal' }
      await expect(store.read(key)).rejects.toMatchObject(refused)
      await expect(store.head(key)).rejects.toMatchObject(refused)
      await expect(store.write(key, text('x'), 'absent')).rejects.toMatchObject(refused)
      await expect(store.write(key, text('x'), { etag: 'x' })).rejects.toMatchObject(refused)
      await expect(store.remove(key)).rejects.toMatchObject(refused)
      expect(await store.list('')).toEqual([])
    })

    it.each(HOSTILE_PREFIXES)('refuses the prefix %j', async (prefix) => {
      await expect(store.list(prefix)).rejects.toMatchObject({ code: 'internal' })
    })

    it('takes the longest segment and many of them', async () => {
      const key = Array.from({ length: 5 }, () => 'x'.repeat(140)).join('/')
      await store.write(key, text('deep'), 'absent')
      expect(await contentAt(store, key)).toBe('deep')
    })
  })
}
