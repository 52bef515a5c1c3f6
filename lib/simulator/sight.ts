import type { SiteRole, User, World } from './facts.ts'
import { hash } from './random.ts'

const administrators: ReadonlySet<SiteRole> = new Set<SiteRole>([
  'SiteAdministratorCreator',
  'SiteAdministratorExplorer',
])

/** Whether a user sees everything on the site. */
export const isAdministrator = ({ siteRole }: User): boolean => administrators.has(siteRole)

/** Of the projects of others, one in so many is open to a user: the same ones every day. */
const OPEN_TO_ONE_IN = 3

type Content = { ownerId: string; projectId: string | undefined }

/** What a user sees of the content: what it owns, and what stands in a project that is open to it. */
export const seenBy = (world: World, user: User): World => {
  const projects = world.projects.filter(
    ({ id, ownerId }) => ownerId === user.id || hash(user.id, id) % OPEN_TO_ONE_IN === 0,
  )
  const open = new Set(projects.map(({ id }) => id))
  const sees = ({ ownerId, projectId }: Content): boolean =>
    ownerId === user.id || (projectId !== undefined && open.has(projectId))
  const workbooks = world.workbooks.filter(sees)
  const seen = new Set(workbooks.map(({ id }) => id))
  return {
    ...world,
    projects,
    workbooks,
    views: world.views.filter(({ workbookId }) => seen.has(workbookId)),
    datasources: world.datasources.filter(sees),
  }
}

/** The ids of all content of a world. */
export const contentIds = ({ projects, workbooks, views, datasources }: World): ReadonlySet<string> =>
  new Set([projects, workbooks, views, datasources].flatMap((rows) => rows.map(({ id }) => id)))
