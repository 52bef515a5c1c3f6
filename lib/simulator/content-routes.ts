import { jobXml } from './job-page.ts'
import type { Listing, Listings } from './listing.ts'
import { type Code, refused } from './refusal.ts'
import type { Reply, Route, SignedVisit } from './route.ts'
import { selectionOf } from './selection.ts'
import { type Shape, writerOf } from './shape.ts'
import {
  datasourceShape,
  siteShape,
  siteWithUsageShape,
  userShape,
  viewShape,
  viewWithUsageShape,
  workbookPageShape,
} from './shapes.ts'

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

type Handler = (visit: SignedVisit, id: string) => Reply

const onSite =
  (handler: Handler): ((visit: SignedVisit) => Reply) =>
  (visit) => {
    checkSite(visit)
    return handler(visit, (visit.params['id'] ?? '').toLowerCase())
  }

const paged = (listing: Listing): Reply => ({ kind: 'list', listing, paged: true })

const list = (name: Exclude<keyof Listings, 'usersOf' | 'groupsOf'>) =>
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
  return element(visit, shape, today.world.site)
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

const user: Handler = (visit, id) =>
  element(visit, userShape, found(visit.today.lookup.user(id), 404002, 'User', id))

const groupUsers: Handler = ({ today, call }, id) => {
  const members = found(today.world.members.get(id), 404012, 'Group', id)
  return paged(today.lists.usersOf(members, call.query, id))
}

const userGroups: Handler = ({ today, call }, id) => {
  found(today.lookup.user(id), 404002, 'User', id)
  return paged(today.lists.groupsOf(today.lookup.groupsOf(id), call.query, id))
}

const workbook: Handler = (visit, id) =>
  element(visit, workbookPageShape, found(visit.today.lookup.workbook(id), 404006, 'Workbook', id))

const workbookViews: Handler = ({ today, call }, id) => {
  const { lookup } = today
  found(lookup.workbook(id), 404006, 'Workbook', id)
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

const view: Handler = (visit, id) =>
  element(visit, viewShape, found(byId(visit.today.world.views, id), 404011, 'View', id))

const datasource: Handler = (visit, id) =>
  element(visit, datasourceShape, found(byId(visit.today.world.datasources, id), 404004, 'Data source', id))

const job: Handler = ({ today }, id) => ({
  kind: 'element',
  content: jobXml(found(byId(today.world.jobs, id), 404018, 'Job', id), today.lookup),
})

const get = (
  endpoint: string,
  path: string,
  since: string,
  answer: (visit: SignedVisit) => Reply,
): Route => ({
  endpoint,
  method: 'GET',
  path,
  since,
  answer,
})

/** What a site holds (Tableau help: the methods' reference pages, each with the version that introduced it). */
export const contentRoutes: readonly Route[] = [
  get('sites', 'sites', '2.0', sites),
  get('site', 'sites/:site', '2.0', site),
  get('users', 'sites/:site/users', '2.0', list('users')),
  get('user', 'sites/:site/users/:id', '2.0', onSite(user)),
  get('userGroups', 'sites/:site/users/:id/groups', '3.7', onSite(userGroups)),
  get('groups', 'sites/:site/groups', '2.0', list('groups')),
  get('groupUsers', 'sites/:site/groups/:id/users', '2.0', onSite(groupUsers)),
  get('projects', 'sites/:site/projects', '2.0', list('projects')),
  get('workbooks', 'sites/:site/workbooks', '2.3', list('workbooks')),
  get('workbook', 'sites/:site/workbooks/:id', '2.0', onSite(workbook)),
  get('workbookViews', 'sites/:site/workbooks/:id/views', '2.0', onSite(workbookViews)),
  get('views', 'sites/:site/views', '2.2', onSite(views)),
  get('view', 'sites/:site/views/:id', '2.0', onSite(view)),
  get('datasources', 'sites/:site/datasources', '2.0', list('datasources')),
  get('datasource', 'sites/:site/datasources/:id', '2.0', onSite(datasource)),
  get('jobs', 'sites/:site/jobs', '2.6', list('jobs')),
  get('job', 'sites/:site/jobs/:id', '2.6', onSite(job)),
]
