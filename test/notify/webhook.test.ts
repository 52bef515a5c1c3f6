import type { IncomingMessage, ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { Agent } from 'undici'
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../lib/adapters/local/clock.ts'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { keys } from '../../lib/core/keys.ts'
import { secretOf } from '../../lib/core/secret.ts'
import { notify } from '../../lib/notify/notify.ts'
import { testMessages } from '../../lib/notify/test-message.ts'
import { webhookPost } from '../../lib/notify/webhook.ts'
import { quickClock, serve, serveRaw } from '../tableau/servers.ts'
import { failure, inbox, inputOf, outcome, portsOf, report, target } from './night.ts'

const agent = new Agent()
afterAll(() => agent.destroy())

type Answer = (response: ServerResponse, times: number) => void

/** A webhook that answers as told, and what came in. */
async function hook(answer: Answer): Promise<{ url: string; bodies: string[]; requests: IncomingMessage[] }> {
  const bodies: string[] = []
  const requests: IncomingMessage[] = []
  const url = await serve((request, response) => {
    requests.push(request)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString())
      answer(response, bodies.length)
    })
  })
  return { url, bodies, requests }
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers).end('x'.repeat(100))
  }

const send = (url: string, timeoutMs?: number, clock = quickClock()) =>
  webhookPost(agent, { clock, ...(timeoutMs === undefined ? {} : { timeoutMs }) })(secretOf(url), '{"a":1}')

describe('a webhook', () => {
  test('gets the body once, as JSON, at its whole address', async () => {
    const { url, bodies, requests } = await hook(status(200))
    expect(await send(`${url}/in/T0/B0?key=v&x=%2F`)).toEqual({ status: 200 })
    expect(bodies).toEqual(['{"a":1}'])
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/in/T0/B0?key=v&x=%2F' })
    expect(requests[0]?.headers['content-type']).toBe('application/json; charset=utf-8')
  })

  test.each([202, 204, 301, 302, 307, 308, 400, 404])('that answers %i is asked once', async (code) => {
    const { url, bodies } = await hook(status(code, { location: '/elsewhere' }))
    expect(await send(url)).toEqual({ status: code })
    expect(bodies).toHaveLength(1)
  })

  test.each<[number, Record<string, string>, number]>([
    [500, {}, 1_000],
    [503, { 'retry-after': '3' }, 3_000],
    [429, { 'retry-after': '3600' }, 5_000],
    [429, { 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 5_000],
    [429, { 'retry-after': 'Fri, 01 Jan 2010 00:00:00 GMT' }, 1_000],
    [429, { 'retry-after': '-1' }, 1_000],
    [429, { 'retry-after': 'soon' }, 1_000],
  ])('that answers %i with %j is asked again after a wait', async (code, headers, wait) => {
    const clock = quickClock()
    const { url, bodies } = await hook((response, times) =>
      status(times === 1 ? code : 200, headers)(response, times),
    )
    expect(await send(url, undefined, clock)).toEqual({ status: 200 })
    expect(bodies).toHaveLength(2)
    expect(clock.waits).toEqual([wait])
  })

  test('that keeps failing is asked twice', async () => {
    const { url, bodies } = await hook(status(500))
    expect(await send(url)).toEqual({ status: 500 })
    expect(bodies).toHaveLength(2)
  })

  test('whose connection is reset is asked again', async () => {
    const { url, bodies } = await hook((response, times) =>
      times === 1 ? response.socket?.destroy() : status(200)(response, times),
    )
    expect(await send(url)).toEqual({ status: 200 })
    expect(bodies).toHaveLength(2)
  })

  test('whose connection is always reset', async () => {
    let sockets = 0
    const url = await serveRaw((socket) => {
      sockets++
      socket.once('data', () => socket.destroy())
    })
    await expect(send(url)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('the webhook at 127.0.0.1'),
    })
    expect(sockets).toBe(2)
  })

  test('that is not there', async () => {
    // A port that was free a moment ago.
    const { createServer } = await import('node:net')
    const server = createServer()
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve(Object(server.address()).port)),
    )
    await new Promise((resolve) => server.close(resolve))
    await expect(send(`http://127.0.0.1:${port}/x`)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('that speaks no HTTP', async () => {
    const url = await serveRaw((socket) => socket.end('HELLO\r\n\r\n'))
    await expect(send(url)).rejects.toMatchObject({ code: 'malformed-response' })
  })

  test('that never answers', async () => {
    const { url } = await hook(() => undefined)
    await expect(send(url, 60)).rejects.toMatchObject({
      code: 'unreachable',
      message: 'the webhook at 127.0.0.1: the answer was not complete after 0.06 seconds',
    })
  })

  test('whose answer never ends has answered all the same', async () => {
    const { url } = await hook((response) => {
      response.writeHead(200).write('x'.repeat(100_000))
    })
    expect(await send(url)).toEqual({ status: 200 })
  })

  test('that asks to wait longer than there is time', async () => {
    const { url } = await hook(status(503, { 'retry-after': '5' }))
    const post = webhookPost(agent, { clock: systemClock, timeoutMs: 100 })
    await expect(post(secretOf(url), '{}')).rejects.toMatchObject({ code: 'unreachable' })
  })

  test('is left when the caller has had enough', async () => {
    const stop = new AbortController()
    const { url } = await hook(() => stop.abort(new Error('enough')))
    const post = webhookPost(agent, { clock: quickClock() })
    await expect(post(secretOf(url), '{}', stop.signal)).rejects.toThrow('enough')
  })
})

const CANARY = 'T0NARY/B0CANARY/xXcanaryXx0123456789'

describe('an address', () => {
  test.each([
    ['no URL', CANARY, 'bad-configuration'],
    ['empty', '', 'bad-configuration'],
    ['plain http', `http://hooks.example/${CANARY}`, 'insecure-address'],
    ['another scheme', `ftp://hooks.example/${CANARY}`, 'insecure-address'],
    ['a file', `file:///${CANARY}`, 'insecure-address'],
    ['with a password', 'https://user:xXcanaryXx0123456789@hooks.example/', 'bad-configuration'],
    ['the metadata service', `https://169.254.169.254/${CANARY}`, 'forbidden-address'],
  ])('that is %s is refused, and not shown', async (_, url, code) => {
    const error = await send(url).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code })
    expect(inspect(error, { depth: 9 })).not.toMatch(/canary/i)
  })
})

describe('the address is in no result and in no warehouse', () => {
  test.each<[string, Answer]>([
    ['taken', status(200)],
    ['refused', status(403)],
    ['failed', status(500)],
    [
      'redirected',
      (response) => response.writeHead(302, { location: `http://127.0.0.1/${CANARY}` }).end(CANARY),
    ],
    ['reset', (response) => response.socket?.destroy()],
    ['late', () => undefined],
  ])('%s', async (_, answer) => {
    const { url, requests } = await hook(answer)
    const secret = secretOf(`${url}/services/${CANARY}?sig=xXcanaryXx0123456789`)
    const store = memoryStore()
    const ports = portsOf(store, inbox(), {
      secrets: { read: async () => secret },
      post: webhookPost(agent, { clock: quickClock(), timeoutMs: 300 }),
    })
    const night = report('2026-10-30', { failure: failure('unreachable') })
    const targets = [target('slack'), target('teams'), target('json')]
    const results = [
      await notify(inputOf(night, { targets }), ports),
      await testMessages(targets, { site: 'sales', owner: undefined, dt: '2026-10-30', run: 'r' }, ports),
    ]
    expect(requests.every((each) => each.url?.includes(CANARY))).toBe(true)
    expect(requests.length).toBeGreaterThanOrEqual(6)
    const state = new TextDecoder().decode((await store.read(keys.notice('sales')))?.bytes)
    expect(`${inspect(results, { depth: 9 })}${JSON.stringify(results)}${state}`).not.toMatch(/canary/i)
  })

  test('nor when a port throws it', async () => {
    const secret = secretOf(`https://hooks.example/services/${CANARY}`)
    const ports = portsOf(memoryStore(), inbox(), {
      secrets: { read: async () => secret },
      post: async (url) => {
        throw new TypeError(`cannot post to ${url.reveal()}: /services/${CANARY}`)
      },
    })
    const result = await notify(inputOf(report('2026-10-30', { failure: failure('unreachable') })), ports)
    expect(result.targets[0]?.reason).toContain('cannot post to')
    expect(inspect(result)).not.toMatch(/canary/i)
  })
})

test('a token in a reason leaves the house by no message', async () => {
  const { url, bodies } = await hook(status(200))
  const token = 'qlE1g9MMh9vbrjjgZhbZrA==:rZTHhPpP2tUW1kfn4tjg8'
  const outcomes = [outcome('users', { verdict: 'incomplete', reason: `the answer was ${token}` })]
  const night = report('2026-10-30', { outcomes, failure: failure('internal', `odd: ${token}`) })
  const ports = portsOf(memoryStore(), inbox(), {
    secrets: { read: async () => secretOf(url) },
    post: webhookPost(agent, { clock: quickClock() }),
  })
  await notify(inputOf(night, { targets: [target('slack'), target('teams'), target('json')] }), ports)
  expect(bodies).toHaveLength(3)
  expect(bodies.join('')).not.toMatch(/qlE1g9|rZTHhP/)
  expect(bodies.join('')).toContain('[hidden]')
})
