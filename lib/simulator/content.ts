import { type Draft, idOf, nextSerial } from './draft.ts'
import type { Datasource, Project, User, View, Workbook } from './facts.ts'
import { contentName, descriptionOf, sheetName, tagsOf, unitName, urlName } from './names.ts'
import { at, hash, type Random } from './random.ts'

const connectionTypes = ['sqlserver', 'postgres', 'snowflake', 'hyper', 'excel-direct', 'oracle', 'bigquery']
const servers = ['dwh.corp.example.com', 'sql01.corp.example.com', 'account.warehouse.example.com']

const webpage = (draft: Draft, kind: string, serial: number): string =>
  `https://tableau.example.com/#/${draft.contentUrl === '' ? '' : `site/${draft.contentUrl}/`}${kind}/${serial}`

/** Makes a name unique within its project by its serial number, and remembers it as taken. */
export const freeName = (taken: Set<string>, projectId: string, name: string, serial: number): string => {
  const free = taken.has(`${projectId} ${name}`) ? `${name} (${serial})` : name
  taken.add(`${projectId} ${free}`)
  return free
}

type Placed = { name: string; projectId: string | undefined; locationId?: string }

/** The names in use, by project or personal space. */
export const namesInUse = (rows: readonly Placed[]): Set<string> =>
  new Set(rows.map((row) => `${row.projectId ?? row.locationId ?? ''} ${row.name}`))

/** A new project below a parent (or at the top). The first project of a site is `default`. */
export const makeProject = (
  draft: Draft,
  random: Random,
  parent: Project | undefined,
  ownerId: string,
  createdAt: string,
): Project => {
  const serial = nextSerial(draft, 'project')
  const plain = unitName(random, serial)
  const twin = draft.projects.some((other) => other.parentProjectId === parent?.id && other.name === plain)
  const first = serial === 1
  const locked = !first && random.chance(0.2)
  return {
    id: idOf(draft.seed, 'project', serial),
    name: first ? 'default' : twin ? `${plain} ${serial}` : plain,
    description: first ? 'The default project.' : (descriptionOf(random) ?? ''),
    createdAt,
    updatedAt: createdAt,
    contentPermissions: locked
      ? random.pick(['LockedToProject', 'LockedToProject', 'LockedToProjectWithoutNested'] as const)
      : 'ManagedByOwner',
    parentProjectId: parent?.id,
    controllingPermissionsProjectId: undefined,
    topLevelProject: parent === undefined,
    writeable: true,
    ownerId,
    projectCount: 0,
    workbookCount: 0,
    viewCount: 0,
    datasourceCount: 0,
  }
}

type Place = Pick<Workbook, 'projectId' | 'locationType' | 'locationId' | 'locationName'>

/** Where a workbook in a project is. */
export const placeIn = (project: Project): Place => ({
  projectId: project.id,
  locationType: 'Project',
  locationId: project.id,
  locationName: project.name,
})

/** Where a workbook in its owner's personal space is: a location, no project (Tableau help: Personal Space). */
export const personalPlace = (draft: Draft, owner: User): Place => ({
  projectId: undefined,
  locationType: 'PersonalSpace',
  locationId: idOf(draft.seed, 'space', hash(owner.id)),
  locationName: 'Personal Space',
})

/** A new workbook without views. */
export const makeWorkbook = (
  draft: Draft,
  random: Random,
  taken: Set<string>,
  owner: User,
  createdAt: string,
): Workbook => {
  const serial = nextSerial(draft, 'workbook')
  const place = random.chance(0.03) ? personalPlace(draft, owner) : placeIn(random.pick(draft.projects))
  const name = freeName(taken, place.projectId ?? place.locationId, contentName(random, serial), serial)
  return {
    id: idOf(draft.seed, 'workbook', serial),
    name,
    description: descriptionOf(random),
    contentUrl: urlName(name, serial),
    webpageUrl: webpage(draft, 'workbooks', serial),
    showTabs: random.chance(0.5),
    size: 1 + Math.floor(random.unit() ** 4 * 400),
    createdAt,
    updatedAt: createdAt,
    defaultViewId: undefined,
    encryptExtracts: random.chance(0.1),
    sheetCount: 0,
    hasExtracts: random.chance(0.6),
    lastPublishedAt: createdAt,
    shareDescription: random.chance(0.1) ? descriptionOf(random) : undefined,
    ...place,
    ownerId: owner.id,
    tags: tagsOf(random),
    accelerationEnabled: random.chance(0.02),
  }
}

/** The nth (from 0) view of a workbook. */
export const makeView = (draft: Draft, random: Random, workbook: Workbook, nth: number, seen = 0): View => {
  const serial = nextSerial(draft, 'view')
  const name = sheetName(random, nth, serial)
  const viewUrlName = urlName(name, nth)
  return {
    id: idOf(draft.seed, 'view', serial),
    name,
    contentUrl: `${workbook.contentUrl}/sheets/${viewUrlName}`,
    viewUrlName,
    sheetType: random.pick(['view', 'view', 'dashboard', 'dashboard', 'story'] as const),
    createdAt: workbook.lastPublishedAt,
    updatedAt: workbook.updatedAt,
    workbookId: workbook.id,
    projectId: workbook.projectId,
    ownerId: workbook.ownerId,
    tags: random.chance(0.1) ? tagsOf(random) : [],
    totalViewCount: seen,
  }
}

/** A workbook that knows its views: how many, and which opens first. */
export const withViews = (workbook: Workbook, views: readonly View[]): Workbook =>
  views.length === 0 ? workbook : { ...workbook, sheetCount: views.length, defaultViewId: at(views, 0).id }

/** A new data source in a random project. */
export const makeDatasource = (
  draft: Draft,
  random: Random,
  taken: Set<string>,
  owner: User,
  createdAt: string,
): Datasource => {
  const serial = nextSerial(draft, 'datasource')
  const project = random.pick(draft.projects)
  const name = freeName(taken, project.id, contentName(random, serial), serial)
  const type = random.pick(connectionTypes)
  const remote = type !== 'hyper' && type !== 'excel-direct'
  const isCertified = random.chance(0.15)
  return {
    id: idOf(draft.seed, 'datasource', serial),
    name,
    description: descriptionOf(random),
    contentUrl: urlName(name, serial),
    webpageUrl: webpage(draft, 'datasources', serial),
    type,
    createdAt,
    updatedAt: createdAt,
    isCertified,
    certificationNote: isCertified && random.chance(0.6) ? 'Checked by "Group Finance" & audit' : undefined,
    useRemoteQueryAgent: random.chance(0.1),
    encryptExtracts: random.chance(0.1),
    size: 1 + Math.floor(random.unit() ** 4 * 3000),
    hasExtracts: !remote || random.chance(0.6),
    hasAlert: random.chance(0.05),
    serverName: remote ? random.pick(servers) : undefined,
    databaseName: remote ? `dw_${random.below(9)}` : undefined,
    connectedWorkbooksCount: random.below(12),
    favoritesTotal: random.below(5),
    isPublished: true,
    hasSemanticLayerConnection: random.chance(0.02),
    projectId: project.id,
    ownerId: owner.id,
    tags: tagsOf(random),
  }
}
