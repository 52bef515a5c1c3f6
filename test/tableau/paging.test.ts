import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { newTally } from '../../lib/tableau/calls.ts'
import type { Page } from '../../lib/tableau/client.ts'
import { type Pass, readPass } from '../../lib/tableau/paging.ts'
import { answerXml, complaint, connected, numberOf, tinySite, USERS, usersPage, wrap } from './servers.ts'

type PageOf = (pageNumber: number, pageSize: number) => string | undefined

/** Reads a pass over a list whose pages come from a function; undefined is "invalid page number". */
async function pass(pageOf: PageOf): Promise<{ pass: Pass; ids: string[]; sizes: number[] }> {
  const sizes: number[] = []
  const site = await tinySite((request, response) => {
    const [number, size] = [numberOf(request, 'pageNumber'), numberOf(request, 'pageSize')]
    sizes.push(size)
    const xml = pageOf(number, size)
    if (xml === undefined) answerXml(response, complaint('400006'), 400)
    else answerXml(response, xml, 200, { date: new Date(Date.UTC(2026, 10, 1, 2, 0, number)).toUTCString() })
  })
  const { client } = await connected(site.url)
  const ids: string[] = []
  const read = await readPass(client, USERS, (page) =>
    ids.push(...page.items.map((item) => String(item['@id']))),
  )
  return { pass: read, ids, sizes }
}

/** `calls`: how many pages were asked for. */
type Case = readonly [what: string, pageOf: PageOf, expected: Partial<Pass>, distinct: number, calls: number]

const CASES: readonly Case[] = [
  [
    'nothing',
    (n) => usersPage(n, 0),
    { firstTotal: 0, lastTotal: 0, received: 0, pages: 1, cut: false },
    0,
    1,
  ],
  [
    'one page',
    (n) => usersPage(n, 999),
    { firstTotal: 999, lastTotal: 999, received: 999, pages: 1, cut: false },
    999,
    1,
  ],
  ['exactly one page', (n) => usersPage(n, 1000), { received: 1000, pages: 1, cut: false }, 1000, 2],
  ['one more than a page', (n) => usersPage(n, 1001), { received: 1001, pages: 2, cut: false }, 1001, 2],
  [
    'many pages',
    (n) => usersPage(n, 12_345),
    { firstTotal: 12_345, lastTotal: 12_345, received: 12_345, pages: 13, cut: false },
    12_345,
    13,
  ],
  [
    'a short page in the middle',
    (n) => usersPage(n, 3000, n === 2 ? { rows: 400 } : {}),
    { firstTotal: 3000, lastTotal: 3000, received: 2400, pages: 3, cut: false },
    2400,
    4,
  ],
  [
    'an empty page in the middle',
    (n) => usersPage(n, 3000, n === 2 ? { rows: 0 } : {}),
    { received: 2000, pages: 3, cut: false },
    2000,
    4,
  ],
  [
    'a page larger than asked',
    (n) => usersPage(n, 1500, n === 2 ? { rows: 700 } : {}),
    { received: 1700, pages: 2, cut: false },
    1700,
    2,
  ],
  [
    'a page size that the server lowers',
    (n) => usersPage(n, 450, { pageSize: 100 }),
    { firstTotal: 450, received: 450, pages: 5, cut: false },
    450,
    5,
  ],
  [
    'a total that grows',
    (n) => usersPage(n, n === 1 ? 2000 : 2001),
    { firstTotal: 2000, lastTotal: 2001, received: 2001, pages: 3, cut: false },
    2001,
    3,
  ],
  [
    'a total that shrinks',
    (n) => usersPage(n, n === 1 ? 2001 : 2000),
    { firstTotal: 2001, lastTotal: 2000, received: 2000, pages: 3, cut: false },
    2000,
    3,
  ],
  [
    'a total in the middle that is another',
    (n) => usersPage(n, n === 2 ? 2900 : 2500),
    { firstTotal: 2500, lastTotal: 2500, oddTotal: 2900, received: 2500, pages: 3, cut: false },
    2500,
    3,
  ],
  [
    'a total that hides rows behind a full page',
    (n) => usersPage(n, 1000, n === 2 ? { rows: 5 } : {}),
    { firstTotal: 1000, lastTotal: 1000, received: 1005, pages: 2, cut: false },
    1005,
    2,
  ],
  [
    'nothing behind a full page, where there is no such page',
    (n) => (n > 1 ? undefined : usersPage(n, 1000)),
    { firstTotal: 1000, lastTotal: 1000, received: 1000, pages: 1, cut: false },
    1000,
    2,
  ],
  [
    'an end before the total',
    (n) => (n > 2 ? undefined : usersPage(n, 4500)),
    { firstTotal: 4500, lastTotal: 4500, received: 2000, pages: 2, cut: true },
    2000,
    5,
  ],
  [
    'a list that grows for ever',
    (n) => usersPage(n, n * 1000 + 1),
    { firstTotal: 1001, lastTotal: 11_001, oddTotal: 2001, received: 11_000, pages: 11, cut: false },
    11_000,
    11,
  ],
]

describe('readPass', () => {
  it.each(CASES)('%s', async (_, pageOf, expected, distinct, calls) => {
    const read = await pass(pageOf)
    expect(read.pass).toMatchObject({ oddTotal: null, ...expected })
    expect(read.sizes).toHaveLength(calls)
    expect(new Set(read.ids).size).toBe(distinct)
    expect(read.ids).toHaveLength(read.pass.received)
  })

  it('asks for a lowered page size from the second page on', async () => {
    expect((await pass((n) => usersPage(n, 250, { pageSize: 100 }))).sizes).toEqual([1000, 100, 100])
  })

  it('takes for the last page the one with the highest number, whichever came last', async () => {
    const late: (() => void)[] = []
    const site = await tinySite((request, response) => {
      const number = numberOf(request, 'pageNumber')
      const answer = () => answerXml(response, usersPage(number, number === 3 ? 2600 : 2500))
      if (number === 2) return late.push(answer)
      answer()
    })
    const { client } = await connected(site.url)
    const arrived: (number | undefined)[] = []
    const read = await readPass(client, USERS, ({ pagination }) => {
      arrived.push(pagination?.pageNumber)
      if (pagination?.pageNumber === 3) for (const answer of late) answer()
    })
    expect(arrived).toEqual([1, 3, 2])
    expect(read).toMatchObject({ firstTotal: 2500, lastTotal: 2600, oddTotal: null, received: 2600 })
  })

  it("sums the cost and spans the server's time", async () => {
    const { pass: read } = await pass((n) => usersPage(n, 2500))
    const bytes = [1, 2, 3].reduce((sum, n) => sum + usersPage(n, 2500).length, 0)
    expect(read.cost).toEqual({ calls: 3, retries: 0, renewals: 0, bytes })
    expect([read.observedFrom, read.observedTo]).toEqual(
      [1, 3].map((second) => Date.UTC(2026, 10, 1, 2, 0, second)),
    )
  })

  it('takes a total beyond the end that is another one for what it is, though no item stands there', async () => {
    const beyond = async (total: number) => {
      const page = async (_: unknown, pageNumber: number): Promise<Page> => ({
        items: pageNumber === 1 ? [{ '@id': 'a' }, { '@id': 'b' }] : [],
        pagination: { pageNumber, pageSize: 2, totalAvailable: pageNumber === 1 ? 2 : total },
        observedAt: 0,
        cost: newTally(),
      })
      return readPass({ page }, USERS, () => undefined)
    }
    expect(await beyond(3)).toMatchObject({ firstTotal: 2, lastTotal: 3, received: 2, pages: 2 })
    expect(await beyond(2)).toMatchObject({ firstTotal: 2, lastTotal: 2, received: 2, pages: 1 })
  })

  it('reads a list without pages in one call', async () => {
    const site = await tinySite((_, response) =>
      answerXml(response, wrap('<tasks><task id="1"/><task id="2"/></tasks>')),
    )
    const { client } = await connected(site.url)
    const read = { path: 'tasks', list: 'tasks', item: 'task', query: {}, paging: 'none' } as const
    const found: Page[] = []
    expect(await readPass(client, read, (page) => found.push(page))).toMatchObject({
      firstTotal: null,
      lastTotal: null,
      oddTotal: null,
      received: 2,
      pages: 1,
      cut: false,
    })
    expect(found).toHaveLength(1)
  })

  it('does not follow an absurd total', async () => {
    await expect(pass((n) => usersPage(n, 999_999_999_999_999))).rejects.toMatchObject({
      code: 'malformed-response',
      message: 'A list announces 999999999999999 items in pages of 1000: more than 10000 pages',
    })
  })

  it('follows the largest total that is none', async () => {
    const reason = new Error('the second page was asked for')
    const largest = { pageNumber: 1, pageSize: 1, totalAvailable: 10_000 }
    const page = async (_: unknown, pageNumber: number): Promise<Page> => {
      if (pageNumber > 1) throw reason
      return { items: [], pagination: largest, observedAt: 0, cost: newTally() }
    }
    await expect(readPass({ page }, USERS, () => undefined)).rejects.toBe(reason)
  })

  it('fails where the first page is beyond the end', async () => {
    await expect(pass(() => undefined)).rejects.toMatchObject({
      code: 'tableau-error',
      tableauCode: '400006',
    })
  })

  it('takes no other refusal of a page for the end', async () => {
    const site = await tinySite((request, response) => {
      if (numberOf(request, 'pageNumber') === 1) answerXml(response, usersPage(1, 1500))
      else answerXml(response, complaint('400007'), 400)
    })
    const { client } = await connected(site.url)
    await expect(readPass(client, USERS, () => undefined)).rejects.toMatchObject({
      code: 'tableau-error',
      tableauCode: '400007',
    })
  })

  it('fails with the first failure and starts no further page', async () => {
    let calls = 0
    const site = await tinySite((request, response) => {
      calls += 1
      const number = numberOf(request, 'pageNumber')
      if (number === 1) return answerXml(response, usersPage(1, 100_000))
      if (number === 3) return answerXml(response, complaint('403004'), 403)
    })
    const { client } = await connected(site.url)
    await expect(readPass(client, USERS, () => undefined)).rejects.toMatchObject({ code: 'forbidden' })
    expect(calls).toBeLessThanOrEqual(1 + 8)
  })

  it("ends with the signal's reason", async () => {
    const reason = new Error('Ctrl-C')
    const stop = new AbortController()
    const site = await tinySite((request, response) => {
      if (numberOf(request, 'pageNumber') === 1) answerXml(response, usersPage(1, 5000))
      else stop.abort(reason)
    })
    const { client } = await connected(site.url)
    await expect(readPass(client, USERS, () => undefined, stop.signal)).rejects.toBe(reason)
  })

  it('leaves nothing behind on a signal that outlives it', async () => {
    const site = await tinySite((_, response) => answerXml(response, usersPage(1, 5)))
    const { client } = await connected(site.url)
    const { signal } = new AbortController()
    await readPass(client, USERS, () => undefined, signal)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('ends with what the reader of pages throws', async () => {
    const reason = new Error('disk full')
    const site = await tinySite((request, response) =>
      answerXml(response, usersPage(numberOf(request, 'pageNumber'), 3000)),
    )
    const { client } = await connected(site.url)
    const failing = () => {
      throw reason
    }
    await expect(readPass(client, USERS, failing)).rejects.toBe(reason)
  })
})

it('asks for few of very many pages at once, and for no more when it is stopped', async () => {
  const asked: number[] = []
  const stopped = new AbortController()
  const page = (_: unknown, number: number, signal?: AbortSignal): Promise<Page> => {
    asked.push(number)
    const pagination = { pageNumber: 1, pageSize: 1000, totalAvailable: 9_000_000 }
    if (number === 1) return Promise.resolve({ items: [], pagination, observedAt: 0, cost: newTally() })
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  const reading = readPass({ page }, USERS, () => undefined, stopped.signal)
  while (asked.length < 2) await new Promise(setImmediate)
  stopped.abort(new Error('stopped'))
  await expect(reading).rejects.toThrow('stopped')
  await new Promise(setImmediate)
  expect(asked).toHaveLength(1 + 64)
})
