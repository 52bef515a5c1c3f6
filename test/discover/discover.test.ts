import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../lib/adapters/local/clock.ts'
import { type Discovered, type Discovery, discover } from '../../lib/discover/discover.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import type { Simulator, SimulatorOptions } from '../../lib/simulator/server.ts'
import type { Client } from '../../lib/tableau/client.ts'
import { clientOf, siteAt, smallSite } from '../doctor/site.ts'

const open: { sim: Simulator; client: Client }[] = []
afterEach(async () => {
  for (const { sim, client } of open.splice(0)) {
    await client.close()
    await sim.close()
  }
})

async function discovered(
  options: SimulatorOptions = {},
  site: Parameters<typeof siteAt>[2] = {},
  entities = ENTITIES,
): Promise<{ sim: Simulator; found: Discovery; of: (name: string) => Discovered | undefined }> {
  const sim = await smallSite(options)
  const client = await clientOf(sim)
  open.push({ sim, client })
  const found = await discover(client, entities, siteAt(sim.url, sim.site, site), { clock: systemClock })
  return { sim, found, of: (name) => found.entities.find(({ entity }) => entity === name) }
}

test('the counts are those of the site, asked for in pages of one', async () => {
  const { sim, found } = await discovered()
  const { users, groups, projects, workbooks, views, datasources, jobs } = sim.world()
  expect(found.entities.map(({ entity, count, parents }) => [entity, count, parents])).toEqual([
    ['site', 1, null],
    ['users', users.length, null],
    ['groups', groups.length, null],
    ['group_members', null, groups.length],
    ['projects', projects.length, null],
    ['workbooks', workbooks.length, null],
    ['views', views.length, null],
    ['datasources', datasources.length, null],
    ['jobs', jobs.length, null],
  ])
  expect(
    found.entities.every(
      ({ isOn, isSupported, sight, why }) => isOn && isSupported && sight === 'all' && why === null,
    ),
  ).toBe(true)
  expect(sim.counters()['users']).toBe(1)
})

test('calls are pages of 1,000, parents one each; the night adds up what is switched on', async () => {
  const { found, of } = await discovered(
    { counts: { ...COUNTS_OF_MANY } },
    { entities: ['users', 'group_members'] },
  )
  expect(of('users')).toMatchObject({ isOn: true, calls: 3 })
  const groups = of('groups')?.count ?? 0
  expect(of('group_members')).toMatchObject({ isOn: true, calls: 1 + groups })
  expect(of('groups')).toMatchObject({ isOn: false, calls: 1 })
  expect(found.night).toMatchObject({ rows: of('users')?.count, calls: 3 + 1 + groups + 4 })
  expect(found.night.latencyMs).toBeGreaterThan(0)
  expect(found.night.seconds).toBeGreaterThan(0)
})

const COUNTS_OF_MANY = {
  users: 2100,
  groups: 4,
  projects: 3,
  workbooks: 5,
  views: 5,
  datasources: 3,
  jobsPerDay: 1,
  jobDays: 1,
}

test('a role that sees less says so: what it is refused is not asked, a part is counted as a part', async () => {
  const { sim, of } = await discovered({ siteRole: 'Viewer' })
  expect(of('users')).toMatchObject({
    sight: 'forbidden',
    count: null,
    calls: null,
    seconds: null,
    why: 'Viewer is refused it',
  })
  expect(sim.counters()['users'] ?? 0).toBe(0)
  const part = of('workbooks')
  expect(part).toMatchObject({ sight: 'narrowed', isRead: false, why: 'Viewer sees only a part' })
  expect(part?.count).toBeLessThan(sim.world().workbooks.length)
})

test.each<[string, SimulatorOptions, Parameters<typeof siteAt>[2], Discovery['blind']]>([
  ['an administrator', {}, {}, undefined],
  ['a viewer', { siteRole: 'Viewer' }, {}, { siteRole: 'Viewer', needed: 'SiteAdministratorExplorer' }],
  ['a viewer whose part is accepted', { siteRole: 'Viewer' }, { acceptNarrowed: ['workbooks'] }, undefined],
  ['a viewer of a site with all switched off', { siteRole: 'Viewer' }, { entities: [] }, undefined],
])('whether a night would read nothing: %s', async (_what, options, site, blind) => {
  expect((await discovered(options, site)).found.blind).toEqual(blind)
})

test('what the server is too old for is not asked', async () => {
  const [users, ...others] = ENTITIES.filter(({ name }) => name === 'users' || name === 'groups')
  if (users === undefined) throw new Error('no users')
  const tomorrow = { ...users, read: { ...users.read, since: '3.99' } }
  const { sim, of } = await discovered({}, {}, [tomorrow, ...others])
  expect(of('users')).toMatchObject({ isSupported: false, count: null, why: 'needs REST API 3.99' })
  expect(of('groups')).toMatchObject({ isSupported: true, count: 4 })
  expect(sim.counters()['users'] ?? 0).toBe(0)
})

test('a refusal that no role foretells is that entity’s answer', async () => {
  const sim = await smallSite()
  const client = await clientOf(sim)
  open.push({ sim, client })
  sim.faults.set([{ kind: 'forbidden', match: { endpoint: 'groups' } }])
  const { entities } = await discover(client, ENTITIES, siteAt(sim.url, sim.site), { clock: systemClock })
  const of = (name: string) => entities.find(({ entity }) => entity === name)
  expect(of('groups')?.why).toMatch(/groups.*403/)
  expect(of('projects')).toMatchObject({ count: 8, why: null })
})
