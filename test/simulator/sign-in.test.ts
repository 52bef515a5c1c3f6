import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Simulator, SimulatorOptions } from '../../lib/simulator/server.ts'
import { validate } from './reading.ts'
import { type Answered, ask, codeOf, signInBody, tiny, withSimulator } from './visitor.ts'

const NOW = Date.parse('2026-11-01T22:00:00Z') / 1000
const app = { clientId: 'client', secretId: 'key', secret: 'secret-of-the-app' }
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const uat = { issuer: 'issuer', keyId: 'rsa', publicKey, tenantId: 'tenant', userClaim: 'email' }
const options: SimulatorOptions = { counts: tiny, connectedApps: [app], uat: [uat] }

type Json = Record<string, unknown>
const part = (json: Json): string => Buffer.from(JSON.stringify(json)).toString('base64url')

const hs256 = (header: Json, claims: Json, secret = app.secret): string => {
  const signed = `${part({ alg: 'HS256', typ: 'JWT', kid: 'key', iss: 'client', ...header })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const rs256 = (header: Json, claims: Json): string => {
  const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: 'rsa', ...header })}.${part(claims)}`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`
}

const scp = ['tableau:users:read', 'tableau:content:read']
const claimsFor = (user: string): Json => ({
  iss: 'client',
  sub: user,
  aud: 'tableau',
  jti: 'one',
  iat: NOW,
  nbf: NOW - 5,
  exp: NOW + 300,
  scp,
})
const uatClaimsFor = (user: string): Json => ({
  iss: 'issuer',
  jti: 'one',
  iat: NOW,
  exp: NOW + 300,
  'https://tableau.com/tenantId': 'tenant',
  email: user,
  scp,
})

const post = ({ url }: Simulator, credentials: string, version = '3.29'): Promise<Answered> =>
  ask(url, `/api/${version}/auth/signin`, {
    method: 'POST',
    body: `<tsRequest><credentials ${credentials}><site contentUrl="demo"/></credentials></tsRequest>`,
  })

const numberIn = ({ text }: Answered): number => Number(/\((\d+)\)/.exec(text)?.[1])
const nameOf = (simulator: Simulator, position = 0): string => simulator.world().users[position]?.name ?? ''

type Forge = (right: Json) => string
const change =
  (claims: Json, header: Json = {}): Forge =>
  (right) =>
    hs256(header, { ...right, ...claims })

const WRONG: readonly (readonly [string, number, Forge])[] = [
  ['another secret', 127, (right) => hs256({}, right, 'another')],
  ['another kid', 127, change({}, { kid: 'other' })],
  ['another algorithm', 10083, change({}, { alg: 'none' })],
  ['no issuer in the header', 10083, change({}, { iss: undefined })],
  ['another issuer', 126, change({ iss: 'other' }, { iss: 'other' })],
  ['another audience', 10084, change({ aud: 'other' })],
  ['no audience', 10084, change({ aud: undefined })],
  ['no jti', 10084, change({ jti: undefined })],
  ['no exp', 10084, change({ exp: undefined })],
  ['no sub', 10084, change({ sub: undefined })],
  ['no scopes', 10084, change({ scp: [] })],
  ['scopes that are a text', 10084, change({ scp: 'tableau:users:read' })],
  ['exp gone by', 16, change({ exp: NOW - 1 })],
  ['nbf to come', 16, change({ nbf: NOW + 60 })],
  ['exp too far from now', 10096, change({ iat: undefined, exp: NOW + 700 })],
  ['exp too far from iat', 10096, change({ iat: NOW - 400, exp: NOW + 300 })],
  ['exp too far though iat is to come', 10096, change({ iat: NOW + 3600, exp: NOW + 3900 })],
  ['an unknown user', 5, change({ sub: 'nobody', jti: 'another' })],
  ['two parts', 10084, (right) => hs256({}, right).split('.').slice(0, 2).join('.')],
  ['no JSON', 10084, () => 'a.b.c'],
  [
    'a list for claims',
    10084,
    () => `${part({ alg: 'HS256' })}.${Buffer.from('[]').toString('base64url')}.x`,
  ],
]

describe('a token of a connected app', () => {
  it('opens a session, once', async () => {
    await withSimulator(options, async (simulator) => {
      const jwt = hs256({}, claimsFor(nameOf(simulator, 1)))
      const answered = await post(simulator, `jwt="${jwt}"`)
      expect(answered.status, answered.text).toBe(200)
      expect(answered.text).toContain(`<user id="${simulator.world().users[1]?.id}"`)
      expect(() => validate(answered.text)).not.toThrow()
      const again = await post(simulator, `jwt="${jwt}"`)
      expect([codeOf(again), numberIn(again)]).toEqual(['401001', 16])
    })
  })

  it('is refused with a number for each wrong part', async () => {
    await withSimulator(options, async (simulator) => {
      for (const [what, number, forge] of WRONG) {
        const answered = await post(simulator, `jwt="${forge(claimsFor(nameOf(simulator)))}"`)
        expect([answered.status, codeOf(answered), numberIn(answered)], what).toEqual([401, '401001', number])
      }
      const right = await post(simulator, `jwt="${hs256({}, claimsFor(nameOf(simulator)))}"`)
      expect(right.status, right.text).toBe(200)
    })
  })

  it('is refused for a name in the wrong case, a disabled app, and before 2022.3', async () => {
    await withSimulator(options, async (simulator) => {
      const claims = claimsFor(nameOf(simulator).toUpperCase())
      expect(numberIn(await post(simulator, `jwt="${hs256({}, claims)}"`))).toBe(5)
      const old = await post(simulator, `jwt="${hs256({}, claimsFor(nameOf(simulator)))}"`, '3.16')
      expect(codeOf(old)).toBe('400000')
    })
    await withSimulator({ ...options, connectedApps: [{ ...app, enabled: false }] }, async (simulator) => {
      expect(numberIn(await post(simulator, `jwt="${hs256({}, claimsFor(nameOf(simulator)))}"`))).toBe(126)
    })
  })

  it('is read by the server’s own clock', async () => {
    await withSimulator({ ...options, clockSkewMinutes: 60 }, async (simulator) => {
      const claims = claimsFor(nameOf(simulator))
      expect(numberIn(await post(simulator, `jwt="${hs256({}, claims)}"`))).toBe(16)
      const later = { ...claims, iat: NOW + 3600, nbf: NOW + 3595, exp: NOW + 3900 }
      expect((await post(simulator, `jwt="${hs256({}, later)}"`)).status).toBe(200)
    })
  })
})

describe('a unified access token', () => {
  it('opens a session when all of it is right', async () => {
    await withSimulator(options, async (simulator) => {
      const right = uatClaimsFor(nameOf(simulator))
      const cases: readonly (readonly [string, number])[] = [
        [rs256({ kid: 'other' }, right), 10085],
        [rs256({}, { ...right, iss: 'other' }), 10085],
        [rs256({ alg: 'HS256' }, right), 10083],
        [`${rs256({}, right).slice(0, -8)}AAAAAAAA`, 10083],
        [rs256({}, { ...right, 'https://tableau.com/tenantId': 'other' }), 10084],
        [rs256({}, { ...right, email: undefined }), 10084],
        [rs256({}, { ...right, email: 'nobody', jti: 'another' }), 5],
        [rs256({}, { ...right, exp: NOW }), 16],
      ]
      for (const [jwt, number] of cases) {
        expect(numberIn(await post(simulator, `jwt="${jwt}" isUat="true"`)), jwt).toBe(number)
      }
      expect(numberIn(await post(simulator, `jwt="${rs256({}, right)}"`))).toBe(10083)
      expect((await post(simulator, `jwt="${rs256({}, right)}" isUat="true"`)).status).toBe(200)
    })
  })
})

describe('a session with scopes', () => {
  it('reads what they cover and is refused the rest, also a page kept for others', async () => {
    await withSimulator({ ...options, cloud: true }, async (simulator) => {
      const { id, name = '' } = simulator.world().users[0] ?? {}
      const whole = await ask(simulator.url, '/api/3.29/auth/signin', {
        method: 'POST',
        body: signInBody(simulator.patName, simulator.patSecret, 'demo'),
      })
      const open = async (claims: Json): Promise<(path: string) => Promise<string>> => {
        const answered = await post(simulator, `jwt="${hs256({}, { ...claimsFor(name), ...claims })}"`)
        return reader(simulator, answered)
      }
      const narrow = await open({ jti: 'a' })
      const wide = await open({ jti: 'b', scp: ['tableau:groups:*', 'tableau:jobs:read'] })
      const pat = reader(simulator, whole)
      for (const path of ['users', 'groups', 'jobs', 'views', '', `users/${id}/personal-access-tokens`]) {
        expect(await pat(path), path).toBe('200')
      }
      const seen = async (read: (path: string) => Promise<string>) =>
        Promise.all(['users', 'groups', 'jobs', 'views', ''].map(read))
      expect(await seen(narrow)).toEqual(['200', '401002', '401002', '200', '200'])
      expect(await seen(wide)).toEqual(['401002', '200', '200', '401002', '401002'])
      expect(await narrow(`users/${id}/personal-access-tokens`)).toBe('401002')
    })
  })
})

/** Reads below the site with the session that a sign-in opened; gives 200 or Tableau's code. */
const reader =
  ({ url }: Simulator, { text }: Answered) =>
  async (path: string): Promise<string> => {
    const token = /token="([^"]+)"/.exec(text)?.[1] ?? ''
    const site = /<site id="([^"]+)"/.exec(text)?.[1]
    const answered = await ask(url, `/api/3.29/sites/${site}${path === '' ? '' : `/${path}`}`, {
      token,
      headers: { 'accept-encoding': 'gzip' },
    })
    return codeOf(answered) ?? String(answered.status)
  }

describe('passwords and tokens', () => {
  it('open Tableau Server, and Tableau Cloud takes no password', async () => {
    const passwords = [{ user: 'nobody', password: 'p' }]
    await withSimulator({ ...options, passwords }, async (simulator) => {
      expect(codeOf(await post(simulator, 'name="nobody" password="p"'))).toBe('401001')
    })
    let name = ''
    await withSimulator(options, async (simulator) => {
      name = nameOf(simulator, 1)
    })
    for (const [cloud, code] of [
      [false, undefined],
      [true, '401001'],
    ] as const) {
      const keys = { ...options, cloud, passwords: [{ user: name, password: 'p' }] }
      await withSimulator(keys, async (simulator) => {
        expect(codeOf(await post(simulator, `name="${name}" password="p"`))).toBe(code)
        expect(codeOf(await post(simulator, `name="${name}" password="q"`))).toBe('401001')
        expect(codeOf(await post(simulator, `name="${name}"`))).toBe('401001')
        expect(codeOf(await post(simulator, `name="${name}" password="p" jwt="x"`))).toBe('400000')
      })
    }
  })

  it('expire at their instant, and are listed with it on Tableau Cloud alone', async () => {
    const more = { name: 'old', secret: 's', expiresAt: '2026-11-01T21:00:00Z' }
    const keys = { ...options, patExpiresAt: '2026-11-02T00:00:00Z', morePats: [more] }
    for (const cloud of [true, false]) {
      await withSimulator({ ...keys, cloud }, async (simulator) => {
        const { url, patName, patSecret } = simulator
        const signIn = (name: string, secret: string) =>
          ask(url, '/api/3.29/auth/signin', { method: 'POST', body: signInBody(name, secret, 'demo') })
        expect(codeOf(await signIn('old', 's'))).toBe('401001')
        const { text } = await signIn(patName, patSecret)
        const [token = '', site, user] = ['token', 'site id', 'user id'].map(
          (name) => new RegExp(`${name}="([^"]+)"`).exec(text)?.[1],
        )
        const listed = await ask(url, `/api/3.29/sites/${site}/users/${user}/personal-access-tokens`, {
          token,
        })
        expect(codeOf(listed)).toBe(cloud ? undefined : '404003')
        expect(() => validate(listed.text)).not.toThrow()
        if (!cloud) return
        expect(listed.text).toMatch(
          /tokenName="almanac" tokenGuid="[0-9a-f-]{36}" expiresAt="2026-11-02T00:00:00Z"/,
        )
        expect(listed.text).toContain('tokenName="old"')
        expect(listed.text).not.toContain(patSecret)
      })
    }
  })
})
