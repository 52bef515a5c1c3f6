import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Checkpoint } from '../../lib/core/checkpoint.ts'
import { text } from '../../lib/core/column.ts'
import { children, type Entity, entity, list } from '../../lib/core/entity.ts'
import type { RawItem } from '../../lib/core/item.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { jsonBytes, type Receipt } from '../../lib/core/receipt.ts'
import { PARENT_VERDICT } from '../../lib/core/shape.ts'
import { ENTITIES, entityNamed } from '../../lib/entities/index.ts'
import type { ExtractResult, Unfinished } from '../../lib/extract/extract.ts'
import type { Client } from '../../lib/tableau/client.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { publishedRows } from '../load/toy.ts'
import { DT, invoke, MEMBERS, published, timeFor, visitSite } from './resumed.ts'
import { type Answers, stubClient, tableauError } from './stub-client.ts'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const item = (cells: Record<string, string>): RawItem => Object.assign(Object.create(null), cells)
const ids = (...all: readonly string[]): readonly RawItem[] => all.map((id) => item({ '@id': id }))

type Groups = Readonly<Record<string, ReturnType<Answers['list']>>>

/** A site that holds these groups, each with what it answers for its members; those that answer and are not listed are gone. */
const siteOf = (groups: Groups, listed = Object.keys(groups)) =>
  stubClient({
    list: ({ path }) => (path === 'groups' ? ids(...listed) : (groups[path.split('/')[1] ?? ''] ?? [])),
  })

const asksOf = ({ asked }: { readonly asked: readonly string[] }): string[] =>
  asked.flatMap((path) => /^groups\/(\w+)/.exec(path)?.[1] ?? [])

function receiptOf(result: ExtractResult | Unfinished): Receipt {
  if (result.verdict !== 'complete') throw new Error(JSON.stringify(result))
  return result.receipt
}

async function landed(store: ObjectStore, { parts }: Receipt): Promise<string[]> {
  const rows = await Promise.all(parts.map(({ key }) => publishedRows(store, engine, key)))
  return rows
    .flatMap((each) => each ?? [])
    .map((row) => `${row['group_id']} ${row[PARENT_VERDICT] ?? row['user_id']}`)
    .sort()
}

describe('between two invocations', () => {
  test('a parent that was read and is gone from the list stays read; one that came is read', async () => {
    const store = memoryStore()
    await invoke(siteOf({ a: ids('u1'), b: ids('u2') }), store, timeFor(1))
    const later = siteOf({ b: ids('u2'), c: ids('u3') })
    const receipt = receiptOf(await invoke(later, store, timeFor(9)))
    expect(asksOf(later)).toEqual(['b', 'c'])
    expect(receipt).toMatchObject({ rows: 3, firstTotal: 3, lastTotal: 3, parents: { read: 3 } })
    expect(await landed(store, receipt)).toEqual(['a read', 'a u1', 'b read', 'b u2', 'c read', 'c u3'])
    expect((await published(store, engine)).snapshot).toHaveLength(3)
  })

  test('a parent that was not asked yet and is gone is none', async () => {
    const store = memoryStore()
    await invoke(siteOf({ a: ids('u1'), b: ids('u2') }), store, timeFor(1))
    const receipt = receiptOf(await invoke(siteOf({ a: ids('u1') }), store, timeFor(9)))
    expect(await landed(store, receipt)).toEqual(['a read', 'a u1'])
  })

  test('a parent that answered 404 has vanished when the new list lacks it, without being asked again', async () => {
    const store = memoryStore()
    await invoke(siteOf({ a: tableauError('404012'), b: ids('u') }), store, timeFor(1))
    const later = siteOf({ b: ids('u') })
    const receipt = receiptOf(await invoke(later, store, timeFor(9)))
    expect(asksOf(later)).toEqual(['b'])
    expect(receipt.parents).toEqual({ read: 1, not_read: 0, forbidden: 0, vanished: 1 })
    expect(await landed(store, receipt)).toEqual(['a vanished', 'b read', 'b u'])
  })

  test('a parent that answered 404 and is listed again is asked again', async () => {
    const store = memoryStore()
    await invoke(siteOf({ a: tableauError('404012'), b: ids('u') }), store, timeFor(1))
    const receipt = receiptOf(await invoke(siteOf({ a: ids('v'), b: ids('u') }), store, timeFor(9)))
    expect(await landed(store, receipt)).toEqual(['a read', 'a v', 'b read', 'b u'])
  })

  test('a parent that answers 404 for ever and is listed leaves the day incomplete, and ends', async () => {
    const store = memoryStore()
    const site = () => siteOf({ a: tableauError('404012'), b: ids('u') })
    expect(await invoke(site(), store, timeFor(1))).toMatchObject({ verdict: 'unfinished', settled: 1 })
    expect(await invoke(site(), store, timeFor(9))).toMatchObject({
      verdict: 'incomplete',
      reason: 'groups/{parent}/users: a answered 404 and is still listed',
    })
    expect(await store.list(keys.landing({ entity: MEMBERS.name, site: 'demo' }))).toHaveLength(1)
  })

  test('a forbidden parent stays forbidden, and attributes without a column are counted on', async () => {
    const store = memoryStore()
    const odd = [item({ '@id': 'u', '@new': 'x' })]
    const site = () => siteOf({ a: tableauError('403004'), b: odd, c: odd })
    await invoke(site(), store, timeFor(1))
    await invoke(site(), store, timeFor(1))
    const last = site()
    const receipt = receiptOf(await invoke(last, store, timeFor(9)))
    expect(asksOf(last)).toEqual(['c'])
    expect(receipt).toMatchObject({ drift: { '@new': 2 }, parents: { read: 2, forbidden: 1 }, calls: 5 })
  })

  test('another version of Almanac with other columns reads all anew, and its checkpoint is the next', async () => {
    const store = memoryStore()
    const stop = await invoke(siteOf({ a: ids('u1'), b: [], c: [] }), store, timeFor(1))
    const older = await store.read(stop.verdict === 'unfinished' ? stop.checkpoint : '')
    const said: Checkpoint = JSON.parse(String(Buffer.from(older?.bytes ?? [])))
    const at = { entity: said.entity, site: said.site, dt: said.dt, run: said.run, shard: said.shard }
    const grown = { ...said, number: 2, columns: said.columns.slice(1) }
    await store.write(keys.checkpoint(at, 2), jsonBytes(grown), 'absent')
    const later = siteOf({ a: ids('u1'), b: [], c: [] })
    expect(await invoke(later, store, timeFor(2))).toMatchObject({ checkpoint: keys.checkpoint(at, 3) })
    expect(asksOf(later)).toEqual(['a', 'b'])
    expect(await landed(store, receiptOf(await invoke(later, store, timeFor(9))))).toHaveLength(4)
  })
})

describe('an invocation that comes no further', () => {
  const OUT = { verdict: 'incomplete', error: { code: 'out-of-time', exit: 3, retryable: true } }

  test('than the list of parents is out of time, and lands nothing', async () => {
    const store = memoryStore()
    expect(await invoke(siteOf({ a: [] }), store, timeFor(0))).toMatchObject(OUT)
    expect(await store.list('')).toEqual([])
  })

  test('than the checkpoint before it is out of time: a run does not stop for ever', async () => {
    const store = memoryStore()
    const site = () => siteOf({ a: tableauError('404012'), b: [], c: [] })
    await invoke(site(), store, timeFor(1))
    expect(await invoke(site(), store, timeFor(1))).toMatchObject(OUT)
    expect(await store.list('')).toHaveLength(1)
  })

  test('than all parents is done, whatever time is left', async () => {
    const store = memoryStore()
    await invoke(siteOf({ a: [], b: [] }), store, timeFor(1))
    expect(receiptOf(await invoke(siteOf({ a: [] }), store, timeFor(0))).parents).toMatchObject({ read: 1 })
  })
})

/** The same client, with pages of so many items. */
function inPagesOf(size: number, client: Client): Client {
  return {
    ...client,
    page: async (read, pageNumber, signal) => {
      const { items, ...page } = await client.page(read, 1, signal)
      const some = items.slice((pageNumber - 1) * size, pageNumber * size)
      const pagination = { pageNumber, pageSize: size, totalAvailable: items.length }
      return { ...page, items: some, pagination }
    },
  }
}

test('a parent of many pages is left in the middle when the time runs out, and read again as a whole', async () => {
  const store = memoryStore()
  const site = () => inPagesOf(2, siteOf({ a: ids('u'), b: ids('p', 'q', 'r', 's', 't') }))
  // One look at the clock for each parent that is begun; then none is left for the second page.
  expect(await invoke(site(), store, timeFor(2))).toMatchObject({ settled: 1, pending: 1 })
  const receipt = receiptOf(await invoke(site(), store, timeFor(99)))
  expect(receipt).toMatchObject({ rows: 6, firstTotal: 6 })
  expect(await landed(store, receipt)).toHaveLength(8)
})

test('whether a parent has vanished is left to the next list when there is no time for a second look', async () => {
  const store = memoryStore()
  const site = () => inPagesOf(1, siteOf({ a: tableauError('404012'), b: ids('u'), c: [] }))
  // For the first list one look at each of two pages, and two for each parent.
  expect(await invoke(site(), store, timeFor(8))).toMatchObject({
    verdict: 'unfinished',
    settled: 3,
    pending: 0,
  })
  const later = siteOf({ b: ids('u'), c: [] })
  expect(receiptOf(await invoke(later, store, timeFor(0))).parents).toMatchObject({ read: 2, vanished: 1 })
  expect(later.asked).toHaveLength(1)
})

test('the failure of one parent stops the others, and nothing is read on behind the result', async () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`g${i}`, ids('u')]))
  const site = siteOf({ x: tableauError('400000'), ...many })
  const result = await invoke(site, memoryStore(), () => true)
  expect(result.verdict).toBe('incomplete')
  const asked = site.asked.length
  await new Promise((resolve) => setImmediate(resolve))
  expect(site.asked.length).toBe(asked)
  expect(asked).toBeLessThan(100)
})

const CROWDS = entity({
  name: 'crowds',
  doc: 'A toy.',
  kind: 'state',
  role: 'SiteAdministratorExplorer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/',
  read: children(
    list('places', { item: 'place', since: '2.0' }),
    'place_id',
    list('places/{parent}/crowd', { list: 'crowd', item: 'one', since: '2.0', paging: 'none' }),
  ),
  key: ['place_id', 'id'],
  columns: {
    place_id: text('{parent}', 'Place').required(),
    id: text('@id', 'Id').required(),
    mood: text('@mood', 'Mood').introducedIn('3.20'),
  },
}) as unknown as Entity

/** A site of places whose crowds come without pages. */
function crowdsOf(places: Groups, apiVersion?: string): Client {
  const answers: Answers = {
    list: ({ path }) => places[path.split('/')[1] ?? ''] ?? ids(...Object.keys(places)),
  }
  const client = stubClient(answers, apiVersion)
  return {
    ...client,
    page: async (read, ...more) => {
      const page = await client.page(read, ...more)
      return read.paging === 'none' ? { ...page, pagination: null } : page
    },
  }
}

test('parts are closed as they fill, and the receipt names them all', async () => {
  const crowd = ids(...Array.from({ length: 90_000 }, (_, i) => `u${i}`))
  const client = crowdsOf({ a: crowd, b: crowd, c: crowd, d: ids('u') })
  const store = memoryStore()
  const receipt = receiptOf(await invoke(client, store, () => true, { entity: CROWDS }))
  expect(receipt.parts.map(({ rows }) => rows)).toEqual([270_003, 2])
  expect(receipt.rows).toBe(270_001)
  expect(await store.list('')).toHaveLength(3)
})

test('a column that the server lacked in one invocation is missing in the whole reading', async () => {
  const store = memoryStore()
  const places = { a: ids('u'), b: ids('v') }
  await invoke(crowdsOf(places, '3.19'), store, timeFor(1), { entity: CROWDS })
  const result = await invoke(crowdsOf(places, '3.20'), store, timeFor(9), { entity: CROWDS })
  expect(receiptOf(result)).toMatchObject({ rows: 2, missing: ['mood'], apiVersion: '3.20' })
})

describe('what is read page by page and runs out of time', () => {
  const LISTS = ENTITIES.filter(({ read }) => read.shape === 'list').map(({ name }) => name)

  test.each(LISTS)('%s: incomplete, with nothing landed', async (name) => {
    const many = ids(...Array.from({ length: 5 }, (_, i) => `i${i}`))
    const entity = entityNamed(name)
    const client = inPagesOf(2, stubClient({ list: () => many.map((raw) => itemOf(entity, raw)) }))
    const store = memoryStore()
    const result = await invoke(client, store, timeFor(1), { entity })
    expect(result).toMatchObject({
      verdict: 'incomplete',
      error: { code: 'out-of-time', message: expect.stringMatching(/the time ran out after 4 of 5 rows/) },
    })
    expect(await store.list('')).toEqual([])
  })

  test('a list that is whole when the time runs out is complete', async () => {
    const visit = await visitSite()
    try {
      const result = await invoke(visit.client, memoryStore(), timeFor(0), { entity: entityNamed('users') })
      expect(receiptOf(result)).toMatchObject({ rows: 25, dt: DT })
    } finally {
      await visit.close()
    }
  })

  test('a list that proves nothing is not read again without time', async () => {
    const site = stubClient({ list: () => ids('u', 'u').map((raw) => itemOf(entityNamed('groups'), raw)) })
    expect(await invoke(site, memoryStore(), timeFor(0), { entity: entityNamed('groups') })).toMatchObject({
      reason: 'groups: 1 of 2 rows came twice, and no time was left to read it again',
      error: { code: 'out-of-time' },
    })
    expect(site.asked).toHaveLength(1)
  })
})

/** An item that has whatever an entity requires. */
function itemOf({ columns }: Entity, raw: RawItem): RawItem {
  const required = Object.values(columns).filter(({ isRequired, from }) => isRequired && from !== undefined)
  const cells = required.map(({ from, type }) => [from, type === 'timestamp' ? '2026-11-01T00:00:00Z' : 'x'])
  return item({ ...Object.fromEntries(cells), ...raw })
}
