import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import { keys } from '../../lib/core/keys.ts'
import { committedDays, readManifest } from '../../lib/core/manifest.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { jsonBytes, parseStored } from '../../lib/core/receipt.ts'
import { ENTITIES, entityNamed } from '../../lib/entities/index.ts'
import { accept, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { figure } from '../guarantees/proof.ts'
import { closedRows, committedOf, currentRows, landNumbers, numbers, publishedOf, SITE } from './rows.ts'

const FIRST = '2026-11-01'
const [SECOND, THIRD, FOURTH] = [1, 2, 3].map((i) => addDays(FIRST, i)) as [string, string, string]
const USERS = entityNamed('users')
const GROUPS = entityNamed('groups')
const MEMBERS = entityNamed('group_members')

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const counted = { refused: 0, accepted: 0, 'changed by a refusal': 0 }
afterAll(() => figure('accepting', counted))

const loaded = (store: ObjectStore, entity: Entity, run = 'load') => load(store, engine, entity, SITE, run)
const accepting = (store: ObjectStore, entity: Entity, sha256prefix: string, site = SITE, run = 'accept') =>
  accept(store, engine, entity, site, { sha256prefix, run, reason: 'looked at' })

/** A store in which 100 rows of each entity are committed, and a night of this many is held. The SHA-256 of what is held. */
async function holding(
  entities: readonly Entity[],
  rows = 40,
): Promise<{ store: ObjectStore; hashes: readonly string[] }> {
  const store = memoryStore()
  const hashes: string[] = []
  for (const entity of entities) {
    await landNumbers(store, entity, FIRST, numbers(0, 100))
    await loaded(store, entity)
    await landNumbers(store, entity, SECOND, numbers(0, rows))
    const { held } = await loaded(store, entity, 'held')
    hashes.push(...held.map(({ candidate }) => candidate))
  }
  expect(hashes).toHaveLength(entities.length)
  return { store, hashes }
}

const manifestOf = async (store: ObjectStore, entity: Entity, dt: string) => {
  const at = { entity: entity.name, site: SITE }
  const day = (await committedDays(store, at)).find((each) => each.dt === dt)
  if (day === undefined) throw new Error(`${entity.name} of ${dt} is not committed`)
  return readManifest(store, at, day)
}

/** Every object of a store with its version: equal means that nothing was written at all. */
const everything = async (store: ObjectStore): Promise<readonly string[]> =>
  (await store.list('')).map(({ key, etag }) => `${key} ${etag}`).sort()

/** Holds that accepting is refused with this code and message, and writes nothing at all. */
async function expectRefused(
  store: ObjectStore,
  entity: Entity,
  prefix: string,
  code: string,
  message: RegExp,
  site = SITE,
): Promise<void> {
  const before = await everything(store)
  const error = await accepting(store, entity, prefix, site).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AlmanacError)
  expect([error instanceof AlmanacError && error.code, String(error)]).toEqual([
    code,
    expect.stringMatching(message),
  ])
  const after = await everything(store)
  expect(after).toEqual(before)
  counted.refused++
  counted['changed by a refusal'] += after.filter((each) => !before.includes(each)).length
}

/** The same objects under another site's keys, as if that site had been read as well. */
async function copyToSite(store: ObjectStore, other: string): Promise<void> {
  const moved = (text: string): string =>
    text.replaceAll(`site=${SITE}/`, `site=${other}/`).replaceAll(`"site": "${SITE}"`, `"site": "${other}"`)
  for (const { key } of await store.list('')) {
    const bytes = (await store.read(key))?.bytes ?? new Uint8Array()
    const isText = key.endsWith('.json')
    const content = isText ? new TextEncoder().encode(moved(new TextDecoder().decode(bytes))) : bytes
    await store.write(moved(key), content, 'absent')
  }
}

/** Stores a second candidate of the day beside one, whose SHA-256 begins with the same digits. */
async function plantTwin(store: ObjectStore, entity: Entity, hash: string, digits: number): Promise<string> {
  const at = { entity: entity.name, site: SITE }
  const twin =
    hash.slice(0, digits) + hash.slice(digits).replace(/./g, (digit) => (digit === 'a' ? 'b' : 'a'))
  const key = keys.candidateReceipt(at, SECOND, hash)
  const object = await store.read(key)
  const receipt = parseStored<{ format: 1 }>(key, object?.bytes ?? new Uint8Array())
  await store.write(
    keys.candidateReceipt(at, SECOND, twin),
    jsonBytes({ ...receipt, sha256: twin }),
    'absent',
  )
  const bytes = (await store.read(keys.candidate(at, SECOND, hash)))?.bytes ?? new Uint8Array()
  await store.write(keys.candidate(at, SECOND, twin), bytes, 'absent')
  return twin
}

describe('accepting refuses', () => {
  test('a hash that is nobody’s, too short, too long or another text', async () => {
    const { store, hashes } = await holding([USERS])
    const hash = hashes[0] ?? ''
    const wrong = hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    const almost = hash.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
    const texts = ['', hash.slice(0, 7), hash.slice(1), wrong, wrong.slice(0, 12), almost, `${hash}0`]
    for (const prefix of [...texts, '%'.repeat(8), '........', hash.toUpperCase().replace(/^\d*/, 'A')])
      await expectRefused(
        store,
        USERS,
        prefix,
        'not-found',
        /no one held candidate .* held: 2026-11-02 [0-9a-f]{12}/,
      )
  })

  test('the hash of another entity, of another site and of a day that is committed', async () => {
    const { store, hashes } = await holding([USERS, GROUPS])
    const [ofUsers, ofGroups] = hashes as [string, string]
    await expectRefused(store, USERS, ofGroups, 'not-found', /held: 2026-11-02/)
    await expectRefused(store, MEMBERS, ofUsers, 'not-found', /held: none/)
    await expectRefused(store, USERS, ofUsers, 'not-found', /held: none/, 'elsewhere')
    const committed = (await manifestOf(store, USERS, FIRST)).candidate ?? ''
    await expectRefused(store, USERS, committed, 'not-found', /held: 2026-11-02/)
  })

  test('the hash of a day that another reading has committed since, also when that one is withdrawn', async () => {
    const { store, hashes } = await holding([USERS])
    await landNumbers(store, USERS, SECOND, numbers(0, 99), {
      run: 'again',
      observedFrom: Date.parse(`${SECOND}T05:00:00Z`),
    })
    expect((await loaded(store, USERS)).committed).toEqual([{ dt: SECOND, version: 1 }])
    await expectRefused(store, USERS, hashes[0] ?? '', 'not-found', /held: none/)
    await withdrawDay(store, engine, USERS, SITE, { dt: SECOND, run: 'w', reason: 'test' })
    await expectRefused(store, USERS, hashes[0] ?? '', 'not-found', /held: none/)
    expect(await closedRows(store, engine, USERS)).toBe(0)
  })

  test('a beginning that two hashes share', async () => {
    const { store, hashes } = await holding([USERS])
    const hash = hashes[0] ?? ''
    await plantTwin(store, USERS, hash, 20)
    for (const digits of [8, 12, 20])
      await expectRefused(store, USERS, hash.slice(0, digits), 'not-found', /no one held candidate/)
    await accepting(store, USERS, hash.slice(0, 21))
    expect((await manifestOf(store, USERS, SECOND)).candidate).toBe(hash)
  })

  test('what another run commits while it looks', async () => {
    const { store, hashes } = await holding([USERS])
    await landNumbers(store, USERS, SECOND, numbers(0, 98), {
      run: 'again',
      observedFrom: Date.parse(`${SECOND}T05:00:00Z`),
    })
    const raced: ObjectStore = {
      ...store,
      write: async (key, bytes, condition) => {
        if (key.startsWith('manifest/')) await loaded(store, USERS, 'first')
        return store.write(key, bytes, condition)
      },
    }
    await expect(accepting(raced, USERS, hashes[0] ?? '')).rejects.toMatchObject({
      code: 'already-committed',
    })
    counted.refused++
    expect([(await manifestOf(store, USERS, SECOND)).rows, await closedRows(store, engine, USERS)]).toEqual([
      98, 2,
    ])
  })

  test('a day that was read after the day behind it', async () => {
    const { store } = await holding([USERS])
    await landNumbers(store, USERS, FOURTH, numbers(0, 100), {
      observedFrom: Date.parse(`${FIRST}T04:00:00Z`),
    })
    await loaded(store, USERS)
    const hash = (await loaded(store, USERS)).held[0]?.candidate ?? ''
    await expectRefused(
      store,
      USERS,
      hash,
      'out-of-order',
      /2026-11-02 was read at .*, not before 2026-11-04/,
    )
  })

  test.each(ENTITIES.filter(({ kind }) => kind === 'event').map((each) => [each.name, each] as const))(
    'a day of %s, which are events',
    async (_, entity) => {
      const store = memoryStore()
      await landNumbers(store, entity, FIRST, numbers(0, 100))
      await loaded(store, entity)
      const [{ key } = { key: '' }] = await store.list('observation/')
      const hash = /([0-9a-f]{64})/.exec(key)?.[1] ?? ''
      expect(() => accepting(store, entity, hash)).toThrow(expect.objectContaining({ code: 'usage' }))
    },
  )
})

describe('accepting commits', () => {
  test.each([8, 12, 64])('the one that is named by its first %d digits, and nothing else', async (digits) => {
    const all = digits === 64
    const entities = all ? ENTITIES.filter(({ kind }) => kind === 'state') : [USERS, GROUPS, MEMBERS]
    const { store, hashes } = await holding(entities)
    const others = async (entity: Entity) =>
      Promise.all(entities.filter((each) => each !== entity).map((each) => publishedOf(store, each)))
    for (const entity of all ? entities : [USERS, MEMBERS]) {
      const hash = hashes[entities.indexOf(entity)] ?? ''
      const before = await others(entity)
      const { committed, held } = await accepting(store, entity, hash.slice(0, digits))
      expect([committed, held]).toEqual([[], []])
      const { candidate, note, version, run } = await manifestOf(store, entity, SECOND)
      expect({ candidate, note, version, run }).toEqual({
        candidate: hash,
        note: { kind: 'accepted', reason: 'looked at' },
        version: 1,
        run: 'accept',
      })
      expect([await closedRows(store, engine, entity), await currentRows(store, engine, entity)]).toEqual([
        60, 40,
      ])
      expect(await others(entity)).toEqual(before)
      counted.accepted++
    }
  })

  test('one of two readings of a day; the other is never asked about again', async () => {
    const { store, hashes } = await holding([USERS], 0)
    await landNumbers(store, USERS, SECOND, numbers(0, 50), {
      run: 'again',
      observedFrom: Date.parse(`${SECOND}T05:00:00Z`),
    })
    const both = (await loaded(store, USERS)).held
    expect(both.map(({ reason }) => reason)).toEqual([
      '0 rows where there were 100',
      '50 of 100 rows are gone, and 20 may go in one night',
    ])
    const second = both.find(({ candidate }) => candidate !== hashes[0])?.candidate ?? ''
    expect((await accepting(store, USERS, second)).held).toEqual([])
    expect(await manifestOf(store, USERS, SECOND)).toMatchObject({ candidate: second, rows: 50 })
    await expectRefused(store, USERS, hashes[0] ?? '', 'not-found', /held: none/)
    expect((await loaded(store, USERS)).held).toEqual([])
    counted.accepted++
  })

  test('at one site alone, where two sites hold the same bytes', async () => {
    const { store, hashes } = await holding([USERS])
    await copyToSite(store, 'elsewhere')
    await accepting(store, USERS, hashes[0] ?? '', 'elsewhere')
    expect(await committedOf(store, USERS, 'elsewhere')).toEqual([FIRST, SECOND])
    expect(await committedOf(store, USERS)).toEqual([FIRST])
    expect(await closedRows(store, engine, USERS)).toBe(0)
    expect(await closedRows(store, engine, USERS, 'elsewhere')).toBe(60)
    counted.accepted++
  })

  // Nights of memberships hold nothing that differs from day to day, and each is named after its own reading.
  test('one day of two that hold the same rows: one may be true and the other not', async () => {
    const { store, hashes } = await holding([MEMBERS])
    await landNumbers(store, MEMBERS, THIRD, numbers(0, 99))
    await landNumbers(store, MEMBERS, FOURTH, numbers(0, 40))
    const { held } = await loaded(store, MEMBERS)
    expect(held.map(({ dt }) => dt)).toEqual([SECOND, FOURTH])
    const [second, fourth] = held.map(({ candidate }) => candidate)
    expect(second).toBe(hashes[0])
    expect(fourth).not.toBe(second)
    await accepting(store, MEMBERS, fourth ?? '')
    expect(await committedOf(store, MEMBERS)).toEqual([FIRST, THIRD, FOURTH])
    counted.accepted++
  })

  test('twice the same at once: one commit, and both end well or say why', async () => {
    const { store, hashes } = await holding([USERS])
    const both = await Promise.allSettled(
      ['a', 'b'].map((run) => accepting(store, USERS, hashes[0] ?? '', SITE, run)),
    )
    const codes = both.map((each) => (each.status === 'fulfilled' ? 'done' : each.reason.code))
    expect(codes).toContain('done')
    for (const code of codes) expect(['done', 'already-committed', 'not-found']).toContain(code)
    expect((await manifestOf(store, USERS, SECOND)).version).toBe(1)
    counted.accepted++
  })

  test('nothing whose bytes are no longer those that were looked at', async () => {
    const { store, hashes } = await holding([USERS])
    const key = keys.candidate({ entity: 'users', site: SITE }, SECOND, hashes[0] ?? '')
    const object = await store.read(key)
    const damaged = Uint8Array.from(object?.bytes ?? []).fill(0, 100, 110)
    await store.write(key, damaged, { etag: object?.etag ?? '' })
    await expectRefused(store, USERS, hashes[0] ?? '', 'corrupt-object', /has SHA-256/)
  })
})
