import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { World } from '../../lib/simulator/facts.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { rowsOf } from './reading.ts'
import { signIn, tiny, type Visitor } from './visitor.ts'

type Row = Readonly<Record<string, unknown>>

/** Where an answer has a value whose property is not simply an attribute of the row. */
const elsewhere: Readonly<Record<string, string>> = {
  ownerId: 'owner/@id',
  projectId: 'project/@id',
  workbookId: 'workbook/@id',
  domainName: 'domain/@name',
  importDomainName: 'import/@domainName',
  importSiteRole: 'import/@siteRole',
  importGrantLicenseMode: 'import/@grantLicenseMode',
  importSource: 'import/@source',
  locationType: 'location/@type',
  locationId: 'location/@id',
  locationName: 'location/@name',
  accelerationEnabled: 'dataAccelerationConfig/@accelerationEnabled',
  tags: 'tags/tag/@label',
  totalViewCount: 'usage/@totalViewCount',
  projectCount: 'contentsCounts/@projectCount',
  workbookCount: 'contentsCounts/@workbookCount',
  viewCount: 'contentsCounts/@viewCount',
  datasourceCount: 'contentsCounts/@datasourceCount',
  numUsers: 'usage/@numUsers',
  numCreators: 'usage/@numCreators',
  numExplorers: 'usage/@numExplorers',
  numViewers: 'usage/@numViewers',
  storage: 'usage/@storage',
}

/** What the list of jobs does not tell. */
const ofJobPage = ['type', 'workbookId', 'datasourceId', 'notes']

const expected = (row: Row, left: readonly string[] = []): Record<string, string> => {
  const cells: Record<string, string> = {}
  for (const [name, value] of Object.entries(row)) {
    if (value === undefined || left.includes(name) || (Array.isArray(value) && value.length === 0)) continue
    cells[elsewhere[name] ?? `@${name}`] = Array.isArray(value) ? value.join('|') : String(value)
  }
  return cells
}

const names = [
  'owner/@name',
  'owner/@fullName',
  'owner/@email',
  'project/@name',
  'project/@description',
  'workbook/@name',
]

const shown = (cells: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(cells).filter(([key]) => !names.includes(key)))

const sorted = (rows: readonly Record<string, string>[]) =>
  rows.toSorted((a, b) => ((a['@id'] ?? '') < (b['@id'] ?? '') ? -1 : 1))

const lists = [
  ['users', 'user', 'fields=_all_', (world: World) => world.users],
  ['groups', 'group', 'fields=_all_', (world: World) => world.groups],
  ['projects', 'project', 'fields=_all_', (world: World) => world.projects],
  ['workbooks', 'workbook', 'fields=_all_', (world: World) => world.workbooks],
  ['views', 'view', 'fields=_all_&includeUsageStatistics=true', (world: World) => world.views],
  ['datasources', 'datasource', 'fields=_all_', (world: World) => world.datasources],
  ['jobs', 'backgroundJob', 'fields=_all_', (world: World) => world.jobs],
] as const

describe('what the server sends is what is true', () => {
  let simulator: Simulator
  let visitor: Visitor
  beforeAll(async () => {
    simulator = await startSimulator({
      counts: { ...tiny, jobsPerDay: 400 },
      seed: 'truth',
      firstDay: '2026-10-25',
      day: '2026-11-03',
    })
    visitor = await signIn(simulator)
  })
  afterAll(() => simulator.close())

  it.each(lists)('%s: every row and every cell', async (list, item, query, truth) => {
    const rows = await visitor.all(list, item, query)
    const wanted = truth(simulator.world()).map((row) => expected(row, list === 'jobs' ? ofJobPage : []))
    expect(sorted(rows.map(shown))).toEqual(sorted(wanted))
  })

  it('names of owners, projects and workbooks are those of today', async () => {
    const world = simulator.world()
    for (const row of await visitor.all('views', 'view', 'fields=_all_')) {
      const owner = world.users.find((user) => user.id === row['owner/@id'])
      expect(row['owner/@email']).toBe(owner?.email)
      expect(row['workbook/@name']).toBe(world.workbooks.find((one) => one.id === row['workbook/@id'])?.name)
    }
  })

  it('group members, both ways round', async () => {
    const { groups, members, users, memberships } = simulator.world()
    for (const group of groups) {
      const rows = await visitor.all(`groups/${group.id}/users`, 'user')
      expect(rows.map((row) => row['@id']).sort()).toEqual([...(members.get(group.id) ?? [])].sort())
    }
    const user = users[5]
    const rows = await visitor.all(`users/${user?.id}/groups`, 'group')
    const wanted = memberships.filter((pair) => pair.userId === user?.id).map((pair) => pair.groupId)
    expect(rows.map((row) => row['@id']).sort()).toEqual(wanted.sort())
  })

  it('the site, with its usage when asked for', async () => {
    const { site } = simulator.world()
    const [row] = rowsOf((await visitor.get('?includeUsage=true')).text, 'site')
    expect(row).toEqual(expected(site))
    expect((await visitor.get('')).text).not.toContain('<usage')
  })

  it('single objects: user, workbook with its views, view, data source', async () => {
    const world = simulator.world()
    const [workbook] = world.workbooks
    const pages = [
      ['users', 'user', world.users[3]],
      ['views', 'view', world.views[3]],
      ['datasources', 'datasource', world.datasources[3]],
    ] as const
    for (const [list, item, truth] of pages) {
      const [row] = rowsOf((await visitor.get(`${list}/${truth?.id}`)).text, item)
      expect(shown(row ?? {})).toEqual(expected({ ...truth, totalViewCount: undefined }))
    }
    const { text } = await visitor.get(`workbooks/${workbook?.id}`)
    for (const view of world.views.filter((one) => one.workbookId === workbook?.id))
      expect(text).toContain(`"${view.id}"`)
    const views = rowsOf((await visitor.get(`workbooks/${workbook?.id}/views`)).text, 'view')
    expect(views).toHaveLength(workbook?.sheetCount ?? -1)
  })

  it('single jobs: finished ones with their code, running ones with a code that misleads', async () => {
    const { jobs } = simulator.world()
    for (const [status, finishCode, progress] of [
      ['Success', '0', '100'],
      ['Failed', '1', '100'],
    ] as const) {
      const job = jobs.find((one) => one.status === status && one.workbookId !== undefined)
      const [row] = rowsOf((await visitor.get(`jobs/${job?.id}`)).text, 'job')
      expect(row).toMatchObject({
        '@finishCode': finishCode,
        '@progress': progress,
        '@completedAt': job?.endedAt,
      })
      expect(row?.['extractRefreshJob/workbook/@id']).toBe(job?.workbookId)
    }
    const running = jobs.find((one) => one.endedAt === undefined)
    const [row] = rowsOf((await visitor.get(`jobs/${running?.id}`)).text, 'job')
    expect(row).toMatchObject({ '@finishCode': '1', '@progress': '0' })
    expect(row?.['@completedAt']).toBeUndefined()
  })
})
