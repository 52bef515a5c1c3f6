import { describe, expect, it } from 'vitest'
import {
  answerXml,
  complaint,
  connected,
  numberOf,
  SITE_ID,
  tinySite,
  USERS,
  usersOf,
  usersPage,
  wrap,
} from './servers.ts'

describe('reading', () => {
  it('reads a page with its total, time and cost', async () => {
    const site = await tinySite(usersOf(1500))
    const { client } = await connected(site.url)
    const page = await client.page({ ...USERS, query: { sort: 'name:asc' } }, 2)
    expect(page).toMatchObject({
      pagination: { pageNumber: 2, pageSize: 1000, totalAvailable: 1500 },
      observedAt: Date.UTC(2026, 10, 1, 2, 0, 10),
    })
    expect(page.items).toHaveLength(500)
    expect(page.cost).toEqual({ calls: 1, retries: 0, renewals: 0, bytes: usersPage(2, 1500).length })
    expect(site.paths.at(-1)).toBe(
      `/api/3.29/sites/${SITE_ID}/users?pageSize=1000&sort=name:asc&pageNumber=2`,
    )
  })

  it('sends no page numbers to a list that has none', async () => {
    const site = await tinySite((_, response) => answerXml(response, wrap('<tasks><task id="1"/></tasks>')))
    const { client } = await connected(site.url)
    const page = await client.page(
      { path: 'tasks/extractRefreshes', list: 'tasks', item: 'task', query: { a: 'b' }, paging: 'none' },
      1,
    )
    expect([page.pagination, page.items.length, site.paths.at(-1)]).toEqual([
      null,
      1,
      `/api/3.29/sites/${SITE_ID}/tasks/extractRefreshes?a=b`,
    ])
  })

  it('does not take the first page of a paged list for the whole', async () => {
    const site = await tinySite((_, response) => answerXml(response, usersPage(1, 1001)))
    const { client } = await connected(site.url)
    await expect(client.page({ ...USERS, paging: 'none' }, 1)).rejects.toMatchObject({ code: 'incomplete' })
  })

  it.each([
    ['no pagination', wrap('<users/>')],
    ['another page', usersPage(1, 5)],
  ])('refuses %s where a numbered page was asked for', async (_, xml) => {
    const site = await tinySite((__, response) => answerXml(response, xml))
    const { client } = await connected(site.url)
    await expect(client.page(USERS, 2)).rejects.toMatchObject({
      code: 'malformed-response',
      message: expect.stringContaining('page 2 was asked for'),
    })
  })

  it('reads the site itself', async () => {
    const site = await tinySite((_, response) => answerXml(response, wrap('<site id="s" name="n"/>')))
    const { client } = await connected(site.url)
    expect((await client.item({ path: '', item: 'site', query: { includeUsage: 'true' } })).item).toEqual({
      '@id': 's',
      '@name': 'n',
    })
    expect(site.paths.at(-1)).toBe(`/api/3.29/sites/${SITE_ID}?includeUsage=true`)
  })

  it('repeats what may pass, waits as asked, counts and tells it', async () => {
    const answers: ((response: Parameters<typeof answerXml>[0]) => void)[] = [
      (response) => response.destroy(),
      (response) => answerXml(response, complaint('429000'), 429, { 'retry-after': '7' }),
      (response) => response.writeHead(503).end(),
      (response) => answerXml(response, usersPage(1, 3).slice(0, -40)),
    ]
    const site = await tinySite((_, response) =>
      (answers.shift() ?? ((last) => answerXml(last, usersPage(1, 3))))(response),
    )
    const { client, clock, events } = await connected(site.url)
    const page = await client.page(USERS, 1)
    expect(page.items).toHaveLength(3)
    expect(page.cost).toMatchObject({ calls: 5, retries: 4 })
    expect(clock.waits).toEqual([500, 7_500, 2_000, 4_000])
    const told = events.flatMap((event) =>
      event.type === 'retried' ? [[event.attempt, event.waitMs, event.path]] : [],
    )
    expect(told).toEqual(
      [500, 7_500, 2_000, 4_000].map((wait, i) => [i + 1, wait, `/api/3.29/sites/${SITE_ID}/users`]),
    )
  })

  it('gives up after five tries with the last failure', async () => {
    let calls = 0
    const site = await tinySite((_, response) => {
      calls += 1
      response.writeHead(500 + calls).end()
    })
    const { client } = await connected(site.url)
    await expect(client.page(USERS, 1)).rejects.toMatchObject({
      code: 'server-error',
      message: expect.stringMatching(/HTTP 505.*tried 5 times/),
    })
    expect(calls).toBe(5)
  })

  it('stops repeating when the budget of the run is spent', async () => {
    let calls = 0
    const site = await tinySite((_, response) => {
      calls += 1
      response.writeHead(500).end()
    })
    const { client } = await connected(site.url)
    const failures = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => client.page(USERS, i + 1)))
    expect(failures.every(({ status }) => status === 'rejected')).toBe(true)
    expect(calls).toBe(20 + 32)
  })

  it('does not repeat what stays wrong', async () => {
    let calls = 0
    const site = await tinySite((_, response) => {
      calls += 1
      answerXml(response, complaint('403004'), 403)
    })
    const { client } = await connected(site.url)
    await expect(client.page(USERS, 1)).rejects.toMatchObject({ code: 'forbidden' })
    expect(calls).toBe(1)
  })

  it('has no more calls in flight than allowed', async () => {
    let open = 0
    let most = 0
    const site = await tinySite((request, response) => {
      open += 1
      most = Math.max(most, open)
      setTimeout(() => {
        open -= 1
        answerXml(response, usersPage(numberOf(request, 'pageNumber'), 1))
      }, 5)
    })
    const { client } = await connected(site.url, { concurrency: 3 })
    await Promise.all(Array.from({ length: 20 }, (_, i) => client.page(USERS, i + 1)))
    expect(most).toBe(3)
  })

  it("tells Tableau's warnings once", async () => {
    const site = await tinySite((_, response) =>
      answerXml(response, wrap('<tasks/><warnings><warning message="soon gone"/></warnings>')),
    )
    const { client, events } = await connected(site.url)
    const read = { path: 'tasks', list: 'tasks', item: 'task', query: {}, paging: 'none' } as const
    await client.page(read, 1)
    await client.page(read, 1)
    expect(events.filter((event) => event.type === 'warned')).toEqual([
      { type: 'warned', entity: null, message: expect.stringContaining('soon gone') },
    ])
  })
})
