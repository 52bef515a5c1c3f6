import type { World } from './facts.ts'
import { jobXml } from './job-page.ts'
import type { Listing, Listings } from './listing.ts'
import { patListing } from './pat-listing.ts'
import { type Code, refused } from './refusal.ts'
import type { Reply, Route, SignedVisit } from './route.ts'
import { selectionOf } from './selection.ts'
import { type Shape, writerOf } from './shape.ts'
import {
  datasourceShape,
  siteForAllShape,
  siteShape,
  siteWithUsageShape,
  userShape,
  viewShape,
  viewWithUsageShape,
  workbookPageShape,
} from './shapes.ts'
import { isAdministrator } from './sight.ts'

const whole = selectionOf('_all_')
const usual = selectionOf(null)

/** Refuses another site than the session's: unknown 404000, known 404000 with status 403. */
const checkSite = ({ params, server, today }: SignedVisit): void => {
  const asked = params['site'] ?? ''
  if (asked.toLowerCase() === today.world.site.id) return
  const exists = server.sites.some((site) => site.on(server.day()).world.site.id === asked)
  throw refused(404000, `Site '${asked}' could not be found.`, exists ? 403 : 404)
}

const element = <Row>(visit: SignedVisit, shape: Shape<Row>, row: Row, selection = whole): Reply => ({
  kind: 'element',
  content: writerOf(shape, visit.today.lookup, selection)(row),
})

const found = <Row>(row: Row | undefined, code: Code, what: string, id: string): Row => {
  if (row === undefined) throw refused(code, `${what} '${id}' could not be found.`)
  return row
}

const byId = <Row extends { id: string }>(rows: readonly Row[], id: string): Row | undefined =>
  rows.find((row) => row.id === id)

/** A row that is there and in sight; refuses with one code or the other. */
const inSight = <Row extends { id: string }>(
  { today }: SignedVisit,
  row: Row | undefined,
  id: string,
  [what, absent, hidden]: readonly [string, Code, Code],
): Row => {
  const there = found(row, absent, what, id)
  if (!today.sees(there.id)) throw refused(hidden, `${what} '${id}' may not be read.`)
  return there
}

/** Queries about a person answer that person and administrators (the code is that of Query User On Site). */
const checkPerson = ({ user }: SignedVisit, id: string): void => {
  if (user.id !== id && !isAdministrator(user)) throw refused(403133, `User '${id}' may not be read.`)
}

type Handler = (visit: SignedVisit, id: string) => Reply

const onSite =
  (handler: Handler): ((visit: SignedVisit) => Reply) =>
  (visit) => {
    checkSite(visit)
    return handler(visit, (visit.params['id'] ?? '').toLowerCase())
  }

const paged = (listing: Listing): Reply => ({ kind: 'list', listing, paged: true })

const list = (name: Exclude<keyof Listings, 'usersOf' | 'groupsOf' | 'workbooksOf'>) =>
  onSite(({ today, call }) => paged(today.lists[name](call.query)))

const site = (visit: SignedVisit): Reply => {
  const { call, params, today } = visit
  const key = call.query.get('key')
  const asked = params['site'] ?? ''
  const { name, contentUrl } = today.world.site
  if (key === null) checkSite(visit)
  else if ((key === 'name' ? name : key === 'contentUrl' ? contentUrl : undefined) !== asked) {
    throw refused(404000, `Site '${asked}' could not be found.`)
  }
  const shape = call.query.get('includeUsage') === 'true' ? siteWithUsageShape : siteShape
  return element(visit, isAdministrator(visit.user) ? shape : siteForAllShape, today.world.site)
}

const sites = ({ server, today }: SignedVisit): Reply => {
  const rows = server.sites.map((one) => one.on(server.day()).world.site)
  const write = writerOf(siteShape, today.lookup, usual)
  const row = (position: number): string => {
    const one = rows[position]
    return one === undefined ? '' : write(one)
  }
  return paged({ list: 'sites', item: 'site', order: rows.map((_, i) => i), row })
}

/** Only `true` is a value here; others are refused (Tableau help: Query Views for Site). */
const views: Handler = ({ today, call }) => {
  const usage = call.query.get('includeUsageStatistics')
  if (usage !== null && usage !== 'true') throw refused(400008, `Invalid includeUsageStatistics '${usage}'`)
  return paged(today.lists.views(call.query))
}

const user: Handler = (visit, id) => {
  checkPerson(visit, id)
  return element(visit, userShape, found(visit.today.lookup.user(id), 404002, 'User', id))
}

/** Tableau Cloud alone lists tokens, and no scope opens this. */
const userPats: Handler = (visit, id) => {
  const { server, today, call } = visit
  if (!server.cloud) throw refused(404003, `Unknown resource '/${call.path.slice(1).join('/')}'`)
  checkPerson(visit, id)
  const owner = found(today.lookup.user(id), 404002, 'User', id)
  return { kind: 'list', paged: false, listing: patListing(server.pats, today.world, owner) }
}

const groupUsers: Handler = ({ today, call }, id) => {
  const members = found(today.world.members.get(id), 404012, 'Group', id)
  return paged(today.lists.usersOf(members, call.query, id))
}

const userGroups: Handler = (visit, id) => {
  checkPerson(visit, id)
  const { today, call } = visit
  found(today.lookup.user(id), 404002, 'User', id)
  return paged(today.lists.groupsOf(today.lookup.groupsOf(id), call.query, id))
}

/** Those in sight of the user, or with `ownedBy` those that are the user's own (Tableau help: Query Workbooks for User). */
const userWorkbooks: Handler = (visit, id) => {
  checkPerson(visit, id)
  const { today, call } = visit
  found(today.lookup.user(id), 404002, 'User', id)
  const own = call.query.get('ownedBy') === 'true'
  const ids = today.world.workbooks.filter(({ ownerId }) => !own || ownerId === id).map((row) => row.id)
  return paged(today.lists.workbooksOf(ids, call.query, id))
}

const workbook: Handler = (visit, id) => {
  const row = visit.today.lookup.workbook(id)
  return element(visit, workbookPageShape, inSight(visit, row, id, ['Workbook', 404006, 403018]))
}

const workbookViews: Handler = (visit, id) => {
  const { call } = visit
  const { lookup } = visit.today
  inSight(visit, lookup.workbook(id), id, ['Workbook', 404006, 403004])
  const rows = lookup.viewsOf(id)
  const shape = call.query.get('includeUsageStatistics') === 'true' ? viewWithUsageShape : viewShape
  const write = writerOf(shape, lookup, usual)
  const row = (position: number): string => {
    const one = rows[position]
    return one === undefined ? '' : write(one)
  }
  return {
    kind: 'list',
    paged: false,
    listing: { list: 'views', item: 'view', order: rows.map((_, i) => i), row },
  }
}

/** The row of the whole world, in sight or not. */
const anywhere = <Row extends { id: string }>(
  { today: { lookup } }: SignedVisit,
  rows: (world: World) => readonly Row[],
  id: string,
): Row | undefined => byId(rows(lookup.world), id)

const view: Handler = (visit, id) => {
  const row = anywhere(visit, ({ views }) => views, id)
  return element(visit, viewShape, inSight(visit, row, id, ['View', 404011, 403004]))
}

const datasource: Handler = (visit, id) => {
  const row = anywhere(visit, ({ datasources }) => datasources, id)
  return element(visit, datasourceShape, inSight(visit, row, id, ['Data source', 404004, 403004]))
}

const job: Handler = ({ today }, id) => ({
  kind: 'element',
  content: jobXml(found(byId(today.world.jobs, id), 404018, 'Job', id), today.lookup),
})

type Rules = { scope: string; administrators?: boolean }

const content: Rules = { scope: 'tableau:content:read' }
const person: Rules = { scope: 'tableau:users:read' }
const people: Rules = { ...person, administrators: true }
const groups: Rules = { scope: 'tableau:groups:read', administrators: true }
const jobs: Rules = { scope: 'tableau:jobs:read', administrators: true }

const get = (
  endpoint: string,
  [path, since]: readonly [string, string],
  rules: Rules,
  answer: (visit: SignedVisit) => Reply,
): Route => ({
  endpoint,
  method: 'GET',
  path,
  since,
  ...rules,
  answer,
})

/**
 * What a site holds (Tableau help: the methods' reference pages, each with the version that introduced it, and Access
 * Scopes for Connected Apps). Since when tokens can be listed is not documented; it is new.
 */
export const contentRoutes: readonly Route[] = [
  get('sites', ['sites', '2.0'], { ...content, administrators: true }, sites),
  get('site', ['sites/:site', '2.0'], content, site),
  get('users', ['sites/:site/users', '2.0'], people, list('users')),
  get('user', ['sites/:site/users/:id', '2.0'], person, onSite(user)),
  get('userGroups', ['sites/:site/users/:id/groups', '3.7'], person, onSite(userGroups)),
  get('userWorkbooks', ['sites/:site/users/:id/workbooks', '2.0'], content, onSite(userWorkbooks)),
  get(
    'userPats',
    ['sites/:site/users/:id/personal-access-tokens', '3.6'],
    { scope: 'none' },
    onSite(userPats),
  ),
  get('groups', ['sites/:site/groups', '2.0'], groups, list('groups')),
  get('groupUsers', ['sites/:site/groups/:id/users', '2.0'], groups, onSite(groupUsers)),
  get('projects', ['sites/:site/projects', '2.0'], content, list('projects')),
  get('workbooks', ['sites/:site/workbooks', '2.3'], content, list('workbooks')),
  get('workbook', ['sites/:site/workbooks/:id', '2.0'], content, onSite(workbook)),
  get('workbookViews', ['sites/:site/workbooks/:id/views', '2.0'], content, onSite(workbookViews)),
  get('views', ['sites/:site/views', '2.2'], content, onSite(views)),
  get('view', ['sites/:site/views/:id', '2.0'], content, onSite(view)),
  get('datasources', ['sites/:site/datasources', '2.0'], content, list('datasources')),
  get('datasource', ['sites/:site/datasources/:id', '2.0'], content, onSite(datasource)),
  get('jobs', ['sites/:site/jobs', '2.6'], jobs, list('jobs')),
  get('job', ['sites/:site/jobs/:id', '2.6'], jobs, onSite(job)),
]
