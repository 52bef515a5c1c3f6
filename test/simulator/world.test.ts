import { describe, expect, it } from 'vitest'
import { type Counts, countsOf, sizes } from '../../lib/simulator/counts.ts'
import type { Project, World } from '../../lib/simulator/facts.ts'
import { worldOf } from '../../lib/simulator/world.ts'
import { tiny } from './visitor.ts'

const firstDay = '2026-11-01'
const day = (n: number): string => new Date(Date.UTC(2026, 10, 1 + n)).toISOString().slice(0, 10)
const make = (counts: Counts = tiny, seed: string | number = 7) => worldOf({ seed, counts, firstDay })
const cells = ({ memberships, members, ...rest }: World) => ({ ...rest, memberships, members: [...members] })
const byId = <T extends { id: string }>(rows: readonly T[]) => new Map(rows.map((row) => [row.id, row]))

describe('a world', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(cells(make()(day(5)))).toEqual(cells(make()(day(5))))
    expect(cells(make(tiny, 8)(day(0)))).not.toEqual(cells(make(tiny, 7)(day(0))))
    expect(make(tiny, '7')(day(0)).users).toEqual(make(tiny, 7)(day(0)).users)
  })

  it('is the same day whether reached step by step, at once, or again after later days', () => {
    const walking = make()
    const walked = [0, 1, 2, 3, 4].map((n) => cells(walking(day(n))))
    expect(cells(make()(day(4)))).toEqual(walked[4])
    const back = make()
    back(day(4))
    expect(cells(back(day(2)))).toEqual(walked[2])
    expect(cells(back(day(4)))).toEqual(walked[4])
  })

  it.each(['small', 'model'] as const)(
    'of size %s holds exactly what was asked for on its first day',
    (size) => {
      const world = make(sizes[size])(firstDay)
      const { users, groups, projects, workbooks, views, datasources } = sizes[size]
      expect({
        users: world.users.length,
        groups: world.groups.length,
        projects: world.projects.length,
        workbooks: world.workbooks.length,
        views: world.views.length,
        datasources: world.datasources.length,
      }).toEqual({ users, groups, projects, workbooks, views, datasources })
      expect(world.jobs.filter((job) => job.createdAt.startsWith(firstDay))).toHaveLength(
        sizes[size].jobsPerDay,
      )
    },
  )

  it('takes odd counts: one of each, no content, more workbooks than views', () => {
    for (const changes of [
      { users: 1, groups: 1, projects: 1, workbooks: 0, views: 0, datasources: 0, jobsPerDay: 0 },
      { users: 2, groups: 2, projects: 2, workbooks: 5, views: 2, datasources: 1, jobsPerDay: 3 },
    ]) {
      const world = make(countsOf('small', changes))(day(9))
      expect(world.users.length).toBeGreaterThan(0)
      expect(world.groups[0]?.name).toBe('All Users')
      expect(world.projects[0]?.name).toBe('default')
    }
    expect(() => countsOf('small', { users: 0 })).toThrow('users must be a whole number of at least 1, not 0')
    expect(() => countsOf('small', { workbooks: 0 })).toThrow('need at least 1 workbook')
    expect(() => make()('2026-10-31')).toThrow('before the first day')
    expect(() => make()('2026-02-30')).toThrow("'2026-02-30' is not a day")
  })
})

const depth = (projects: ReadonlyMap<string, Project>, project: Project): number => {
  let levels = 1
  for (let up = project.parentProjectId; up !== undefined && levels < 99; levels++) {
    const parent = projects.get(up)
    expect(parent, `parent of ${project.name}`).toBeDefined()
    up = parent?.parentProjectId
  }
  return levels
}

const checkLinks = (world: World): void => {
  const users = byId(world.users)
  const projects = byId(world.projects)
  const workbooks = byId(world.workbooks)
  const owned = [...world.projects, ...world.workbooks, ...world.views, ...world.datasources]
  expect(owned.filter((row) => !users.has(row.ownerId))).toEqual([])
  const placed = [...world.workbooks, ...world.views, ...world.datasources]
  expect(placed.filter((row) => row.projectId !== undefined && !projects.has(row.projectId))).toEqual([])
  const astray = world.views.filter((view) => {
    const workbook = workbooks.get(view.workbookId)
    return workbook?.ownerId !== view.ownerId || workbook.projectId !== view.projectId
  })
  expect(astray).toEqual([])
  for (const project of world.projects) expect(depth(projects, project)).toBeLessThanOrEqual(4)
  const members = new Map([...world.members].map(([id, userIds]) => [id, new Set(userIds)]))
  const strangers = world.memberships.filter(
    (pair) => !users.has(pair.userId) || !members.get(pair.groupId)?.has(pair.userId),
  )
  expect(strangers).toEqual([])
}

const checkNames = (world: World): void => {
  const places = [...world.workbooks].map((row) => `${row.locationId} ${row.name}`)
  expect(new Set(places).size).toBe(places.length)
  const folders = world.projects.map((row) => `${row.parentProjectId} ${row.name}`)
  expect(new Set(folders).size).toBe(folders.length)
  const { users, groups, projects, workbooks, views, datasources, jobs } = world
  const ids = [users, groups, projects, workbooks, views, datasources, jobs].flatMap((list) =>
    list.map((row) => row.id),
  )
  expect(new Set(ids).size).toBe(ids.length)
}

const checkCounts = (world: World): void => {
  const sheets = new Map<string, number>()
  for (const { workbookId } of world.views) sheets.set(workbookId, (sheets.get(workbookId) ?? 0) + 1)
  expect(world.workbooks.filter((row) => row.sheetCount !== (sheets.get(row.id) ?? 0))).toEqual([])
  const personal = (row: World['workbooks'][number]): boolean => row.locationType === 'PersonalSpace'
  expect(world.workbooks.filter((row) => personal(row) !== (row.projectId === undefined))).toEqual([])
  for (const group of world.groups) expect(group.userCount).toBe(world.members.get(group.id)?.length)
  expect(world.groups[0]?.userCount).toBe(world.users.length)
  const inProjects = world.projects.reduce((sum, project) => sum + project.workbookCount, 0)
  expect(inProjects).toBe(world.workbooks.filter((row) => row.projectId !== undefined).length)
}

const checkLocks = (world: World): void => {
  const projects = byId(world.projects)
  for (const project of world.projects) {
    const controller = projects.get(project.controllingPermissionsProjectId ?? '')
    const parent = projects.get(project.parentProjectId ?? '')
    expect(controller !== undefined).toBe(parent?.contentPermissions === 'LockedToProject')
    if (controller === undefined) continue
    expect(project.contentPermissions).toBe('LockedToProject')
    expect(controller.controllingPermissionsProjectId).toBeUndefined()
  }
}

const checkTimes = (world: World): void => {
  const now = `${world.day}T22:00:00Z`
  const dated = [...world.projects, ...world.workbooks, ...world.views, ...world.datasources]
  expect(dated.filter((row) => row.createdAt > row.updatedAt || row.updatedAt >= now)).toEqual([])
  const wrong = world.jobs.filter(({ status, createdAt, startedAt, endedAt }) => {
    const ordered =
      createdAt <= (startedAt ?? now) && (startedAt ?? now) <= (endedAt ?? now) && (endedAt ?? now) <= now
    const running = status === 'Pending' || status === 'InProgress'
    return (
      !ordered || (startedAt === undefined) !== (status === 'Pending') || (endedAt === undefined) !== running
    )
  })
  expect(wrong).toEqual([])
}

describe.each([7, 'other', 31])('the days of seed %s', (seed) => {
  const world = make(countsOf('small'), seed)
  it.each([0, 1, 2, 10, 40])('hold together on day %i', (n) => {
    const today = world(day(n))
    for (const check of [checkLinks, checkNames, checkCounts, checkLocks, checkTimes]) check(today)
  })
})

describe('the people and things of a small site', () => {
  const today = make(sizes.small)(firstDay)
  const names = [...today.workbooks, ...today.views, ...today.projects].map((row) => row.name)

  it('have the names that break careless programs', () => {
    for (const pattern of [
      /\n/,
      /\t/,
      /"/,
      /&/,
      /</,
      /^ {2}/,
      / $/,
      /\p{Emoji_Presentation}/u,
      /[א-ת]/,
      /'; DROP/,
    ]) {
      expect(
        names.some((name) => pattern.test(name)),
        String(pattern),
      ).toBe(true)
    }
    expect(names.some((name) => name !== name.normalize('NFC'))).toBe(true)
    expect(names.some((name) => name !== name.normalize('NFD') && name === name.normalize('NFC'))).toBe(true)
    const forms = new Map<string, Set<string>>()
    for (const name of names)
      forms.set(name.normalize('NFC'), (forms.get(name.normalize('NFC')) ?? new Set()).add(name))
    expect([...forms.values()].some((same) => same.size > 1)).toBe(true)
    const places = new Map(today.workbooks.map((row) => [row.name, row.projectId]))
    expect(today.workbooks.some((row) => places.get(row.name) !== row.projectId)).toBe(true)
  })

  it('are of all sorts', () => {
    expect(today.users.some((user) => user.lastLogin === '')).toBe(true)
    expect(today.users.some((user) => user.lastLogin === undefined)).toBe(true)
    expect(today.groups.some((group) => group.importSource === 'ActiveDirectory')).toBe(true)
    expect(today.groups.some((group) => group.minimumSiteRole !== undefined)).toBe(true)
    expect(today.groups.some((group) => group.userCount === 0)).toBe(true)
    expect(new Set(today.projects.map((project) => project.contentPermissions)).size).toBe(3)
    expect(Math.max(...today.projects.map((project) => depth(byId(today.projects), project)))).toBe(4)
    expect(today.projects.some((project) => project.controllingPermissionsProjectId !== undefined)).toBe(true)
    expect(today.workbooks.some((row) => row.locationType === 'PersonalSpace')).toBe(true)
    const leavers = new Set(
      today.users.filter((user) => user.siteRole === 'Unlicensed').map((user) => user.id),
    )
    expect(today.workbooks.some((row) => leavers.has(row.ownerId))).toBe(true)
  })
})

describe('thirty days of a small site', () => {
  const world = make(sizes.small)
  const [before, after] = [world(day(0)), world(day(30))]
  const changed = (pick: (row: World['workbooks'][number]) => unknown): number => {
    const old = byId(before.workbooks)
    return after.workbooks.filter((row) => {
      const was = old.get(row.id)
      return was !== undefined && JSON.stringify(pick(was)) !== JSON.stringify(pick(row))
    }).length
  }

  it('create, delete, rename, move, re-own and retag', () => {
    const [old, now] = [byId(before.workbooks), byId(after.workbooks)]
    expect(after.workbooks.filter((row) => !old.has(row.id)).length).toBeGreaterThan(10)
    expect(before.workbooks.filter((row) => !now.has(row.id)).length).toBeGreaterThan(10)
    for (const pick of [
      (row: World['workbooks'][number]) => row.name,
      (row: World['workbooks'][number]) => row.projectId,
      (row: World['workbooks'][number]) => row.ownerId,
      (row: World['workbooks'][number]) => row.tags,
    ]) {
      expect(changed(pick)).toBeGreaterThan(0)
    }
  })

  it('let leavers who own content stay, unlicensed, and the others go', () => {
    const now = byId(after.users)
    const left = before.users.filter(
      (user) => user.siteRole !== 'Unlicensed' && now.get(user.id)?.siteRole === 'Unlicensed',
    )
    const gone = before.users.filter((user) => !now.has(user.id))
    expect(left.length).toBeGreaterThan(0)
    expect(gone.length).toBeGreaterThan(0)
  })

  it('move updatedAt for what is edited, and not for a tag or a membership', () => {
    let retagged = 0
    for (let n = 1; n <= 30; n++) {
      const old = byId(world(day(n - 1)).workbooks)
      for (const row of world(day(n)).workbooks) {
        const was = old.get(row.id)
        if (was === undefined || was === row) continue
        const edited = was.name !== row.name || was.projectId !== row.projectId || was.ownerId !== row.ownerId
        if (edited) expect(row.updatedAt > was.updatedAt).toBe(true)
        const only = { ...row, tags: was.tags, locationName: was.locationName }
        if (JSON.stringify(only) === JSON.stringify(was)) retagged += 1
      }
    }
    expect(retagged).toBeGreaterThan(0)
  })

  it('count views upwards only, and let the same refreshes fail night after night', () => {
    const old = byId(before.views)
    const grown = after.views.filter(
      (view) => view.totalViewCount > (old.get(view.id)?.totalViewCount ?? Infinity),
    )
    expect(grown.length).toBeGreaterThan(1000)
    expect(after.views.every((view) => view.totalViewCount >= (old.get(view.id)?.totalViewCount ?? 0))).toBe(
      true,
    )
    const failures = new Map<string, number>()
    for (const job of after.jobs) {
      if (job.status === 'Failed' && job.workbookId !== undefined) {
        failures.set(job.workbookId, (failures.get(job.workbookId) ?? 0) + 1)
      }
    }
    expect(Math.max(...failures.values())).toBeGreaterThan(20)
  })

  it('let jobs that run while the day is read end on a later one', () => {
    const ended: string[] = []
    for (let n = 1; n <= 30; n++) {
      const today = byId(world(day(n)).jobs)
      for (const job of world(day(n - 1)).jobs) {
        if (job.endedAt === undefined && today.get(job.id)?.endedAt !== undefined) ended.push(job.id)
      }
    }
    expect(ended.length).toBeGreaterThan(10)
  })
})
