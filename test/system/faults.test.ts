import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { trackedColumns } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { exitOfRun, type RunReport } from '../../lib/core/report.ts'
import type { Verdict } from '../../lib/core/verdict.ts'
import { type Engine, openEngine } from '../../lib/engine/engine.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { accept } from '../../lib/load/correct.ts'
import type { NightlyInput } from '../../lib/nightly/input.ts'
import type { Counts } from '../../lib/simulator/counts.ts'
import type { Fault } from '../../lib/simulator/faults.ts'
import { ask, FEW, only, openSite, outcomeOf, type PlainRow, type Site } from './site.ts'
import { TRUTH } from './truth.ts'

const [DAY1, DAY2, DAY3] = ['2026-11-01', '2026-11-02', '2026-11-03'] as const
/** Users in three pages, where a fault needs more than one. */
const WIDE = { users: 2300 }
const NARROW = { users: 120 }
const ENTITIES = only('users', 'workbooks')

interface Case {
  readonly name: string
  readonly faults: readonly Fault[]
  /** What the faulty night's outcome of `users` is, unless another entity is named. */
  readonly verdict: Verdict
  readonly entity?: string
  readonly reason?: RegExp
  readonly exit: 0 | 1 | 3
  readonly changes?: Partial<NightlyInput>
  /** The rows were distorted and committed as they came: they need not equal the truth. */
  readonly isDistorted?: boolean
  /** A look at the night that only this case needs. */
  readonly also?: (report: RunReport, site: Site, before: Record<string, number>) => Promise<void> | void
}

const onUsers = (fault: Fault, match: Fault['match'] = {}): Fault => ({
  ...fault,
  match: { endpoint: 'users', ...match },
})
const untilTheEnd = (name: string, fault: Fault, reason: RegExp): Case => ({
  name: `${name}, try after try`,
  faults: [onUsers(fault)],
  verdict: 'incomplete',
  reason,
  exit: 3,
})
const onceOnly = (name: string, fault: Fault): Case => ({
  name: `${name}, once`,
  faults: [onUsers(fault, { times: 1 })],
  verdict: 'complete',
  exit: 0,
  also: (report) => expect(outcomeOf(report, 'users').retries).toBe(1),
})

const signInsSince = (site: Site, before: Record<string, number>): number =>
  (site.simulator.counters()['signIns'] ?? 0) - (before['signIns'] ?? 0)

const CASES: readonly Case[] = [
  {
    name: 'loses a page, pass after pass',
    faults: [onUsers({ kind: 'losePage' }, { page: 2 })],
    verdict: 'incomplete',
    reason: /^users: Tableau announced (\d+) rows and delivered \d+, after 3 passes/,
    exit: 3,
    also: (report) => {
      const { expected, fetched } = outcomeOf(report, 'users')
      expect(Number(expected) - Number(fetched)).toBe(1000)
    },
  },
  {
    name: 'loses a page once: the second pass proves the list',
    faults: [onUsers({ kind: 'losePage' }, { page: 2, times: 1 })],
    verdict: 'complete',
    exit: 0,
    also: (_, { events }) => expect(events.filter(({ type }) => type === 'read-again')).toHaveLength(1),
  },
  {
    name: 'loses one row of the last page, pass after pass',
    faults: [onUsers({ kind: 'losePage', rows: 1 }, { page: 3 })],
    verdict: 'incomplete',
    reason: /announced \d+ rows and delivered \d+/,
    exit: 3,
  },
  {
    name: 'duplicates a row in place of another, pass after pass',
    faults: [onUsers({ kind: 'duplicateRow' }, { page: 2 })],
    verdict: 'incomplete',
    reason: /^users: 1 of \d+ rows came twice, after 3 passes/,
    exit: 3,
  },
  {
    name: 'duplicates a row besides the others, pass after pass',
    faults: [onUsers({ kind: 'duplicateRow', insert: true }, { page: 2 })],
    verdict: 'incomplete',
    reason: /came twice/,
    exit: 3,
  },
  {
    name: 'duplicates a row once',
    faults: [onUsers({ kind: 'duplicateRow' }, { page: 3, times: 1 })],
    verdict: 'complete',
    exit: 0,
    also: (report) => expect(outcomeOf(report, 'users').duplicates).toBe(1),
  },
  {
    name: 'shrinks by half',
    faults: [onUsers({ kind: 'shrink', fraction: 0.5 })],
    verdict: 'guarded',
    reason: /^\d+ of 120 rows are gone, and 24 may go in one night$/,
    exit: 3,
  },
  {
    name: 'shrinks by a fifth and a little',
    faults: [onUsers({ kind: 'shrink', fraction: 0.75 })],
    verdict: 'guarded',
    reason: /rows are gone/,
    exit: 3,
  },
  {
    name: 'is empty',
    faults: [onUsers({ kind: 'emptyList' })],
    verdict: 'guarded',
    reason: /^0 rows where there were 120$/,
    exit: 3,
  },
  {
    name: 'is empty where the parents are listed: no membership may end',
    faults: [{ kind: 'emptyList', match: { endpoint: 'groups' } }],
    entity: 'group_members',
    verdict: 'guarded',
    reason: /^0 rows where there were \d+$/,
    exit: 3,
    changes: { entities: only('users', 'workbooks', 'groups', 'group_members') },
  },
  {
    name: 'shrinks by half where the parents are listed',
    faults: [{ kind: 'shrink', fraction: 0.5, match: { endpoint: 'groups' } }],
    entity: 'group_members',
    verdict: 'guarded',
    reason: /rows are gone/,
    exit: 3,
    changes: { entities: only('users', 'workbooks', 'group_members') },
  },
  {
    name: 'a column comes empty',
    faults: [onUsers({ kind: 'nullColumn', attribute: 'fullName' })],
    verdict: 'guarded',
    reason: /^full_name had values and has none now$/,
    exit: 3,
  },
  {
    name: 'a required column comes empty',
    faults: [onUsers({ kind: 'nullColumn', attribute: 'siteRole' })],
    verdict: 'incomplete',
    reason: /^users\.site_role of [0-9a-f-]{36}: required, and Tableau did not send @siteRole/,
    exit: 3,
  },
  {
    name: 'answers 401002 in the middle: one renewal',
    faults: [onUsers({ kind: 'endSession' }, { page: 2, times: 1 })],
    verdict: 'complete',
    exit: 0,
    also: (_, site, before) => {
      expect(signInsSince(site, before)).toBe(2)
      expect(site.events.filter(({ type }) => type === 'renewed')).toHaveLength(1)
    },
  },
  {
    name: 'answers 401000 in the middle: one renewal',
    faults: [onUsers({ kind: 'expire401000' }, { page: 3, times: 1 })],
    verdict: 'complete',
    exit: 0,
    also: (_, site, before) => expect(signInsSince(site, before)).toBe(2),
  },
  {
    name: 'the session is lost twice within ten minutes',
    faults: [onUsers({ kind: 'endSession' }, { page: 2, times: 2 })],
    verdict: 'incomplete',
    reason: /the session ended for the second time within ten minutes/,
    exit: 1,
    also: (report, site, before) => {
      expect(report.failure?.code).toBe('session-lost')
      expect(report.failure?.next).toMatch(/same personal access token/)
      expect(signInsSince(site, before)).toBe(2)
    },
  },
  {
    name: 'forbids one entity',
    faults: [{ kind: 'forbidden', match: { endpoint: 'workbooks' } }],
    entity: 'workbooks',
    verdict: 'forbidden',
    reason: /403004 .*Give the token’s user the site role/s,
    exit: 3,
  },
  onceOnly('answers 500', { kind: 'status', status: 500 }),
  onceOnly('answers 503 from a proxy', { kind: 'status', status: 503, html: true }),
  onceOnly('asks to slow down', { kind: 'status', status: 429, retryAfter: 3 }),
  onceOnly('cuts its XML', { kind: 'truncate' }),
  onceOnly('cuts its gzip', { kind: 'truncateGzip' }),
  onceOnly('cuts the connection', { kind: 'reset' }),
  untilTheEnd('answers 500', { kind: 'status', status: 500 }, /500000 \(HTTP 500\).*\(tried 5 times\)/),
  untilTheEnd('cuts its XML', { kind: 'truncate' }, /the answer is no valid Tableau XML.*\(tried 5 times\)/s),
  untilTheEnd('cuts its XML in the last tag', { kind: 'truncate', at: 0.9999 }, /no valid Tableau XML/),
  untilTheEnd('answers an HTML page', { kind: 'html' }, /this is not Tableau's REST API; it answered HTML/),
  untilTheEnd('answers JSON', { kind: 'json' }, /JSON|no valid Tableau XML/i),
  untilTheEnd('answers nothing', { kind: 'emptyBody' }, /no valid Tableau XML/),
  untilTheEnd('has another root', { kind: 'wrongRoot' }, /its root is <otherResponse>/),
  untilTheEnd('has a DOCTYPE', { kind: 'doctype' }, /DOCTYPE/),
  untilTheEnd('has two roots', { kind: 'secondRoot' }, /no valid Tableau XML/),
  untilTheEnd('has no list', { kind: 'missingListElement' }, /it has no <users> element/),
  untilTheEnd('redirects elsewhere', { kind: 'redirect', to: 'http://127.0.0.1:9/' }, /127\.0\.0\.1:9/),
  untilTheEnd(
    'announces more than comes',
    { kind: 'lieTotal', by: 5 },
    /announced \d+ rows and delivered \d+.*may be accepted/s,
  ),
  untilTheEnd('announces less than comes', { kind: 'lieTotal', by: -5 }, /announced \d+ rows and delivered/),
  untilTheEnd(
    'announces pages beyond the end',
    { kind: 'beyondEnd400006', by: 1000 },
    /announced \d+ rows and delivered \d+/,
  ),
  {
    name: 'announces pages beyond the end, and configuration accepts the surplus',
    faults: [onUsers({ kind: 'beyondEnd400006', by: 1000 })],
    verdict: 'complete',
    exit: 0,
    changes: { acceptSurplus: ['users'] },
  },
  untilTheEnd(
    'loses rows between its pages',
    { kind: 'drift', rows: -3 },
    /announced \d+ rows on the first page and \d+ on the last/,
  ),
  untilTheEnd('gains rows between its pages', { kind: 'drift', rows: 3 }, /3 of \d+ rows came twice/),
  {
    name: 'drifts while the first pass is read',
    faults: [onUsers({ kind: 'drift', rows: -2 }, { times: 3 })],
    verdict: 'complete',
    exit: 0,
  },
  {
    name: 'sends an attribute that nobody knows: kept and counted, and no change',
    faults: [onUsers({ kind: 'unknownAttribute', name: 'flavour', value: 'Ä&quot;{' })],
    verdict: 'complete',
    exit: 0,
    isDistorted: true,
    also: async (_, { store, simulator }) => {
      const [row] = await ask(
        store,
        `SELECT count(*) AS rows, count(*) FILTER (WHERE raw_extra = '{"@flavour":"Ä\\"{"}') AS kept FROM users`,
      )
      expect([row?.['rows'], row?.['kept']].map(Number)).toEqual(
        Array(2).fill(simulator.world().users.length),
      )
      const manifest = await store.read(keys.manifest({ entity: 'users', site: 'demo' }, DAY2, 1))
      const { receipt } = JSON.parse(Buffer.from(manifest?.bytes ?? []).toString())
      expect(receipt.shards[0].drift).toEqual({ '@flavour': simulator.world().users.length })
      const columns = await ask(
        store,
        `SELECT DISTINCT "column" FROM users_changes WHERE "column" IS NOT NULL`,
      )
      expect(columns.map((each) => each['column'])).not.toContain('raw_extra')
    },
  },
  {
    name: 'sends a day that is none: the row is kept',
    faults: [onUsers({ kind: 'badDate', attribute: 'lastLogin' }, { page: 1 })],
    verdict: 'complete',
    exit: 0,
    isDistorted: true,
    also: async ({ outcomes }, { store }) => {
      expect(outcomes).toHaveLength(2)
      const rows = await ask(store, `SELECT last_login, raw_extra FROM users WHERE raw_extra IS NOT NULL`)
      expect(rows).toEqual([{ last_login: null, raw_extra: '{"@lastLogin":"2016-06-31T00:00:00Z"}' }])
    },
  },
  untilTheEnd(
    'sends a row without its id',
    { kind: 'missingId' },
    /^users\.id: required, and Tableau did not send @id/,
  ),
  {
    name: 'is unreachable from the start',
    faults: [],
    verdict: 'incomplete',
    reason: /127\.0\.0\.1:1\b/,
    exit: 1,
    changes: {
      signIn: { serverUrl: 'http://127.0.0.1:1', contentUrl: 'demo', patName: 'almanac', patSecret: 'x' },
    },
    also: (report) => expect(report.failure?.code).toBe('unreachable'),
  },
  {
    name: 'refuses the secret',
    faults: [{ kind: 'status', status: 401, code: '401001', match: { endpoint: 'signIn' } }],
    verdict: 'incomplete',
    reason: /Tableau refused to sign in to site "demo" with the token named "almanac"/,
    exit: 1,
    also: (report) => expect(report.failure?.code).toBe('sign-in-refused'),
  },
  {
    name: 'is another server altogether',
    faults: [{ kind: 'html', match: { endpoint: 'serverInfo' } }],
    verdict: 'incomplete',
    reason: /it answered HTML/,
    exit: 1,
    also: (report) => expect(report.failure?.code).toBe('not-tableau'),
  },
]

const names = (entities: readonly Entity[]): readonly string[] => entities.map(({ name }) => name)

const lines = (rows: readonly PlainRow[], columns: readonly string[]): readonly string[] =>
  rows.map((row) => JSON.stringify(columns.map((column) => row[column] ?? null))).sort()

/** Holds what is published of an entity to the days that must have been committed: no other day left a trace. */
async function checkPublished(
  { store, simulator }: Site,
  name: string,
  days: readonly string[],
  distorted: readonly string[] = [],
): Promise<void> {
  const entity = entityNamed(name)
  const snapshots = await ask(store, `SELECT * FROM ${name}_snapshots`)
  expect([...new Set(snapshots.map((row) => row['dt']))].sort()).toEqual(days)
  const tracked = [...entity.key, ...trackedColumns(entity)]
  const asOf = await ask(
    store,
    days.map((day) => `SELECT DATE '${day}' AS dt, * FROM ${name}_at(DATE '${day}')`).join(' UNION ALL '),
  )
  for (const day of days) {
    const [rows, then] = [snapshots, asOf].map((all) => all.filter((row) => row['dt'] === day))
    expect(lines(then ?? [], tracked)).toEqual(lines(rows ?? [], tracked))
    const wanted = TRUTH[name]?.(simulator.world(day)) ?? []
    const columns = Object.keys(wanted[0] ?? {})
    if (!distorted.includes(day)) expect(lines(rows ?? [], columns)).toEqual(lines(wanted, columns))
  }
  const touched = await ask(
    store,
    `SELECT DISTINCT unnest([valid_from, valid_to]) AS day FROM ${name}_history`,
  )
  for (const { day } of touched) if (day !== null) expect(days).toContain(day)
}

/** How many history rows begin or end on a day. */
async function touchedOn({ store }: Site, name: string, day: string): Promise<number> {
  const [row] = await ask(
    store,
    `SELECT count(*) AS n FROM ${name}_history WHERE valid_from = DATE '${day}' OR valid_to = DATE '${day}'`,
  )
  return Number(row?.['n'])
}

const isWide = (faults: readonly Fault[]): boolean =>
  faults.some(({ kind, match }) => kind === 'drift' || (match?.page ?? 1) > 1)

let engine: Engine
let site: Site
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine.close())
afterEach(() => site.close())

/** A site after its first, clean night. */
async function afterOneNight(counts: Partial<Counts>, entities: readonly Entity[]): Promise<Site> {
  site = await openSite({ counts: { ...FEW, ...counts }, day: DAY1 }, memoryStore(), engine)
  expect(exitOfRun(await site.night(DAY1, { entities }))).toBe(0)
  site.events.length = 0
  return site
}

describe('a night that', () => {
  test.each(CASES)('$name', async (each) => {
    const { faults, verdict, entity = 'users', reason, exit, changes = {}, isDistorted = false, also } = each
    const entities = changes.entities ?? ENTITIES
    await afterOneNight(isWide(faults) ? WIDE : NARROW, entities)
    const before = site.simulator.counters()
    site.simulator.faults.set(faults)
    const report = await site.night(DAY2, { entities, ...changes })
    site.simulator.faults.clear()

    const outcome = outcomeOf(report, entity)
    const why = reason === undefined ? null : expect.stringMatching(reason)
    expect([outcome.verdict, exitOfRun(report), outcome.reason]).toEqual([verdict, exit, why])
    // What is held is named by its hash, by which it can be accepted.
    expect(outcome.candidate).toEqual(verdict === 'guarded' ? expect.stringMatching(/^[0-9a-f]{64}$/) : null)
    await also?.(report, site, before)
    const whole = report.outcomes.filter((one) => one.verdict === 'complete').map((one) => one.entity)
    const harmless = names(entities).filter((name) => !faults.some(({ match }) => match?.endpoint === name))
    if (exit !== 1) expect(whole).toEqual(expect.arrayContaining(harmless.filter((name) => name !== entity)))
    if (verdict !== 'complete') expect(await touchedOn(site, entity, DAY2)).toBe(0)

    const next = await site.night(DAY3, { entities })
    expect([exitOfRun(next), next.outcomes.filter((one) => one.verdict !== 'complete')]).toEqual([0, []])
    const days = (name: string) => (whole.includes(name) ? [DAY1, DAY2, DAY3] : [DAY1, DAY3])
    for (const name of names(entities))
      await checkPublished(site, name, days(name), isDistorted ? [DAY2] : [])
  })

  test('finds a server older than a method: unsupported, which is no failure and no empty list', async () => {
    site = await openSite({ day: DAY1 }, memoryStore(), engine)
    const users = entityNamed('users')
    const future: Entity = { ...users, name: 'futures', read: { ...users.read, since: '3.99' } }
    const report = await site.night(DAY1, { entities: [users, future] })
    expect(exitOfRun(report)).toBe(0)
    expect(outcomeOf(report, 'futures')).toMatchObject({
      verdict: 'unsupported',
      fetched: null,
      reason: 'futures needs REST API 3.99, and this server has 3.29',
    })
    expect(await site.store.list('manifest/entity=futures/')).toEqual([])
    expect(await site.store.list('snapshot/entity=futures/')).toEqual([])
  })

  test('finds a server too old for tokens', async () => {
    site = await openSite({ day: DAY1, apiVersion: '3.5' }, memoryStore(), engine)
    const report = await site.night(DAY1, { entities: ENTITIES })
    expect([exitOfRun(report), report.failure?.code]).toEqual([1, 'sign-in-refused'])
    expect(report.failure?.message).toContain('REST API 3.5')
  })

  test('finds a real purge, twice: guarded both nights; accepting the second lets the first pass', async () => {
    const users = only('users')
    await afterOneNight(NARROW, users)
    site.simulator.faults.set([onUsers({ kind: 'shrink', fraction: 0.5 })])
    const second = outcomeOf(await site.night(DAY2, { entities: users }), 'users')
    const third = outcomeOf(await site.night(DAY3, { entities: users }), 'users')
    expect([second.verdict, third.verdict]).toEqual(['guarded', 'guarded'])
    expect((await ask(site.store, 'SELECT count(*) AS n FROM users'))[0]?.['n']).toBe(120)
    const accepted = await accept(site.store, site.engine, entityNamed('users'), 'demo', {
      sha256prefix: third.candidate?.slice(0, 12) ?? '',
      run: 'accept-1',
      reason: 'a purge',
    })
    expect(accepted.held).toEqual([])
    expect(accepted.committed).toEqual([{ dt: DAY2, version: 1 }])
    await checkPublished(site, 'users', [DAY1, DAY2, DAY3], [DAY2, DAY3])
    const gone = await ask(
      site.store,
      `SELECT valid_to, count(*) AS n FROM users_history WHERE gone_after IS NOT NULL GROUP BY valid_to ORDER BY 1`,
    )
    expect(Number(gone[0]?.['n'])).toBeGreaterThan(50)
    expect(gone[0]?.['valid_to']).toBe(DAY2)
  })

  test('was guarded for nothing: the day stays held, and the days after it know nothing of it', async () => {
    const users = only('users')
    await afterOneNight(NARROW, users)
    site.simulator.faults.set([onUsers({ kind: 'shrink', fraction: 0.5 })])
    await site.night(DAY2, { entities: users })
    site.simulator.faults.clear()
    await site.night(DAY3, { entities: users })
    expect(await site.store.list(`manifest/entity=users/site=demo/dt=${DAY2}/`)).toEqual([])
    const gone = await ask(site.store, 'SELECT count(*) AS n FROM users_history WHERE gone_after IS NOT NULL')
    expect(Number(gone[0]?.['n'])).toBeLessThan(10)
  })
})

test('the default site, whose content URL is empty, has a whole night', async () => {
  site = await openSite({ day: DAY1, site: '' }, memoryStore(), engine)
  const report = await site.night(DAY1)
  expect([exitOfRun(report), report.outcomes.filter((each) => each.verdict !== 'complete')]).toEqual([0, []])
  expect(await ask(site.store, 'SELECT content_url, name FROM site')).toEqual([
    { content_url: '', name: 'Default' },
  ])
})
