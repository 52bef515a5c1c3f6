import { createPublicKey } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { connectedAppToken, rsaKeyOf, unifiedAccessToken } from '../../lib/tableau/jwt.ts'
import { answerXml, complaint, connected, quickClock, tinySite, usersOf, wrap } from './servers.ts'
import { appIdentity, KEYS, openToAll, SCOPES, signInAs, uatIdentity } from './sign-in-identities.ts'

const NOW = Date.parse('2026-11-01T22:00:00.900Z')
const SECONDS = Date.parse('2026-11-01T22:00:00Z') / 1000
const minting = { now: NOW, id: '0b8a3c5e-1111-4222-8333-444455556666' }
const atThatTime = { currentDate: new Date(NOW) }

describe('a token', () => {
  it('of a connected app holds what Tableau documents', async () => {
    const app = { clientId: 'client', secretId: 'key', secret: 'a-secret-of-the-app' }
    const identity = appIdentity(await openToAll({ connectedApps: [app] }), { user: 'Anna' })
    const token = await connectedAppToken(identity, minting)
    const { payload, protectedHeader } = await jwtVerify(token, Buffer.from(app.secret), atThatTime)
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'key', iss: 'client' })
    expect(payload).toEqual({
      iss: 'client',
      sub: 'Anna',
      aud: 'tableau',
      jti: minting.id,
      iat: SECONDS,
      nbf: SECONDS - 5,
      exp: SECONDS + 300,
      scp: SCOPES,
    })
  })

  it('for unified access has no audience, and the user in the claim that is configured', async () => {
    const identity = uatIdentity(await openToAll(), { user: 'anna@example.com', userClaim: 'email' })
    const key = rsaKeyOf(identity.privateKey.reveal()) ?? expect.unreachable('no key')
    const token = await unifiedAccessToken(identity, key, minting)
    const { payload, protectedHeader } = await jwtVerify(token, createPublicKey(KEYS.publicKey), atThatTime)
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' })
    expect(payload).toEqual({
      iss: 'https://keys.example.com',
      jti: `https://keys.example.com-${SECONDS}-${minting.id}`,
      iat: SECONDS,
      exp: SECONDS + 300,
      'https://tableau.com/tenantId': 'tenant-1',
      email: 'anna@example.com',
      scp: SCOPES,
    })
  })
})

/** The tokens in the bodies that a site was sent. */
const tokensIn = (bodies: readonly string[]): string[] =>
  bodies.map((body) => /jwt="([^"]+)"/.exec(body)?.[1] ?? '')

const dated = (at: string, version = '3.29') => ({
  '/serverinfo': (_: unknown, response: Parameters<typeof answerXml>[0]) =>
    answerXml(response, wrap(`<serverInfo><restApiVersion>${version}</restApiVersion></serverInfo>`), 200, {
      date: at,
    }),
})

describe('tokens are minted', () => {
  it.each([-180, 180])('by the server’s clock: one that is %i minutes off signs in', async (minutes) => {
    const simulator = await openToAll({ clockSkewMinutes: minutes })
    const clock = quickClock()
    const { client } = await connected(simulator.url, {
      ...signInAs(simulator, appIdentity(simulator)),
      clock,
    })
    expect(client.clockSkewMs).toBe(clock.now() - client.observedAt)
    const offMinutes = Math.round((client.observedAt - Date.parse('2026-11-01T22:00:00Z')) / 60_000)
    expect(offMinutes).toBe(minutes)
  })

  it('by the time that passed since the server told it', async () => {
    const site = await tinySite(usersOf(1), dated('Sun, 01 Nov 2026 02:00:00 GMT'))
    const identity = appIdentity(await openToAll())
    const clock = quickClock()
    const beforeSignIn = async () => clock.pass(90_000)
    const signIn = { serverUrl: site.url, contentUrl: 'demo', identity }
    await connected(site.url, { signIn, clock, beforeSignIn })
    const [token = ''] = tokensIn(site.signInBodies)
    expect(decodeJwt(token).iat).toBe(Date.parse('2026-11-01T02:01:30Z') / 1000)
    expect(decodeProtectedHeader(token).alg).toBe('HS256')
  })

  it('anew for each renewal, after asking for the time again', async () => {
    let at = 'Sun, 01 Nov 2026 02:00:00 GMT'
    const site = await tinySite(usersOf(1), {
      '/serverinfo': (request, response) => dated(at)['/serverinfo'](request, response),
    })
    const identity = appIdentity(await openToAll())
    const signIn = { serverUrl: site.url, contentUrl: 'demo', identity }
    const { client } = await connected(site.url, { signIn })
    site.token = 'another'
    at = 'Sun, 01 Nov 2026 07:00:00 GMT'
    const read = { path: 'users', list: 'users', item: 'user', query: {}, paging: 'numbered' } as const
    expect((await client.page(read, 1)).cost.renewals).toBe(1)
    const [first, second] = tokensIn(site.signInBodies).map((token) => decodeJwt(token))
    expect(site.signIns).toBe(2)
    expect(first?.jti).not.toBe(second?.jti)
    expect((second?.iat ?? 0) - (first?.iat ?? 0)).toBe(5 * 3600)
  })

  it('anew when an answer was lost, since a token is good for one sign-in', async () => {
    const simulator = await openToAll()
    simulator.faults.set([{ kind: 'reset', match: { endpoint: 'signIn', times: 1 } }])
    const { events } = await connected(simulator.url, signInAs(simulator, appIdentity(simulator)))
    expect(events.map(({ type }) => type)).toEqual(['retried', 'signed-in'])
    expect(simulator.counters()).toMatchObject({ signIn: 3 })
  })

  it('but a refusal right away is not repeated', async () => {
    const site = await tinySite(usersOf(1), {
      '/auth/signin': (_, response, seen) => {
        seen.signIns += 1
        answerXml(response, complaint('401001'), 401)
      },
    })
    const signIn = { serverUrl: site.url, contentUrl: 'demo', identity: appIdentity(await openToAll()) }
    await expect(connected(site.url, { signIn })).rejects.toMatchObject({ code: 'sign-in-refused' })
    expect(site.signIns).toBe(1)
  })

  it('by our own clock where the server tells no time', async () => {
    const site = await tinySite(usersOf(1), {
      '/serverinfo': (_, response) => {
        response.sendDate = false
        answerXml(response, wrap('<serverInfo><restApiVersion>3.29</restApiVersion></serverInfo>'))
      },
    })
    const clock = quickClock()
    const signIn = { serverUrl: site.url, contentUrl: 'demo', identity: appIdentity(await openToAll()) }
    await connected(site.url, { signIn, clock })
    const [token = ''] = tokensIn(site.signInBodies)
    expect(decodeJwt(token).iat).toBe(Math.floor(clock.now() / 1000))
  })
})
