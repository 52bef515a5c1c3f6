import type { Datasource, Group, Job, Project, User, View, Workbook } from './facts.ts'
import type { Lookup } from './lookup.ts'

/** Operators of a `filter` parameter. */
export type Operator = 'eq' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'has'

/** How values of a field compare. */
export type FieldType = 'text' | 'number' | 'boolean' | 'time'

type Value = string | number | boolean | readonly string[] | undefined

/** A field that `filter` and `sort` know: its type, what operators it takes, where its value is. */
export type Field<Row> = {
  type: FieldType
  operators: readonly Operator[]
  value: (row: Row, lookup: Lookup) => Value
}

/** The fields of one list, by the name used in the request. */
export type Fields<Row> = Readonly<Record<string, Field<Row>>>

type Getter<Row> = Field<Row>['value']

const same: readonly Operator[] = ['eq', 'in']
const compare: readonly Operator[] = ['eq', 'gt', 'gte', 'lt', 'lte']

const text = <Row>(value: Getter<Row>): Field<Row> => ({ type: 'text', operators: same, value })
const time = <Row>(value: Getter<Row>): Field<Row> => ({ type: 'time', operators: compare, value })
const number = <Row>(value: Getter<Row>): Field<Row> => ({ type: 'number', operators: compare, value })
const flag = <Row>(value: Getter<Row>): Field<Row> => ({ type: 'boolean', operators: ['eq'], value })
const words = <Row>(value: Getter<Row>): Field<Row> => ({ type: 'text', operators: ['eq', 'has'], value })

/** Users (Tableau help: Filter and Sort in the REST API, as for the lists below). */
export const userFields: Fields<User> = {
  name: text((user) => user.name),
  siteRole: text((user) => user.siteRole),
  friendlyName: text((user) => user.fullName),
  luid: text((user) => user.id),
  isLocal: flag((user) => user.domainName === 'local'),
  lastLogin: time((user) => user.lastLogin),
}

/** Groups. */
export const groupFields: Fields<Group> = {
  name: text((group) => group.name),
  domainName: text((group) => group.domainName),
  domainNickname: text((group) => group.domainName),
  minimumSiteRole: text((group) => group.minimumSiteRole),
  isLocal: flag((group) => group.domainName === 'local'),
  userCount: number((group) => group.userCount),
}

const ownedBy = <Row extends { ownerId: string }>() => ({
  ownerName: text<Row>((row, lookup) => lookup.user(row.ownerId)?.name),
  ownerDomain: text<Row>((row, lookup) => lookup.user(row.ownerId)?.domainName),
  ownerEmail: text<Row>((row, lookup) => lookup.user(row.ownerId)?.email),
})

const dated = <Row extends { createdAt: string; updatedAt: string }>() => ({
  createdAt: time<Row>((row) => row.createdAt),
  updatedAt: time<Row>((row) => row.updatedAt),
})

/** Projects. */
export const projectFields: Fields<Project> = {
  name: text((project) => project.name),
  parentProjectId: text((project) => project.parentProjectId),
  topLevelProject: flag((project) => project.topLevelProject),
  ...ownedBy<Project>(),
  ...dated<Project>(),
}

type Content = Workbook | View | Datasource

const content = <Row extends Content>() => ({
  name: text<Row>((row) => row.name),
  contentUrl: text<Row>((row) => row.contentUrl),
  tags: text<Row>((row) => row.tags),
  projectName: text<Row>((row, lookup) =>
    row.projectId === undefined ? undefined : lookup.project(row.projectId)?.name,
  ),
  ...ownedBy<Row>(),
  ...dated<Row>(),
})

/** Workbooks. */
export const workbookFields: Fields<Workbook> = {
  ...content<Workbook>(),
  displayTabs: flag((workbook) => workbook.showTabs),
  hasExtracts: flag((workbook) => workbook.hasExtracts),
  sheetCount: number((workbook) => workbook.sheetCount),
  size: number((workbook) => workbook.size),
}

/** Views. */
export const viewFields: Fields<View> = {
  ...content<View>(),
  title: text((view) => view.name),
  sheetType: text((view) => view.sheetType),
  viewUrlName: text((view) => view.viewUrlName),
  workbookName: text((view, lookup) => lookup.workbook(view.workbookId)?.name),
  hitsTotal: number((view) => view.totalViewCount),
}

/** Data sources. */
export const datasourceFields: Fields<Datasource> = {
  ...content<Datasource>(),
  description: text((datasource) => datasource.description),
  databaseName: text((datasource) => datasource.databaseName),
  serverName: text((datasource) => datasource.serverName),
  type: { ...text<Datasource>((datasource) => datasource.type), operators: ['eq'] },
  hasAlert: flag((datasource) => datasource.hasAlert),
  hasExtracts: flag((datasource) => datasource.hasExtracts),
  isCertified: flag((datasource) => datasource.isCertified),
  isPublished: flag((datasource) => datasource.isPublished),
  favoritesTotal: number((datasource) => datasource.favoritesTotal),
  size: number((datasource) => datasource.size),
}

/** A job's progress in percent, 0 until it has ended. */
export const progressOf = (job: Job): number => (job.endedAt === undefined ? 0 : 100)

/** Jobs: the end is filtered as `completedAt` though it is sent as `endedAt`. */
export const jobFields: Fields<Job> = {
  jobType: text((job) => job.jobType),
  status: { ...text<Job>((job) => job.status), operators: ['eq'] },
  notes: { ...words<Job>((job) => job.notes), operators: ['has'] },
  args: { ...words<Job>(() => undefined), operators: ['has'] },
  title: words((job) => job.title),
  subtitle: words((job) => job.subtitle),
  createdAt: time((job) => job.createdAt),
  startedAt: time((job) => job.startedAt),
  completedAt: time((job) => job.endedAt),
  progress: number(progressOf),
  priority: number((job) => job.priority),
}
