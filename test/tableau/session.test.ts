import { describe, expect, it, vi } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import {
  answerXml,
  complaint,
  connected,
  numberOf,
  SITE_ID,
  type TinySite,
  TOKEN,
  tinySite,
  USER_ID,
  USERS,
  usersPage,
  wrap,
} from './servers.ts'

const pages: Parameters<typeof tinySite>[0] = (request, response) =>
  answerXml(response, usersPage(numberOf(request, 'pageNumber'), 8000))
const eight = [1, 2, 3, 4, 5, 6, 7, 8]

const endSession = (site: TinySite) => {
  site.token = 'ended'
}

describe('a lost session', () => {
  it('is renewed once for eight callers at once', async () => {
    const site = await tinySite(pages)
    const { client, events } = await connected(site.url)
    endSession(site)
    const read = await Promise.all(eight.map((number) => client.page(USERS, number)))
    expect(site.signIns).toBe(2)
    expect(read.map((page) => page.items.length)).toEqual(eight.map(() => 1000))
    expect(read.reduce((sum, { cost }) => sum + cost.renewals, 0)).toBe(1)
    expect(events.filter((event) => event.type === 'renewed')).toEqual([
      { type: 'renewed', reason: 'the session had ended (401002)' },
    ])
  })

  it('is renewed for the code 401000 too', async () => {
    let refuse = true
    const site = await tinySite((request, response, seen) => {
      if (!refuse) return pages(request, response, seen)
      refuse = false
      answerXml(response, complaint('401000'), 401)
    })
    const { client } = await connected(site.url)
    expect((await client.page(USERS, 1)).cost).toEqual({
      calls: 2,
      retries: 0,
      renewals: 1,
      bytes: usersPage(1, 8000).length,
    })
    expect(site.signIns).toBe(2)
  })

  it('that others renewed meanwhile is not renewed again', async () => {
    let late: (() => void) | undefined
    const site = await tinySite((request, response, seen) => {
      if (numberOf(request, 'pageNumber') !== 1 || late !== undefined) return pages(request, response, seen)
      late = () => answerXml(response, complaint('401002'), 401)
    })
    const { client, events } = await connected(site.url)
    const slow = client.page(USERS, 1)
    await vi.waitUntil(() => late !== undefined, { timeout: 30_000 })
    endSession(site)
    await client.page(USERS, 2)
    late?.()
    expect((await slow).cost).toMatchObject({ calls: 2, renewals: 0 })
    expect([site.signIns, events.filter((event) => event.type === 'renewed').length]).toEqual([2, 1])
  })

  it('looks at the lease before it is renewed, and stops everybody when the lease is lost', async () => {
    const site = await tinySite(pages)
    let lost = false
    const beforeSignIn = async () => {
      if (lost) throw new AlmanacError('lease-lost', 'taken over')
    }
    const { client } = await connected(site.url, { beforeSignIn })
    lost = true
    endSession(site)
    const calls = await Promise.allSettled(eight.map((number) => client.page(USERS, number)))
    expect(calls).toEqual(
      calls.map(() => ({ status: 'rejected', reason: expect.objectContaining({ code: 'lease-lost' }) })),
    )
    await expect(client.page(USERS, 1)).rejects.toMatchObject({ code: 'lease-lost' })
    expect(site.signIns).toBe(1)
  })
})

describe('a renewed session', () => {
  it.each([
    ['of another site', SITE_ID, 'site-mismatch', /^The run reads the site /],
    ['of another user', USER_ID, 'session-lost', /^The run reads as the user /],
  ])('%s stops every caller, now and later', async (_, id, code, message) => {
    const site = await tinySite(pages, {
      '/auth/signin': (_request, response, of) => {
        of.signIns += 1
        of.token = `${TOKEN}${of.signIns}`
        const credentials = `<credentials token="${of.token}"><site id="${SITE_ID}" contentUrl="demo"/><user id="${USER_ID}"/></credentials>`
        answerXml(response, wrap(of.signIns === 1 ? credentials : credentials.replace(id, `f${id.slice(1)}`)))
      },
    })
    const { client } = await connected(site.url)
    endSession(site)
    const refused = { code, message: expect.stringMatching(message) }
    await expect(client.page(USERS, 1)).rejects.toMatchObject(refused)
    await expect(client.page(USERS, 2)).rejects.toMatchObject(refused)
  })
})

describe('a second loss', () => {
  it('within ten minutes stops every caller, now and later', async () => {
    const site = await tinySite(pages)
    const { client, clock } = await connected(site.url)
    endSession(site)
    await client.page(USERS, 1)
    clock.pass(10 * 60_000 - 1)
    endSession(site)
    const calls = await Promise.allSettled(eight.map((number) => client.page(USERS, number)))
    const lost = {
      code: 'session-lost',
      tableauCode: '401002',
      next: expect.stringContaining('token of its own'),
    }
    expect(calls).toEqual(calls.map(() => ({ status: 'rejected', reason: expect.objectContaining(lost) })))
    await expect(client.page(USERS, 1)).rejects.toMatchObject(lost)
    expect(site.signIns).toBe(2)
  })

  it('after ten minutes is renewed like the first', async () => {
    const site = await tinySite(pages)
    const { client, clock } = await connected(site.url)
    for (let hour = 0; hour < 3; hour++) {
      clock.pass(10 * 60_000)
      endSession(site)
      expect((await client.page(USERS, 1)).cost.renewals).toBe(1)
    }
    expect(site.signIns).toBe(4)
  })

  it('right after a renewal means that somebody else uses the token', async () => {
    const site = await tinySite((_, response) => answerXml(response, complaint('401002'), 401))
    const { client } = await connected(site.url)
    await expect(client.page(USERS, 1)).rejects.toMatchObject({ code: 'session-lost' })
    expect(site.signIns).toBe(2)
  })
})
