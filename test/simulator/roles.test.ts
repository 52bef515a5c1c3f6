import { describe, expect, it } from 'vitest'
import type { SiteRole } from '../../lib/simulator/facts.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { rowsOf, validate } from './reading.ts'
import { ask, codeOf, signIn, signInBody, tiny, withSimulator } from './visitor.ts'

const LISTS = [
  ['projects', 'project'],
  ['workbooks', 'workbook'],
  ['views', 'view'],
  ['datasources', 'datasource'],
] as const

const meOf = (simulator: Simulator, role: SiteRole) => {
  const me = simulator.world().users.find(({ siteRole }) => siteRole === role)
  return me ?? expect.unreachable(`no ${role}`)
}

describe.each(['Viewer', 'Explorer', 'Creator', 'ExplorerCanPublish'] as const)('%s', (siteRole) => {
  it('sees itself and a part of the content, and is refused people and jobs', async () => {
    await withSimulator({ counts: tiny, siteRole }, async (simulator) => {
      const { get } = await signIn(simulator)
      const me = meOf(simulator, siteRole)
      const group = simulator.world().groups[1]
      const job = simulator.world().jobs[0]
      const refusedPaths = ['users', 'groups', `groups/${group?.id}/users`, 'jobs', `jobs/${job?.id}`]
      for (const path of refusedPaths) expect([path, codeOf(await get(path))]).toEqual([path, '403004'])
      expect(rowsOf((await get(`users/${me.id}`)).text, 'user')[0]).toMatchObject({
        '@name': me.name,
        '@siteRole': siteRole,
      })
      expect((await get(`users/${me.id}/groups`)).status).toBe(200)
      const other = simulator.world().users[0]
      expect(codeOf(await get(`users/${other?.id}`))).toBe('403133')
      expect(codeOf(await get(`users/${other?.id}/groups`))).toBe('403133')
    })
  })
})

describe('a lesser role', () => {
  it('gets the same part of each list every time, with totals that agree and all it owns', async () => {
    await withSimulator({ counts: tiny, siteRole: 'Creator' }, async (simulator) => {
      const me = meOf(simulator, 'Creator')
      const visitor = await signIn(simulator)
      for (const [list, item] of LISTS) {
        const all = simulator.world()[list]
        const rows = await visitor.all(list, item)
        const ids = rows.map((row) => row['@id'])
        expect(ids.length, list).toBeGreaterThan(0)
        expect(ids.length, list).toBeLessThan(all.length)
        expect(new Set(ids).size).toBe(ids.length)
        const owned = all.filter(({ ownerId }) => ownerId === me.id)
        expect(ids).toEqual(expect.arrayContaining(owned.map(({ id }) => id)))
        expect((await visitor.all(list, item)).map((row) => row['@id'])).toEqual(ids)
      }
    })
  })

  it('is refused the pages of what is out of sight', async () => {
    await withSimulator({ counts: tiny, siteRole: 'Viewer' }, async (simulator) => {
      const { get, all } = await signIn(simulator)
      const cases = [
        ['workbooks', 'workbook', '', '403018'],
        ['workbooks', 'workbook', '/views', '403004'],
        ['views', 'view', '', '403004'],
        ['datasources', 'datasource', '', '403004'],
      ] as const
      for (const [list, item, below, code] of cases) {
        const seen = new Set((await all(list, item)).map((row) => row['@id']))
        const [inSight] = seen
        const hidden = simulator.world()[list].find(({ id }) => !seen.has(id))
        expect((await get(`${list}/${inSight}${below}`)).status, list).toBe(200)
        expect(codeOf(await get(`${list}/${hidden?.id}${below}`)), list).toBe(code)
      }
    })
  })

  it('knows less of the site', async () => {
    await withSimulator({ counts: tiny, siteRole: 'Viewer' }, async (simulator) => {
      const { get, siteId, token } = await signIn(simulator)
      const { text } = await get('?includeUsage=true')
      expect(Object.keys(rowsOf(text, 'site')[0] ?? {})).toEqual(['@id', '@name', '@contentUrl', '@state'])
      expect(() => validate(text)).not.toThrow()
      expect(text).toContain(siteId)
      expect(codeOf(await ask(simulator.url, '/api/3.29/sites', { token }))).toBe('403004')
    })
  })

  it('is not given a page that was kept for an administrator, nor the other way round', async () => {
    const world = await startSimulator({ counts: tiny })
    const viewer = meOf(world, 'Viewer').name
    await world.close()
    const morePats = [{ name: 'viewer', secret: 'the-same', user: viewer }]
    await withSimulator({ counts: tiny, patSecret: 'the-same', morePats }, async (simulator) => {
      const admin = await signIn(simulator)
      const lesser = await signIn(simulator, 'demo', 'viewer')
      const counts = async (): Promise<(string | undefined)[]> =>
        Promise.all(
          [admin, lesser].map(
            async ({ get }) => /totalAvailable="(\d+)"/.exec((await get('workbooks')).text)?.[1],
          ),
        )
      const [all, part] = await counts()
      expect(all).toBe('110')
      expect(Number(part)).toBeLessThan(110)
      expect(await counts()).toEqual([all, part])
      expect(codeOf(await lesser.get('users'))).toBe('403004')
      expect((await admin.get('users')).status).toBe(200)
      expect(codeOf(await lesser.get('users'))).toBe('403004')
    })
  })
})

describe('who cannot sign in', () => {
  it('has no licence, or is not on the site', async () => {
    const counts = { ...tiny, users: 300 }
    await withSimulator({ counts, siteRole: 'Unlicensed' }, async ({ url, patName, patSecret }) => {
      const body = signInBody(patName, patSecret, 'demo')
      expect(codeOf(await ask(url, '/api/3.29/auth/signin', { method: 'POST', body }))).toBe('401001')
    })
    const morePats = [{ name: 'lost', secret: 's', user: 'nobody' }]
    await withSimulator({ counts: tiny, morePats }, async ({ url }) => {
      const body = signInBody('lost', 's', 'demo')
      expect(codeOf(await ask(url, '/api/3.29/auth/signin', { method: 'POST', body }))).toBe('401001')
    })
  })

  it('must exist for a role to be asked for', async () => {
    const none = { counts: { ...tiny, users: 1 }, siteRole: 'Viewer' } as const
    await expect(startSimulator(none)).rejects.toThrow(RangeError)
  })
})
