import { describe, expect, it, vi } from 'vitest'
import { answerXml, complaint, connected, numberOf, tinySite, USERS, usersOf, usersPage } from './servers.ts'

describe('cancelling and closing', () => {
  const hanging = (onCall: () => void) => tinySite(() => onCall())

  it('ends a call with the reason of its own signal, and no other call', async () => {
    const reason = new Error('enough')
    const stop = new AbortController()
    const site = await tinySite((request, response) => {
      if (numberOf(request, 'pageNumber') === 1) stop.abort(reason)
      else answerXml(response, usersPage(2, 2000))
    })
    const { client } = await connected(site.url)
    const [first, second] = await Promise.allSettled([
      client.page(USERS, 1, stop.signal),
      client.page(USERS, 2),
    ])
    expect(first).toEqual({ status: 'rejected', reason })
    expect(second.status).toBe('fulfilled')
  })

  it('ends calls that wait for their turn', async () => {
    const reason = new Error('enough')
    const stop = new AbortController()
    const site = await hanging(() => stop.abort(reason))
    const { client } = await connected(site.url, { concurrency: 1 })
    client.page(USERS, 1).catch(() => undefined)
    const calls = await Promise.allSettled([2, 3].map((number) => client.page(USERS, number, stop.signal)))
    expect(calls.every((call) => call.status === 'rejected' && call.reason === reason)).toBe(true)
  })

  it("ends everything with the run's reason, and still signs out", async () => {
    const reason = new Error('Ctrl-C')
    const stop = new AbortController()
    const site = await hanging(() => stop.abort(reason))
    const { client } = await connected(site.url, { signal: stop.signal })
    const calls = await Promise.allSettled([1, 2, 3].map((number) => client.page(USERS, number)))
    expect(calls).toEqual(calls.map(() => ({ status: 'rejected', reason })))
    await client.close()
    expect(site.signOuts).toBe(1)
  })

  it('ends a wait between two tries', async () => {
    const reason = new Error('Ctrl-C')
    const stop = new AbortController()
    const site = await tinySite((_, response) => response.writeHead(503).end())
    const { client } = await connected(site.url, {
      clock: {
        now: () => 0,
        elapsed: () => 0,
        sleep: async (_, signal) => {
          stop.abort(reason)
          signal?.throwIfAborted()
        },
      },
    })
    await expect(client.page(USERS, 1, stop.signal)).rejects.toBe(reason)
  })

  it('stops what is in flight, signs out once, and reads no more', async () => {
    const site = await hanging(() => undefined)
    const { client } = await connected(site.url)
    const call = client.page(USERS, 1)
    call.catch(() => undefined)
    await vi.waitUntil(() => site.paths.length === 4, { timeout: 30_000 })
    await Promise.all([client.close(), client.close()])
    await client.close()
    await expect(call).rejects.toMatchObject({ code: 'internal' })
    await expect(client.page(USERS, 1)).rejects.toMatchObject({ code: 'internal' })
    expect(site.signOuts).toBe(1)
  })

  it.each([
    ['fails', (response: Parameters<typeof answerXml>[0]) => response.writeHead(500).end(), 1],
    ['hangs', () => undefined, 1],
    [
      'finds no session',
      (response: Parameters<typeof answerXml>[0]) => answerXml(response, complaint('401002'), 401),
      0,
    ],
  ] as const)('does not fail when signing out %s', async (_, answer, warnings) => {
    const site = await tinySite(usersOf(1), { '/auth/signout': (__, response) => answer(response) })
    const { client, events } = await connected(site.url, { timeouts: { signOut: 100 } })
    await client.close()
    expect(events.filter((event) => event.type === 'warned')).toHaveLength(warnings)
  })

  it('does not fail when the server is gone', async () => {
    const site = await tinySite(usersOf(1), { '/auth/signout': (request) => request.socket.destroy() })
    const { client } = await connected(site.url)
    await expect(client.close()).resolves.toBeUndefined()
  })
})
