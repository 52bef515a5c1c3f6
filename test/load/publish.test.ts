import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { ObjectStore, StoredObject, WriteCondition } from '../../lib/core/ports.ts'
import { sha256 } from '../../lib/core/sha256.ts'
import { look, publish, readDerived, type Wanted } from '../../lib/load/publish.ts'

const KEY = 'current/entity=things/site=test/data.parquet'
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (object: StoredObject | undefined): string | undefined =>
  object && new TextDecoder().decode(object.bytes)

/** A desk’s side of publishing, where what is there is taken for what it says. */
const trusting = (store: ObjectStore) => ({ store, isTrusting: true })

/** What says the same is the same; `built` counts how often it was made. */
function wanting(text: string): { wanted: () => Promise<Wanted>; built: () => number } {
  let built = 0
  const wanted = async (): Promise<Wanted> => ({
    isSame: async (existing) => textOf(existing) === text,
    build: async () => {
      built++
      return bytesOf(text)
    },
  })
  return { wanted, built: () => built }
}

/** A store whose objects are damaged: listed, and never whole. */
const damaged = (store: ObjectStore): ObjectStore => ({
  ...store,
  read: () => Promise.reject(new AlmanacError('corrupt-object', `${KEY} is damaged`)),
})

/**
 * A store in which so many writes lose, each to a writer who leaves this text; it gives up long after any caller should
 * have.
 */
function losing(losses: number, theirs: string) {
  const store = memoryStore()
  const conditions: WriteCondition[] = []
  const write: ObjectStore['write'] = async (key, bytes, condition) => {
    conditions.push(condition)
    if (conditions.length > 50) throw new Error('written for ever')
    if (conditions.length > losses) return store.write(key, bytes, condition)
    await store.remove(key)
    await store.write(key, bytesOf(theirs), 'absent')
    return { won: false }
  }
  return { store: { ...store, write }, conditions }
}

describe('a look', () => {
  test('finds nothing, or the object with its ETag', async () => {
    const store = memoryStore()
    expect([await look(store, KEY), await readDerived(store, KEY)]).toEqual([undefined, undefined])
    const written = await store.write(KEY, bytesOf('a'), 'absent')
    const found = await look(store, KEY)
    expect([found?.etag, textOf(found?.object)]).toEqual([written.won && written.etag, 'a'])
    expect(textOf(await readDerived(store, KEY))).toBe('a')
  })

  test('finds no bytes in what is damaged, but what to replace', async () => {
    const store = memoryStore()
    const written = await store.write(KEY, bytesOf('a'), 'absent')
    expect(await look(damaged(store), KEY)).toEqual({ etag: written.won && written.etag })
    expect(await readDerived(damaged(store), KEY)).toBeUndefined()
  })

  test('finds nothing where the damaged object went meanwhile', async () => {
    expect(await look(damaged(memoryStore()), KEY)).toBeUndefined()
  })

  test('hides no other failure', async () => {
    const failure = new AlmanacError('store-failed', 'no answer')
    const failing: ObjectStore = { ...memoryStore(), read: () => Promise.reject(failure) }
    await expect(look(failing, KEY)).rejects.toBe(failure)
  })
})

describe('publishing', () => {
  test('writes what is not there, nothing when it is the same, and replaces what is another', async () => {
    const { store, conditions } = losing(0, '')
    const [first, second] = [wanting('a'), wanting('b')]
    expect(await publish(trusting(store), KEY, first.wanted)).toBe(true)
    expect(await publish(trusting(store), KEY, first.wanted)).toBe(false)
    expect(first.built()).toBe(1)
    const there = await store.head(KEY)
    expect(await publish(trusting(store), KEY, second.wanted)).toBe(true)
    expect(textOf(await store.read(KEY))).toBe('b')
    expect(conditions).toEqual(['absent', { etag: there?.etag }])
  })

  test('replaces what is damaged, and just that state of it', async () => {
    const { store, conditions } = losing(0, '')
    await publish(trusting(store), KEY, wanting('a').wanted)
    const there = await store.head(KEY)
    const same: Wanted = { isSame: async () => true, build: async () => bytesOf('whole') }
    expect(await publish(trusting(damaged(store)), KEY, async () => same)).toBe(true)
    expect(textOf(await store.read(KEY))).toBe('whole')
    expect(conditions.at(-1)).toEqual({ etag: there?.etag })
  })

  test('looks again when another writer was first', async () => {
    const { store, conditions } = losing(3, 'theirs')
    const mine = wanting('mine')
    expect(await publish(trusting(store), KEY, mine.wanted)).toBe(true)
    expect([mine.built(), conditions.length]).toEqual([4, 4])
    expect(textOf(await store.read(KEY))).toBe('mine')
  })

  test('leaves what another writer wrote when it is the same', async () => {
    const { store, conditions } = losing(3, 'the same')
    expect(await publish(trusting(store), KEY, wanting('the same').wanted)).toBe(false)
    expect(conditions).toEqual(['absent'])
  })

  test('holds a write that won to the manifests once more, and writes again what they say by then', async () => {
    const { store, conditions } = losing(0, '')
    const texts = ['stale', 'true', 'true', 'true']
    const built: string[] = []
    const wanted = async (): Promise<Wanted> => {
      const text = texts.shift() ?? 'asked too often'
      return {
        isSame: async (existing) => existing.key === KEY && textOf(existing) === text,
        build: async () => {
          built.push(text)
          return bytesOf(text)
        },
      }
    }
    expect(await publish(trusting(store), KEY, wanted)).toBe(true)
    expect(textOf(await store.read(KEY))).toBe('true')
    expect([built, texts, conditions.length]).toEqual([['stale', 'true'], [], 2])
  })

  test('says that it wrote also where another writer put right what was stale', async () => {
    const store = memoryStore()
    const asked: (StoredObject | undefined)[] = []
    const wanted = async (): Promise<Wanted> => ({
      isSame: async (existing) => {
        asked.push(existing)
        const isStale = textOf(existing) === 'stale'
        if (isStale) await store.write(KEY, bytesOf('true'), { etag: existing.etag })
        return !isStale
      },
      build: async () => bytesOf('stale'),
    })
    expect(await publish(trusting(store), KEY, wanted)).toBe(true)
    expect(textOf(await store.read(KEY))).toBe('true')
    const [mine, theirs] = asked
    expect(asked).toHaveLength(2)
    expect(mine).toMatchObject({ key: KEY, size: 5, sha256: sha256(bytesOf('stale')) })
    expect(theirs).toEqual(await store.read(KEY))
  })

  test('makes everything again where nothing is trusted, and writes what is not the same', async () => {
    const { store, conditions } = losing(0, '')
    let built = 'right'
    const wanted = async (): Promise<Wanted> => ({
      isSame: async () => true,
      build: async () => bytesOf(built),
    })
    const distrusting = { store, isTrusting: false }
    expect(await publish(distrusting, KEY, wanted)).toBe(true)
    expect(await publish(distrusting, KEY, wanted)).toBe(false)
    built = 'as it should be'
    expect(await publish(trusting(store), KEY, wanted)).toBe(false)
    expect(await publish(distrusting, KEY, wanted)).toBe(true)
    expect([textOf(await store.read(KEY)), conditions.length]).toEqual([built, 2])
  })

  test('gives up after twenty others', async () => {
    const { store, conditions } = losing(Number.POSITIVE_INFINITY, 'theirs')
    await expect(publish(trusting(store), KEY, wanting('mine').wanted)).rejects.toMatchObject({
      code: 'store-conflict',
      message: `${KEY}: other writers won 20 times`,
    })
    expect(conditions).toHaveLength(20)
  })
})
