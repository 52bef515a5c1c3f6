import { describe, expect, it } from 'vitest'
import { ask, codeOf, signIn, signInBody, tiny, withSimulator } from './visitor.ts'

const options = { counts: tiny }
const signInPath = '/api/3.29/auth/signin'

describe('signing in', () => {
  it('a second sign-in with the same token ends the first session, on any site', async () => {
    await withSimulator({ ...options, moreSites: { other: tiny } }, async (simulator) => {
      const first = await signIn(simulator)
      expect((await first.get('users')).status).toBe(200)
      const second = await signIn(simulator, 'other')
      expect(codeOf(await first.get('users'))).toBe('401002')
      expect((await second.get('users')).status).toBe(200)
      const third = await signIn(simulator)
      expect(codeOf(await second.get('users'))).toBe('401002')
      expect((await third.get('users')).status).toBe(200)
    })
  })

  it('another token leaves it alone, and the page kept for one session is not given to a dead one', async () => {
    const morePats = [{ name: 'second', secret: 'long-secret' }]
    await withSimulator({ ...options, patSecret: 'long-secret', morePats }, async (simulator) => {
      const first = await signIn(simulator)
      const second = await signIn(simulator, 'demo', 'second')
      expect((await first.get('users')).status).toBe(200)
      expect((await second.get('users')).status).toBe(200)
      await signIn(simulator)
      expect((await first.get('users')).status).toBe(401)
      expect((await second.get('users')).status).toBe(200)
    })
  })

  it('refuses wrong names, secrets, sites, passwords and bodies', async () => {
    await withSimulator(options, async ({ url, patName, patSecret, counters }) => {
      const cases: readonly (readonly [string, string])[] = [
        [signInBody(patName, 'wrong', 'demo'), '401001'],
        [signInBody('nobody', patSecret, 'demo'), '401001'],
        [signInBody(patName, patSecret, 'elsewhere'), '401001'],
        [
          '<tsRequest><credentials name="anna" password="x"><site contentUrl="demo"/></credentials></tsRequest>',
          '401001',
        ],
        [
          signInBody(patName, patSecret, 'demo').replace('<credentials', '<credentials password="x"'),
          '400000',
        ],
        ['', '400000'],
        ['{"credentials":{}}', '400000'],
      ]
      for (const [body, code] of cases) {
        const answered = await ask(url, signInPath, { method: 'POST', body })
        expect([answered.status, codeOf(answered)], body).toEqual([Number(code.slice(0, 3)), code])
      }
      expect(counters()).toMatchObject({ signIn: cases.length, unauthorized: 4 })
      expect(counters()['signIns']).toBeUndefined()
    })
  })

  it('reads prefixes, namespaces, quotes, references and other attributes in any order', async () => {
    const patSecret = `a"b'<&>é`
    await withSimulator({ ...options, site: 'Ünï', patName: 'my token', patSecret }, async ({ url }) => {
      const secret = 'a&quot;b&apos;&lt;&#38;&#x3E;é'
      const body = `<?xml version="1.0"?>\n<t:tsRequest xmlns:t="http://tableau.com/api">
        <t:credentials extra='>' personalAccessTokenSecret="${secret}" personalAccessTokenName='my token' >
        <t:site  contentUrl='&#220;nï' /></t:credentials></t:tsRequest>`
      expect((await ask(url, signInPath, { method: 'POST', body })).status).toBe(200)
    })
  })

  it('takes the empty content URL of the default site, also when it is not sent', async () => {
    await withSimulator({ ...options, site: '' }, async ({ url, patName, patSecret }) => {
      const body = signInBody(patName, patSecret, '')
      expect((await ask(url, signInPath, { method: 'POST', body })).status).toBe(200)
      const without = body.replace(' contentUrl=""', '')
      expect((await ask(url, signInPath, { method: 'POST', body: without })).status).toBe(200)
    })
  })
})

describe('a session', () => {
  it('is needed: absent and invented tokens are refused, and so are ended ones', async () => {
    await withSimulator(options, async (simulator) => {
      const { token, siteId, get } = await signIn(simulator)
      const path = `/api/3.29/sites/${siteId}/users`
      expect(codeOf(await ask(simulator.url, path))).toBe('401002')
      expect(codeOf(await ask(simulator.url, path, { token: 'invented' }))).toBe('401002')
      const out = await ask(simulator.url, '/api/3.29/auth/signout', { method: 'POST', token })
      expect([out.status, out.text]).toEqual([204, ''])
      expect(codeOf(await get('users'))).toBe('401002')
      expect(simulator.counters()).toMatchObject({ signIns: 1, signOuts: 1, unauthorized: 3 })
    })
  })

  it('expires when idle too long, and each request keeps it alive', async () => {
    await withSimulator({ ...options, sessionMinutes: 30 }, async (simulator) => {
      const { get } = await signIn(simulator)
      for (const minutes of [25, 25, 29]) {
        simulator.pass(minutes)
        expect((await get('users')).status).toBe(200)
      }
      simulator.pass(31)
      expect(codeOf(await get('users'))).toBe('401000')
      expect((await (await signIn(simulator)).get('users')).status).toBe(200)
      simulator.setDay('2026-11-02')
      expect(codeOf(await get('users'))).toBe('401000')
    })
  })

  it('tells who and where, and knows only its own site', async () => {
    await withSimulator({ ...options, moreSites: { other: tiny } }, async (simulator) => {
      const other = await signIn(simulator, 'other')
      const { token, siteId } = await signIn(simulator)
      const current = await ask(simulator.url, '/api/3.29/sessions/current', { token })
      expect(current.text).toContain(`<site id="${siteId}"`)
      expect(current.text).toContain(`<user id="${simulator.world().users[0]?.id}"`)
      const unknown = '00000000-0000-4000-a000-000000000000'
      for (const [site, status] of [
        [other.siteId, 403],
        [unknown, 404],
      ] as const) {
        const answered = await ask(simulator.url, `/api/3.29/sites/${site}/users`, { token })
        expect([answered.status, codeOf(answered)]).toEqual([status, '404000'])
      }
    })
  })

  it('moves to another site under a new token', async () => {
    await withSimulator({ ...options, moreSites: { other: tiny } }, async (simulator) => {
      const { token, get } = await signIn(simulator)
      const move = (contentUrl: string) =>
        ask(simulator.url, '/api/3.29/auth/switchSite', {
          method: 'POST',
          token,
          body: `<tsRequest><site contentUrl="${contentUrl}"/></tsRequest>`,
        })
      expect(codeOf(await move('demo'))).toBe('403070')
      expect(codeOf(await move('nowhere'))).toBe('401003')
      const moved = await move('other')
      expect(moved.text).toContain('contentUrl="other"')
      expect(codeOf(await get('users'))).toBe('401002')
    })
  })
})
