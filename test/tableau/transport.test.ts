import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fails, REQUEST, transportTo } from './exchanges.ts'
import { answerXml, serve, TOKEN, usersPage } from './servers.ts'

const page = usersPage(1, 3)
describe('an exchange', () => {
  it('asks as Tableau wants it and reads the answer', async () => {
    const seen: unknown[] = []
    const url = await serve((request, response) => {
      const { method, url: path, headers } = request
      seen.push({
        method,
        path,
        token: headers['x-tableau-auth'],
        encoding: headers['accept-encoding'],
        accept: headers.accept,
      })
      answerXml(response, page, 200, { date: 'Sun, 01 Nov 2026 02:00:00 GMT' })
    })
    const query = { filter: 'createdAt:gte:2026-11-01T00:00:00Z,name:eq:a&b c+d', sort: 'name:asc' }
    const reply = await transportTo(url).exchange({ ...REQUEST, query })
    expect(reply).toMatchObject({
      date: Date.UTC(2026, 10, 1, 2),
      bytes: page.length,
      answer: { pagination: { totalAvailable: 3 } },
    })
    expect(reply.answer.items).toHaveLength(3)
    expect(seen).toEqual([
      {
        method: 'GET',
        path: '/api/3.29/sites/x/users?filter=createdAt:gte:2026-11-01T00:00:00Z,name:eq:a%26b%20c%2Bd&sort=name:asc',
        token: TOKEN,
        encoding: 'gzip',
        accept: 'application/xml',
      },
    ])
  })

  it('reads gzip and counts its bytes as sent', async () => {
    const zipped = gzipSync(page)
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/xml', 'content-encoding': 'gzip' }).end(zipped)
    })
    const reply = await transportTo(url).exchange(REQUEST)
    expect([reply.answer.items.length, reply.bytes, reply.date === undefined]).toEqual([
      3,
      zipped.length,
      false,
    ])
  })

  it('keeps its connections', async () => {
    const sockets = new Set<unknown>()
    const url = await serve((request, response) => {
      sockets.add(request.socket)
      answerXml(response, page)
    })
    const transport = transportTo(url)
    for (let i = 0; i < 20; i++) await transport.exchange(REQUEST)
    expect(sockets.size).toBeLessThanOrEqual(2)
  })

  it.each(['/api/../secret', '/elsewhere', '//evil.example/api/x', '/api/x?y', '/api/x y'])(
    'never sends the path %j',
    async (path) => {
      let calls = 0
      const url = await serve((_, response) => {
        calls += 1
        answerXml(response, page)
      })
      await expect(transportTo(url).exchange({ ...REQUEST, path })).rejects.toMatchObject({
        code: 'internal',
      })
      expect(calls).toBe(0)
    },
  )
})

const LOCATIONS: readonly (readonly [
  status: number,
  location: (other: string) => string | undefined,
  named: RegExp,
])[] = [
  ...[300, 301, 302, 303, 307, 308].map(
    (status) => [status, (other: string) => `${other}/api/steal`, /http:\/\/127\.0\.0\.1:\d+ /] as const,
  ),
  [302, (other) => `${other}/login?saml=${'s'.repeat(40)}7`, /http:\/\/127\.0\.0\.1:\d+ /],
  [302, () => 'https://sso.example.com/login', /https:\/\/sso\.example\.com /],
  [302, () => '/auth/login', /another page of the same server/],
  [302, (other) => other.replace('http:', ''), /another page/],
  [302, () => undefined, /nowhere/],
]

describe('a redirect', () => {
  it.each(LOCATIONS)('%i is named and never followed', async (status, location, named) => {
    const seen: unknown[] = []
    const other = await serve((request, response) => {
      seen.push(request.headers)
      answerXml(response, page)
    })
    let calls = 0
    const url = await serve((_, response) => {
      calls += 1
      const target = location(other)
      response.writeHead(status, target === undefined ? {} : { location: target }).end()
    })
    const error = await fails(url)
    expect(error).toMatchObject({ code: 'redirected', message: expect.stringMatching(named) })
    expect(error.message).not.toContain('saml')
    expect([seen, calls]).toEqual([[], 1])
  })
})
