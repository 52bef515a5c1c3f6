import type { Datasource, Group, Job, Project, Site, User, View, Workbook } from './facts.ts'
import type { Lookup } from './lookup.ts'
import { type Detail, selectionOf } from './selection.ts'
import { type Child, extra, plain, type Shape, writerOf } from './shape.ts'
import { type Cell, element } from './xml.ts'

type Cells = Readonly<Record<string, Cell>>

const part = (detail: Detail, usual: Cells, more: Cells = {}): Cells => {
  if (detail === 'default') return usual
  const all = { ...usual, ...more }
  if (detail === 'all') return all
  return Object.fromEntries(Object.entries(all).filter(([name]) => name === 'id' || detail.has(name)))
}

/** Keeps what was written for an id: thousands of rows share an owner or a project. */
const remembered = (write: (id: string) => string): ((id: string) => string) => {
  const known = new Map<string, string>()
  return (id) => {
    let text = known.get(id)
    if (text === undefined) {
      text = write(id)
      known.set(id, text)
    }
    return text
  }
}

const ownerXml = (lookup: Lookup, detail: Detail) => (id: string) => {
  const user = lookup.user(id)
  return element(
    'owner',
    part(detail, { id, name: user?.name }, { fullName: user?.fullName, email: user?.email }),
  )
}

const projectXml = (lookup: Lookup, detail: Detail) => (id: string) => {
  const project = lookup.project(id)
  return element('project', part(detail, { id, name: project?.name }, { description: project?.description }))
}

const owner = <Row extends { ownerId: string }>(): Child<Row> => ({
  name: 'owner',
  extra: false,
  writer: (lookup, detail) => {
    const write = remembered(ownerXml(lookup, detail))
    return (row) => write(row.ownerId)
  },
})

const project = <Row extends { projectId: string | undefined }>(): Child<Row> => ({
  name: 'project',
  extra: false,
  writer: (lookup, detail) => {
    const write = remembered(projectXml(lookup, detail))
    return (row) => (row.projectId === undefined ? '' : write(row.projectId))
  },
})

const tags = <Row extends { tags: readonly string[] }>(): Child<Row> => ({
  name: 'tags',
  extra: false,
  writer: () => (row) =>
    row.tags.length === 0
      ? '<tags/>'
      : element('tags', {}, row.tags.map((label) => element('tag', { label })).join('')),
})

const child = <Row>(name: string, cells: (row: Row) => Cells, isExtra = false): Child<Row> => ({
  name,
  extra: isExtra,
  writer: (_lookup, detail) => (row) => element(name, part(detail, cells(row))),
})

/** Users: `fields=_all_` adds the personal part (Tableau help: Get Users on Site). */
export const userShape: Shape<User> = {
  item: 'user',
  list: 'users',
  attributes: [
    ...plain('id', 'name', 'siteRole', 'lastLogin', 'externalAuthUserId'),
    ...extra('fullName', 'email', 'authSetting', 'locale', 'language'),
    ...extra('idpConfigurationId', 'identityPoolName'),
  ],
  children: [child('domain', (user) => ({ name: user.domainName }), true)],
}

/** Groups; an `import` element where they come from a directory. */
export const groupShape: Shape<Group> = {
  item: 'group',
  list: 'groups',
  attributes: [...plain('id', 'name', 'minimumSiteRole', 'externalUserEnabled'), ...extra('userCount')],
  children: [
    child('domain', (group) => ({ name: group.domainName })),
    {
      name: 'import',
      extra: false,
      writer: () => (group) =>
        group.importDomainName === undefined
          ? ''
          : element('import', {
              domainName: group.importDomainName,
              siteRole: group.importSiteRole,
              grantLicenseMode: group.importGrantLicenseMode,
              source: group.importSource,
            }),
    },
  ],
}

/** Projects; `contentsCounts` only when asked for. */
export const projectShape: Shape<Project> = {
  item: 'project',
  list: 'projects',
  attributes: [
    ...plain('id', 'name', 'description', 'createdAt', 'updatedAt', 'contentPermissions'),
    ...plain('parentProjectId', 'controllingPermissionsProjectId'),
    ...plain('topLevelProject', 'writeable'),
  ],
  children: [
    owner(),
    child(
      'contentsCounts',
      ({ projectCount, viewCount, datasourceCount, workbookCount }) => ({
        projectCount,
        viewCount,
        datasourceCount,
        workbookCount,
      }),
      true,
    ),
  ],
}

/** Workbooks; in a personal space they have a location and no project. */
export const workbookShape: Shape<Workbook> = {
  item: 'workbook',
  list: 'workbooks',
  attributes: [
    ...plain('id', 'name', 'description', 'contentUrl', 'webpageUrl', 'showTabs', 'size'),
    ...plain('createdAt', 'updatedAt', 'defaultViewId', 'encryptExtracts'),
    ...extra('sheetCount', 'hasExtracts', 'lastPublishedAt', 'shareDescription'),
  ],
  children: [
    project(),
    child('location', (row) => ({ id: row.locationId, type: row.locationType, name: row.locationName })),
    owner(),
    tags(),
    child('dataAccelerationConfig', (row) => ({ accelerationEnabled: row.accelerationEnabled })),
  ],
}

const viewAttributes = [
  ...plain('id', 'name', 'contentUrl', 'createdAt', 'updatedAt', 'viewUrlName'),
  ...extra('sheetType'),
]

const workbookOfView: Child<View> = {
  name: 'workbook',
  extra: false,
  writer: (lookup, detail) => {
    const write = remembered((id) =>
      element('workbook', part(detail, { id }, { name: lookup.workbook(id)?.name })),
    )
    return (view) => write(view.workbookId)
  },
}

const usage: Child<View> = {
  name: 'usage',
  extra: false,
  writer: () => (view) => `<usage totalViewCount="${view.totalViewCount}"/>`,
}

/** Views without their usage: what the server sends unless `includeUsageStatistics=true` asks for more. */
export const viewShape: Shape<View> = {
  item: 'view',
  list: 'views',
  attributes: viewAttributes,
  children: [workbookOfView, owner(), project(), tags()],
}

const viewsOfWorkbook: Child<Workbook> = {
  name: 'views',
  extra: false,
  writer: (lookup) => {
    const write = writerOf(viewShape, lookup, selectionOf(null))
    return (workbook) => element('views', {}, lookup.viewsOf(workbook.id).map(write).join(''))
  },
}

/** A workbook on its own page, which lists its views; the schema puts these before the acceleration settings. */
export const workbookPageShape: Shape<Workbook> = {
  ...workbookShape,
  children: [...workbookShape.children.slice(0, -1), viewsOfWorkbook, ...workbookShape.children.slice(-1)],
}

/** Views with their usage, cumulative over all time. */
export const viewWithUsageShape: Shape<View> = { ...viewShape, children: [...viewShape.children, usage] }

/** Published data sources. */
export const datasourceShape: Shape<Datasource> = {
  item: 'datasource',
  list: 'datasources',
  attributes: [
    ...plain('id', 'name', 'description', 'contentUrl', 'webpageUrl', 'type', 'createdAt'),
    ...plain('updatedAt', 'isCertified', 'certificationNote', 'useRemoteQueryAgent'),
    ...plain('encryptExtracts', 'size', 'hasExtracts'),
    ...extra('hasAlert', 'serverName', 'databaseName', 'connectedWorkbooksCount'),
    ...extra('favoritesTotal', 'isPublished', 'hasSemanticLayerConnection'),
  ],
  children: [project(), owner(), tags()],
}

/** Jobs as the list shows them. */
export const jobShape: Shape<Job> = {
  item: 'backgroundJob',
  list: 'backgroundJobs',
  attributes: [
    ...plain('id', 'status', 'jobType', 'createdAt', 'startedAt', 'endedAt', 'priority', 'title', 'subtitle'),
  ],
  children: [],
}

const siteSettings = [
  ...plain('id', 'name', 'contentUrl', 'adminMode', 'state', 'storageQuota', 'userQuota'),
  ...plain('tierCreatorCapacity', 'tierExplorerCapacity', 'tierViewerCapacity', 'timeZone'),
  ...plain('useDefaultTimeZone', 'disableSubscriptions', 'subscribeOthersEnabled', 'revisionHistoryEnabled'),
  ...plain('revisionLimit', 'runNowEnabled', 'flowsEnabled', 'schedulingFlowsEnabled', 'catalogingEnabled'),
  ...plain('commentingEnabled', 'guestAccessEnabled', 'cacheWarmupEnabled', 'dataAlertsEnabled'),
  ...plain('personalSpaceEnabled', 'extractEncryptionMode', 'userVisibilityMode'),
]

/** What everybody may know of a site; the rest is for administrators. */
const openSettings = new Set(['id', 'name', 'contentUrl', 'state'])

/** A site as those see it who do not administer it. */
export const siteForAllShape: Shape<Site> = {
  item: 'site',
  list: 'sites',
  attributes: siteSettings.filter(({ name }) => openSettings.has(name)),
  children: [],
}

/** A site without its usage. */
export const siteShape: Shape<Site> = { item: 'site', list: 'sites', attributes: siteSettings, children: [] }

/** A site with its usage, as `includeUsage=true` asks for. */
export const siteWithUsageShape: Shape<Site> = {
  ...siteShape,
  children: [
    child('usage', ({ numUsers, storage, numCreators, numExplorers, numViewers }) => ({
      numUsers,
      storage,
      numCreators,
      numExplorers,
      numViewers,
    })),
  ],
}
