import { expect } from 'vitest'
import { keys } from '../../lib/core/keys.ts'
import type { Fault } from '../../lib/simulator/faults.ts'
import { patIdentity } from '../../lib/tableau/identity.ts'
import type { Case } from './fault-case.ts'
import { ask, only, outcomeOf, type Site } from './site.ts'

/** The clean night, the faulty one, and the clean one after it. */
export const [DAY1, DAY2, DAY3] = ['2026-11-01', '2026-11-02', '2026-11-03'] as const

/** A fault of the list of users alone. */
export const onUsers = (fault: Fault, match: Fault['match'] = {}): Fault => ({
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

/** Every way in which a night may go wrong; a new one is a line here. */
export const CASES: readonly Case[] = [
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
  {
    name: 'forbids the members of every group, and not the groups',
    faults: [{ kind: 'forbidden', match: { endpoint: 'groupUsers' } }],
    entity: 'group_members',
    verdict: 'forbidden',
    reason: /each of \d+ parents is refused; the first answer: .*403004/,
    exit: 3,
    changes: { entities: only('users', 'group_members') },
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
      signIn: {
        serverUrl: 'http://127.0.0.1:1',
        contentUrl: 'demo',
        identity: patIdentity('almanac', 'x'),
      },
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
