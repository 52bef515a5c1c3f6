import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { text } from '../../lib/core/column.ts'
import { type Entity, entity, list } from '../../lib/core/entity.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import type { RawItem } from '../../lib/core/item.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Receipt } from '../../lib/core/receipt.ts'
import { PARENT_VERDICT } from '../../lib/core/shape.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { eventWindow, lastCut } from '../../lib/extract/events.ts'
import { type ExtractResult, extract } from '../../lib/extract/extract.ts'
import { load } from '../../lib/load/load.ts'
import type { Client } from '../../lib/tableau/client.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { publishedRows } from '../load/toy.ts'
import { type Answers, NOW, stubClient, tableauError } from './stub-client.ts'

const DAY = 86_400_000
let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const item = (cells: Record<string, string>): RawItem => Object.assign(Object.create(null), cells)
const ids = (...all: readonly string[]): readonly RawItem[] =>
  all.map((id) => item({ '@id': id, '@name': id }))

interface Extraction {
  readonly result: ExtractResult
  readonly asked: readonly string[]
  readonly store: ObjectStore
}

async function extracted(
  of: Entity,
  answers: Answers,
  more: { store?: ObjectStore; dt?: string; apiVersion?: string; client?: Partial<Client> } = {},
): Promise<Extraction> {
  const { store = memoryStore(), dt = '2026-11-24', apiVersion } = more
  const client = { ...stubClient(answers, apiVersion), ...more.client }
  const input = {
    entity: of,
    site: 'demo',
    dt,
    run: `run-${dt}`,
    attempt: '0123abcd',
    acceptSurplus: false,
    acceptNarrowed: false,
    backdated: null,
  }
  const result = await extract(input, { client, store, emit: () => undefined })
  return { result, asked: client.asked, store }
}

function receiptOf({ result }: Extraction): Receipt {
  if (result.verdict !== 'complete') throw new Error(`${result.verdict}: ${result.reason}`)
  return result.receipt
}

/** The rows of the landing's only part. */
async function landed(extraction: Extraction) {
  const [part] = receiptOf(extraction).parts
  return (await publishedRows(extraction.store, engine, part?.key ?? '')) ?? []
}

describe('a whole reading', () => {
  const GROUPS = entityNamed('groups')
  const HOUR = 3_600_000
  const groups: Answers = { list: () => [item({ '@id': 'a', '@name': 'a', 'domain/@name': 'local' })] }

  test.each([
    ['25 hours after the run began', 25, '2026-11-23T21:00:00.000Z'],
    ['31 days before it, by one clock of the server’s', -744, '2026-12-25T22:00:00.000Z'],
  ])('is none of its run when it was read %s', async (_, hours, began) => {
    const { result, store } = await extracted(GROUPS, groups, { client: { observedAt: NOW - hours * HOUR } })
    expect(result).toMatchObject({
      verdict: 'incomplete',
      reason: `groups was read at 2026-11-24T22:00:00.000Z by the server’s clock, and the run signed in at ${began}: a run reads for 24 hours at most`,
    })
    expect((await store.list('landing/')).filter(({ key }) => key.endsWith('receipt.json'))).toEqual([])
  })

  test.each([24, 0, -1])('is one that was read %d hours after the run began', async (hours) => {
    const client = { observedAt: NOW - hours * HOUR }
    expect((await extracted(GROUPS, groups, { client })).result.verdict).toBe('complete')
  })

  test.each(['Viewer', 'ServerAdministrator'])('is none by a user who became %s meanwhile', async (role) => {
    const client = { siteRoleNow: async () => role }
    const { result } = await extracted(GROUPS, groups, { client })
    expect(result).toMatchObject({
      verdict: 'incomplete',
      reason: `the token’s user became ${role} while groups was read, and was SiteAdministratorCreator when the run began: nobody knows which part of it each saw`,
    })
  })
})

describe('a per-parent entity', () => {
  const MEMBERS = entityNamed('group_members')
  const groups = (read: { path: string }): boolean => read.path === 'groups'
  const members = (
    answer: Record<string, readonly RawItem[] | ReturnType<typeof tableauError>>,
    groupsThen = ['a', 'b'],
  ): Answers => ({
    list: (read, call) =>
      groups(read)
        ? ids(...(call === 1 ? ['a', 'b'] : groupsThen))
        : (answer[read.path.split('/')[1] ?? ''] ?? []),
  })

  test('lists every parent with its verdict beside the children that it read', async () => {
    const extraction = await extracted(MEMBERS, members({ a: ids('u1', 'u2'), b: [] }))
    expect(receiptOf(extraction)).toMatchObject({
      rows: 2,
      parents: { read: 2, not_read: 0, forbidden: 0, vanished: 0 },
      firstTotal: 2,
      lastTotal: 2,
    })
    expect(
      (await landed(extraction)).map((row) => [row['group_id'], row['user_id'], row[PARENT_VERDICT]]),
    ).toEqual([
      ['a', null, 'read'],
      ['a', 'u1', null],
      ['a', 'u2', null],
      ['b', null, 'read'],
    ])
  })

  test('a parent that answers 404 and is gone from a second list has vanished', async () => {
    const extraction = await extracted(MEMBERS, members({ a: ids('u1'), b: tableauError('404012') }, ['a']))
    expect(receiptOf(extraction).parents).toEqual({ read: 1, not_read: 0, forbidden: 0, vanished: 1 })
    expect(extraction.asked.filter((path) => path.startsWith('groups?'))).toHaveLength(2)
  })

  test('a parent that answers 404 and is still listed leaves the night incomplete', async () => {
    const { result, store } = await extracted(MEMBERS, members({ a: ids('u1'), b: tableauError('404012') }))
    expect(result).toMatchObject({
      verdict: 'incomplete',
      reason: 'groups/{parent}/users: b answered 404 and is still listed',
    })
    expect(await store.list('landing/')).toEqual([])
  })

  test('a forbidden parent is one, and no failure of the others', async () => {
    const extraction = await extracted(MEMBERS, members({ a: ids('u1'), b: tableauError('403004') }))
    expect(receiptOf(extraction)).toMatchObject({ rows: 1, parents: { read: 1, forbidden: 1 } })
  })

  test('of which every parent is refused has read nothing: it is forbidden, and nothing lands', async () => {
    const refused = tableauError('403004')
    const { result, store } = await extracted(MEMBERS, members({ a: refused, b: refused }))
    expect(result).toMatchObject({
      verdict: 'forbidden',
      reason: expect.stringMatching(
        /^groups\/\{parent\}\/users: each of 2 parents is refused; the first answer: .*403004/,
      ),
    })
    expect(await store.list('receipt/')).toEqual([])
  })

  test('of which one parent is refused and the others vanished has read nothing', async () => {
    const answers = members({ a: tableauError('404012'), b: tableauError('403004') }, ['b'])
    const { result } = await extracted(MEMBERS, answers)
    expect(result).toMatchObject({
      verdict: 'forbidden',
      reason: expect.stringContaining('each of 1 parents'),
    })
  })

  test('of which no parent is left is complete, and empty', async () => {
    const answers = members({ a: tableauError('404012'), b: tableauError('404012') }, [])
    const { result } = await extracted(MEMBERS, answers)
    expect(result).toMatchObject({ verdict: 'complete', receipt: { rows: 0, parents: { vanished: 2 } } })
  })

  /** As `scopedSession` throws it. */
  const OUT_OF_SCOPE = new AlmanacError('forbidden', 'Tableau answered 401002', { tableauCode: '401002' })
  test('of which one is refused for the token’s sake is refused as a whole', async () => {
    const { result } = await extracted(MEMBERS, members({ a: ids('u1'), b: OUT_OF_SCOPE }))
    expect(result).toMatchObject({ verdict: 'forbidden', reason: expect.stringContaining('401002') })
  })

  test('a forbidden list of parents is the whole entity’s', async () => {
    const { result } = await extracted(MEMBERS, { list: () => tableauError('403004') })
    expect(result.verdict).toBe('forbidden')
  })

  test('any other error of a parent leaves the night incomplete', async () => {
    const { result } = await extracted(MEMBERS, members({ a: ids('u1'), b: tableauError('400000') }))
    expect(result.verdict).toBe('incomplete')
  })

  test('a member twice in one group is incomplete, in two groups it is fine', async () => {
    expect((await extracted(MEMBERS, members({ a: ids('u', 'u') }))).result.verdict).toBe('incomplete')
    expect(receiptOf(await extracted(MEMBERS, members({ a: ids('u'), b: ids('u') }))).rows).toBe(2)
  })
})

describe('a server that refuses fields=_all_', () => {
  const toys = entity({
    name: 'toys',
    doc: 'A toy.',
    kind: 'state',
    role: 'SiteAdministratorExplorer',
    belowRole: 'narrowed',
    scope: 'tableau:content:read',
    help: 'https://help.tableau.com/',
    read: list('toys', { item: 'toy', since: '2.0', sort: 'name:asc', query: { fields: '_all_' } }),
    key: ['id'],
    columns: {
      id: text('@id', 'Id').required(),
      more: text('@more', 'More').extended(),
      later: text('@later', 'Later').introducedIn('3.20'),
    },
  }) as unknown as Entity

  test('is asked again without it: the extended columns are missing, which is not null', async () => {
    const extraction = await extracted(toys, {
      list: (read) => (read.query['fields'] === '_all_' ? tableauError('400000') : ids('a')),
    })
    expect(receiptOf(extraction)).toMatchObject({ rows: 1, missing: ['more'] })
    expect(extraction.asked).toEqual(['toys?fields=_all_&sort=name:asc', 'toys?sort=name:asc'])
  })

  test('and refuses without it too is incomplete', async () => {
    expect((await extracted(toys, { list: () => tableauError('400000') })).result.verdict).toBe('incomplete')
  })

  test('columns above the server’s version are missing', async () => {
    expect(
      receiptOf(await extracted(toys, { list: () => ids('a') }, { apiVersion: '3.19' })).missing,
    ).toEqual(['later'])
    expect(
      receiptOf(await extracted(toys, { list: () => ids('a') }, { apiVersion: '3.20' })).missing,
    ).toEqual([])
  })
})

describe('events', () => {
  const JOBS = entityNamed('jobs')
  const PLACE = { entity: 'jobs', site: 'demo' }
  const job = (id: string, createdAt: number, endedAt?: number): RawItem =>
    item({
      '@id': id,
      '@status': endedAt === undefined ? 'InProgress' : 'Success',
      '@createdAt': new Date(createdAt).toISOString(),
      ...(endedAt === undefined ? {} : { '@endedAt': new Date(endedAt).toISOString() }),
    })

  test.each([
    ['never read', undefined, null],
    ['read yesterday', { to: NOW - DAY, unfinished: [] }, NOW - 3 * DAY],
    [
      'an older one still open',
      { to: NOW - DAY, unfinished: [{ id: 'a', createdAt: NOW - 10 * DAY }] },
      NOW - 10 * DAY,
    ],
    [
      'one open for exactly 14 days',
      { to: NOW - DAY, unfinished: [{ id: 'a', createdAt: NOW - 14 * DAY }] },
      NOW - 14 * DAY,
    ],
    [
      'one open for longer',
      { to: NOW - DAY, unfinished: [{ id: 'a', createdAt: NOW - 14 * DAY - 1 }] },
      NOW - 3 * DAY,
    ],
    ['an outage of weeks', { to: NOW - 30 * DAY, unfinished: [] }, NOW - 32 * DAY],
  ])('the window, %s', (_, cut, from) => {
    expect(eventWindow(cut, NOW)).toEqual({ from, to: NOW })
  })

  test('ask for a closed window on the time of creation', async () => {
    const { asked } = await extracted(JOBS, { list: () => [] })
    expect(asked).toEqual(['jobs?sort=createdAt:asc&filter=createdAt:lt:2026-11-24T22:00:00Z'])
  })

  /** A first night with these jobs, loaded; then a second one so many days later. */
  async function twoNights(first: readonly RawItem[], later: Answers, dt: string): Promise<Extraction> {
    const store = memoryStore()
    await extracted(JOBS, { list: () => first }, { store, dt: '2026-11-23' })
    await load(store, engine, JOBS, 'demo', 'load')
    const second = await extracted(JOBS, later, { store, dt })
    await load(store, engine, JOBS, 'demo', 'load')
    return second
  }

  const publishedJob = async ({ store }: Extraction, month: string) =>
    (await publishedRows(store, engine, keys.event(PLACE, month)))?.[0]

  test('reach back to what was open, and settle it from the list', async () => {
    const created = NOW - 5 * DAY
    const second = await twoNights(
      [job('a', created)],
      { list: () => [job('a', created, created + DAY)] },
      '2026-11-24',
    )
    expect(second.asked[0]).toContain('createdAt:gte:2026-11-19T22:00:00Z')
    expect(receiptOf(second).unfinished).toEqual([])
    expect(await publishedJob(second, '2026-11')).toMatchObject({ status: 'Success' })
  })

  test('that Tableau forgot while they were open are kept in mind', async () => {
    const created = NOW - 5 * DAY
    const second = await twoNights([job('a', created)], { list: () => [] }, '2026-11-24')
    expect(receiptOf(second).unfinished).toEqual([{ id: 'a', createdAt: created }])
    expect(await publishedJob(second, '2026-11')).toMatchObject({ status: 'InProgress' })
  })

  test('open for more than 14 days are asked for by their id; what Tableau no longer knows is lost', async () => {
    const second = await twoNights([job('a', NOW - 20 * DAY)], { list: () => [] }, '2026-11-24')
    expect(second.asked).toContain('jobs/a')
    expect(receiptOf(second)).toMatchObject({ rows: 1, unfinished: [] })
    expect(await publishedJob(second, '2026-11')).toMatchObject({ status: 'Lost', ended_at: null })
  })

  test('of which one is asked for by its id, and something else is not found, are incomplete', async () => {
    const answers = { list: () => [], item: () => tableauError('404000') }
    const second = await twoNights([job('a', NOW - 20 * DAY)], answers, '2026-11-24')
    expect(second.result).toMatchObject({ verdict: 'incomplete', reason: expect.stringContaining('404000') })
  })

  test('asked for by their id end with its code, and keep the list’s word for their kind', async () => {
    const created = NOW - 20 * DAY
    const iso = new Date(created).toISOString()
    const byId = item({
      '@id': 'a',
      '@mode': 'Asynchronous',
      '@type': 'RefreshExtract',
      '@finishCode': '1',
      '@createdAt': iso,
      '@completedAt': iso,
    })
    const first = item({ ...job('a', created), '@jobType': 'refresh_extracts' })
    const second = await twoNights([first], { list: () => [], item: () => byId }, '2026-11-24')
    expect(await publishedJob(second, '2026-11')).toMatchObject({
      status: 'Failed',
      finish_code: 1n,
      job_type: 'refresh_extracts',
    })
    expect(receiptOf(second).unfinished).toEqual([])
  })

  test('asked for by their id and still running stay open, whatever finish code they carry', async () => {
    const created = NOW - 20 * DAY
    const byId = item({ '@id': 'a', '@finishCode': '1', '@createdAt': new Date(created).toISOString() })
    const second = await twoNights([job('a', created)], { list: () => [], item: () => byId }, '2026-11-24')
    expect(receiptOf(second).unfinished).toEqual([{ id: 'a', createdAt: created }])
    expect(await publishedJob(second, '2026-11')).toMatchObject({ status: 'InProgress', finish_code: null })
  })

  test.each([
    ['ended, nobody knows how', { '@completedAt': true }, { status: 'Unknown', finish_code: null }],
    [
      'ended with a code that nobody knows',
      { '@completedAt': true, '@finishCode': '9' },
      { status: 'Unknown', finish_code: 9n },
    ],
    ['has begun', { '@startedAt': true }, { status: 'InProgress', ended_at: null }],
    ['waits', {}, { status: 'Pending', ended_at: null }],
  ])('asked for by their id say so where one %s', async (_, facts, expected) => {
    const created = NOW - 20 * DAY
    const iso = new Date(created).toISOString()
    const cells = Object.entries(facts).map(([name, value]) => [name, value === true ? iso : value])
    const byId = item({ '@id': 'a', '@createdAt': iso, '@new': 'thing', ...Object.fromEntries(cells) })
    const first = item({ ...job('a', created), '@status': 'Pending' })
    const second = await twoNights([first], { list: () => [], item: () => byId }, '2026-11-24')
    expect(await publishedJob(second, '2026-11')).toMatchObject(expected)
    expect(receiptOf(second).drift).toEqual({ '@new': 1 })
  })

  test('the last cut is that of the newest night that was committed', async () => {
    const store = memoryStore()
    expect(await lastCut(store, PLACE)).toBeUndefined()
    await extracted(JOBS, { list: () => [job('a', NOW)] }, { store, dt: '2026-11-22' })
    expect(await lastCut(store, PLACE)).toBeUndefined()
    await load(store, engine, JOBS, 'demo', 'load')
    expect(await lastCut(store, PLACE)).toMatchObject({ to: NOW, unfinished: [{ id: 'a', createdAt: NOW }] })
  })
})
