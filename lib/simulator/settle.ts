import type { Draft } from './draft.ts'
import { idOf } from './draft.ts'
import type { Project, Site, User } from './facts.ts'

type Tally = Map<string, number>

const tally = (rows: readonly { [key: string]: unknown }[], key: string): Tally => {
  const counts: Tally = new Map()
  for (const row of rows) {
    const id = row[key]
    if (typeof id === 'string') counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

const contentsCounts = (draft: Draft): ((id: string) => Partial<Project>) => {
  const projects = tally(draft.projects, 'parentProjectId')
  const workbooks = tally(draft.workbooks, 'projectId')
  const views = tally(draft.views, 'projectId')
  const datasources = tally(draft.datasources, 'projectId')
  return (id) => ({
    projectCount: projects.get(id) ?? 0,
    workbookCount: workbooks.get(id) ?? 0,
    viewCount: views.get(id) ?? 0,
    datasourceCount: datasources.get(id) ?? 0,
  })
}

/**
 * The project whose lock governs a nested one: the topmost of the unbroken chain of LockedToProject above it
 * (Tableau help: Lock Content Permissions; a lock that leaves out nested projects governs none).
 */
const controllers = (projects: readonly Project[]): ((project: Project) => string | undefined) => {
  const byId = new Map(projects.map((project) => [project.id, project]))
  const find = (project: Project): string | undefined => {
    const parent = project.parentProjectId === undefined ? undefined : byId.get(project.parentProjectId)
    if (parent === undefined) return undefined
    return find(parent) ?? (parent.contentPermissions === 'LockedToProject' ? parent.id : undefined)
  }
  return find
}

const settleProjects = (draft: Draft): void => {
  const countsOf = contentsCounts(draft)
  const controllerOf = controllers(draft.projects)
  draft.projects = draft.projects.map((project) => {
    const controller = controllerOf(project)
    return {
      ...project,
      ...countsOf(project.id),
      controllingPermissionsProjectId: controller,
      contentPermissions: controller === undefined ? project.contentPermissions : 'LockedToProject',
    }
  })
}

/** Brings what follows from the rest of the day up to date: counts, and who controls whose permissions. */
export const settle = (draft: Draft): void => {
  settleProjects(draft)
  draft.groups = draft.groups.map((group, index) => {
    const userCount = index === 0 ? draft.users.length : (draft.members.get(group.id)?.length ?? 0)
    return userCount === group.userCount ? group : { ...group, userCount }
  })
}

const creators = new Set(['Creator', 'SiteAdministratorCreator'])
const explorers = new Set(['Explorer', 'ExplorerCanPublish', 'SiteAdministratorExplorer'])

const countRoles = (users: readonly User[], has: (role: string) => boolean): number =>
  users.reduce((sum, user) => sum + (has(user.siteRole) ? 1 : 0), 0)

const megabytes = (rows: readonly { size: number }[]): number => rows.reduce((sum, row) => sum + row.size, 0)

/** The site and its usage on the draft's day. */
export const siteOf = (draft: Draft): Site => ({
  id: idOf(draft.seed, 'space', 1),
  name: draft.contentUrl === '' ? 'Default' : `Site "${draft.contentUrl}" & friends`,
  contentUrl: draft.contentUrl,
  adminMode: 'ContentAndUsers',
  state: 'Active',
  storageQuota: '512000',
  userQuota: '100000',
  tierCreatorCapacity: 20_000,
  tierExplorerCapacity: 30_000,
  tierViewerCapacity: 100_000,
  timeZone: 'Europe/Berlin',
  useDefaultTimeZone: false,
  disableSubscriptions: false,
  subscribeOthersEnabled: true,
  revisionHistoryEnabled: true,
  revisionLimit: 25,
  runNowEnabled: true,
  flowsEnabled: true,
  schedulingFlowsEnabled: true,
  catalogingEnabled: true,
  commentingEnabled: true,
  guestAccessEnabled: false,
  cacheWarmupEnabled: false,
  dataAlertsEnabled: true,
  personalSpaceEnabled: true,
  extractEncryptionMode: 'Disabled',
  userVisibilityMode: 'FULL',
  numUsers: draft.users.length,
  numCreators: countRoles(draft.users, (role) => creators.has(role)),
  numExplorers: countRoles(draft.users, (role) => explorers.has(role)),
  numViewers: countRoles(draft.users, (role) => role === 'Viewer'),
  storage: megabytes(draft.workbooks) + megabytes(draft.datasources),
})
