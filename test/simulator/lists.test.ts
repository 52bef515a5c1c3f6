import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { rowsOf, totalAvailable } from './reading.ts'
import { ask, codeOf, signIn, tiny, type Visitor } from './visitor.ts'

const lists = [
  ['users', 'user', 'name:asc'],
  ['groups', 'group', 'name:desc'],
  ['projects', 'project', 'createdAt:asc'],
  ['workbooks', 'workbook', 'createdAt:asc'],
  ['views', 'view', 'name:asc,createdAt:desc'],
  ['datasources', 'datasource', 'updatedAt:desc'],
  ['jobs', 'backgroundJob', 'createdAt:asc'],
] as const

let simulator: Simulator
let visitor: Visitor
beforeAll(async () => {
  simulator = await startSimulator({ counts: tiny, firstDay: '2026-10-25', day: '2026-11-01' })
  visitor = await signIn(simulator)
})
afterAll(() => simulator.close())

const ids = (rows: readonly Record<string, string>[]): string[] => rows.map((row) => row['@id'] ?? '')

describe('paging', () => {
  it.each(lists)('%s: every id exactly once, sorted or not, with any page size', async (list, item, sort) => {
    const truth = ids(simulator.world()[list].map((row) => ({ '@id': row.id }))).sort()
    for (const query of [
      '',
      'pageSize=7',
      `sort=${sort}`,
      `pageSize=1000&sort=${encodeURIComponent(sort)}`,
    ]) {
      expect(ids(await visitor.all(list, item, query)).sort(), query).toEqual(truth)
    }
  })

  it.each(lists)(
    '%s without sort: the same order all day, another the next day, never by id',
    async (list, item) => {
      const order = ids(await visitor.all(list, item))
      expect(ids(await visitor.all(list, item, 'pageSize=50'))).toEqual(order)
      expect(order).not.toEqual(order.toSorted())
      const truth = simulator.world()[list].map((row) => row.id)
      expect(order).not.toEqual(truth)
    },
  )

  it.each([
    ['pageNumber=0', 400, '400006'],
    ['pageNumber=x', 400, '400006'],
    ['pageNumber=-1', 400, '400006'],
    ['pageNumber=1.5', 400, '400006'],
    ['pageNumber=9', 400, '400006'],
    ['pageSize=0', 400, '400007'],
    ['pageSize=many', 400, '400007'],
    ['pageSize=1001', 403, '403014'],
  ])('%s is refused', async (query, status, code) => {
    const answered = await visitor.get(`users?${query}`)
    expect([answered.status, codeOf(answered)]).toEqual([status, code])
  })

  it('says what it sends: 100 a page unless asked, and the page beyond the last is an error', async () => {
    const { text } = await visitor.get('views')
    expect(text).toContain('<pagination pageNumber="1" pageSize="100" totalAvailable="')
    expect(rowsOf(text, 'view')).toHaveLength(100)
    const last = Math.ceil(totalAvailable(text) / 100)
    expect((await visitor.get(`views?pageNumber=${last}`)).status).toBe(200)
    const beyond = await visitor.get(`views?pageNumber=${last + 1}`)
    expect(beyond.text).toContain(`<detail>Invalid page number '${last + 1}'</detail>`)
  })

  it('an empty list is one empty page', async () => {
    const empty = await visitor.get('workbooks?filter=name:eq:nothing')
    expect([empty.status, totalAvailable(empty.text)]).toEqual([200, 0])
    expect(empty.text).toContain('<workbooks/>')
    expect((await visitor.get('workbooks?filter=name:eq:nothing&pageNumber=2')).status).toBe(400)
  })
})

describe('sort', () => {
  it('orders, by several fields, and by either direction', async () => {
    const names = (await visitor.all('users', 'user', 'sort=name:asc')).map((row) => row['@name'] ?? '')
    expect(names).toEqual(names.toSorted())
    const views = await visitor.all('views', 'view', 'sort=name:asc,createdAt:desc')
    const keys = views.map((row) => [row['@name'] ?? '', row['@createdAt'] ?? ''] as const)
    const wanted = keys.toSorted(([a, b], [c, d]) => (a === c ? (b < d ? 1 : -1) : a < c ? -1 : 1))
    expect(keys.map(([name, at]) => `${name} ${at}`)).toEqual(wanted.map(([name, at]) => `${name} ${at}`))
  })

  it('puts rows without the value last, or first when descending', async () => {
    const logins = async (direction: string) =>
      (await visitor.all('users', 'user', `sort=lastLogin:${direction}`)).map(
        (row) => row['@lastLogin'] ?? '',
      )
    expect((await logins('asc')).at(-1)).toBe('')
    expect((await logins('desc'))[0]).toBe('')
  })
})

describe('filter', () => {
  const find = (list: string, item: string, filter: string) =>
    visitor.all(list, item, `filter=${encodeURIComponent(filter)}`)

  it('compares text, numbers, booleans and instants', async () => {
    const { users, workbooks, datasources, jobs } = simulator.world()
    const at = '2026-10-31T12:00:00Z'
    expect(await find('users', 'user', 'siteRole:eq:Viewer')).toHaveLength(
      users.filter((user) => user.siteRole === 'Viewer').length,
    )
    expect(await find('users', 'user', 'siteRole:in:[Viewer,Creator]')).toHaveLength(
      users.filter((user) => ['Viewer', 'Creator'].includes(user.siteRole)).length,
    )
    expect(await find('workbooks', 'workbook', 'size:gte:10,hasExtracts:eq:true')).toHaveLength(
      workbooks.filter((row) => row.size >= 10 && row.hasExtracts).length,
    )
    expect(await find('datasources', 'datasource', 'isCertified:eq:true')).toHaveLength(
      datasources.filter((row) => row.isCertified).length,
    )
    expect(await find('jobs', 'backgroundJob', `createdAt:gte:${at}`)).toHaveLength(
      jobs.filter((job) => job.createdAt >= at).length,
    )
    expect(
      await find('jobs', 'backgroundJob', `createdAt:gt:${at},createdAt:lte:2026-11-01T13:00:00+01:00`),
    ).toHaveLength(jobs.filter((job) => job.createdAt > at && job.createdAt <= '2026-11-01T12:00:00Z').length)
    expect(await find('jobs', 'backgroundJob', 'status:eq:Failed,title:has:a')).toHaveLength(
      jobs.filter((job) => job.status === 'Failed' && /a/i.test(job.title)).length,
    )
    expect(await find('workbooks', 'workbook', 'tags:eq:finance')).toHaveLength(
      workbooks.filter((row) => row.tags.includes('finance')).length,
    )
  })

  it.each([
    'users?filter=email:eq:a@example.com',
    'users?filter=name:gt:a',
    'users?filter=name:like:a',
    'users?filter=nonsense',
    'users?filter=lastLogin:gt:yesterday',
    'users?filter=siteRole:in:Viewer',
    'workbooks?filter=size:gte:big',
    'datasources?filter=isCertified:eq:perhaps',
    'groups?filter=__proto__:eq:x',
    'users?sort=email:asc',
    'users?sort=name:up',
    'views?includeUsageStatistics=yes',
  ])('%s is refused', async (path) => {
    const answered = await visitor.get(path)
    expect([answered.status, codeOf(answered)]).toEqual([400, '400008'])
  })
})

describe('fields', () => {
  const first = async (path: string, item: string) =>
    Object.keys(rowsOf((await visitor.get(path)).text, item)[0] ?? {})

  it('adds the rest with _all_, and only what is named otherwise; for users at least the usual', async () => {
    const usual = await first('workbooks?sort=createdAt:asc', 'workbook')
    expect(usual).not.toContain('@sheetCount')
    expect(usual).not.toContain('owner/@email')
    expect(await first('workbooks?sort=createdAt:asc&fields=_all_', 'workbook')).toEqual(
      expect.arrayContaining([
        ...usual,
        '@sheetCount',
        '@hasExtracts',
        '@lastPublishedAt',
        'owner/@fullName',
      ]),
    )
    expect(await first('workbooks?fields=id,name,owner.email', 'workbook')).toEqual([
      '@id',
      '@name',
      'owner/@id',
      'owner/@email',
    ])
    expect(await first('views?fields=_default_,sheetType', 'view')).toEqual(
      expect.arrayContaining(['@name', '@sheetType']),
    )
    const users = await first('users?sort=name:asc&fields=email', 'user')
    expect(users).toEqual(expect.arrayContaining(['@id', '@name', '@siteRole', '@email']))
    expect(users).not.toContain('@fullName')
  })

  it('gives usage only when asked for', async () => {
    expect((await visitor.get('views?fields=_all_')).text).not.toContain('<usage')
    expect((await visitor.get('views?includeUsageStatistics=true')).text).toContain('<usage totalViewCount="')
  })

  it('ignores parameters that nobody knows', async () => {
    expect((await visitor.get('users?colour=red&includeUserCount=true')).status).toBe(200)
  })
})

describe('paths and versions', () => {
  const at = (path: string, method = 'GET') => ask(simulator.url, path, { method, token: visitor.token })
  const cases = [
    ['GET', '/api/3.30/sites/SITE/users', 404, '404001'],
    ['GET', '/api/4.0/sites/SITE/users', 404, '404001'],
    ['GET', '/api/2.2/sites/SITE/workbooks', 404, '404003'],
    ['GET', '/api/2.5/sites/SITE/jobs', 404, '404003'],
    ['GET', '/api/3.6/sites/SITE/users/USER/groups', 404, '404003'],
    ['GET', '/api/3.10/sites/SITE/users/USER/groups', 200, undefined],
    ['GET', '/api/2.3/sites/SITE/workbooks', 200, undefined],
    ['GET', '/api/2.3/serverinfo', 404, '404003'],
    ['GET', '/api/3.29/sites/SITE/spaceships', 404, '404003'],
    ['GET', '/api/latest/sites/SITE/users', 404, '404003'],
    ['GET', '/', 404, '404003'],
    ['POST', '/api/3.29/sites/SITE/users', 405, '405000'],
    ['DELETE', '/api/3.29/sites/SITE/workbooks/USER', 405, '405000'],
    ['GET', '/api/3.29/auth/signin', 405, '405000'],
    ['GET', '/api/3.29/sites/SITE/users/NONE', 404, '404002'],
    ['GET', '/api/3.29/sites/SITE/groups/NONE/users', 404, '404012'],
    ['GET', '/api/3.29/sites/SITE/workbooks/NONE', 404, '404006'],
    ['GET', '/api/3.29/sites/SITE/views/NONE', 404, '404011'],
    ['GET', '/api/3.29/sites/SITE/datasources/NONE', 404, '404004'],
    ['GET', '/api/3.29/sites/SITE/jobs/NONE', 404, '404018'],
    ['GET', '/api/3.29/sites/demo?key=contentUrl', 200, undefined],
    ['GET', '/api/3.29/sites/elsewhere?key=contentUrl', 404, '404000'],
    ['GET', '/api/3.29/sites', 200, undefined],
    ['GET', '/api/3.29/sites/%E0%A4%A/users', 400, '400000'],
    ['GET', '/control/counters', 404, '404003'],
  ] as const

  it.each(cases)('%s %s answers %i %s', async (method, path, status, code) => {
    const real = path
      .replace('SITE', visitor.siteId)
      .replace('USER', simulator.world().users[0]?.id ?? '')
      .replace('NONE', '00000000-0000-4000-a000-000000000000')
    const answered = await at(real, method)
    expect([answered.status, codeOf(answered)]).toEqual([status, code])
  })

  it.each(['2.4', '3.29', '9.9'])('server information needs no session, in version %s', async (version) => {
    for (const name of ['serverinfo', 'serverInfo']) {
      const answered = await ask(simulator.url, `/api/${version}/${name}`)
      expect(answered.status).toBe(200)
      expect(answered.text).toContain('<restApiVersion>3.29</restApiVersion>')
    }
  })

  it.each([
    'users?fields=,,,',
    'users?fields=',
    'users?sort=&filter=',
    'users?pageNumber=1%00',
    'users?pageSize=99999999999999999999',
    'users?filter=name:in:[]',
    'users?filter=name:eq:%F0%9F%98%80,name:eq:a:b',
    'users?%ZZ=%',
    'views?filter=tags:in:[a,b],name:in:[c',
    'jobs?sort=createdAt:asc,,',
    'users/%00',
    'users//x//',
  ])('%s gets an answer, not an error of the simulator', async (path) => {
    const { status, text } = await visitor.get(path)
    expect(status).toBeLessThan(500)
    expect(() => rowsOf(text, 'user')).not.toThrow()
  })

  it('an older server knows less', async () => {
    const old = await startSimulator({ counts: tiny, apiVersion: '3.4' })
    const body =
      '<tsRequest><credentials personalAccessTokenName="a" personalAccessTokenSecret="b"/></tsRequest>'
    expect(codeOf(await ask(old.url, '/api/3.6/auth/signin', { method: 'POST', body }))).toBe('404001')
    expect(codeOf(await ask(old.url, '/api/3.4/auth/signin', { method: 'POST', body }))).toBe('400000')
    expect((await ask(old.url, '/api/2.4/serverInfo')).text).toContain('>3.4<')
    await old.close()
  })
})
