/**
 * What is true of a simulated site on one day: plain objects under Tableau's own attribute names.
 * Ids are LUIDs, instants ISO text in UTC, and `undefined` means that the server sends no such attribute.
 * A nested element's attributes are prefixed by its name: `owner/@id` is `ownerId`.
 */
export type World = {
  /** `YYYY-MM-DD`. */
  readonly day: string
  readonly site: Site
  readonly users: readonly User[]
  readonly groups: readonly Group[]
  /** Every pair of group and member, those of All Users too. */
  readonly memberships: readonly Membership[]
  /** The same pairs: user ids by group id. */
  readonly members: ReadonlyMap<string, readonly string[]>
  readonly projects: readonly Project[]
  readonly workbooks: readonly Workbook[]
  readonly views: readonly View[]
  readonly datasources: readonly Datasource[]
  /** Jobs that the server still remembers, as they stand when the day is read. */
  readonly jobs: readonly Job[]
}

/** The site roles of REST API 3.29. */
export type SiteRole =
  | 'Creator'
  | 'Explorer'
  | 'ExplorerCanPublish'
  | 'SiteAdministratorCreator'
  | 'SiteAdministratorExplorer'
  | 'Unlicensed'
  | 'Viewer'

/** The site itself; the last five are its `usage` element, storage in megabytes. */
export type Site = {
  id: string
  name: string
  contentUrl: string
  adminMode: string
  state: string
  storageQuota: string
  userQuota: string
  tierCreatorCapacity: number
  tierExplorerCapacity: number
  tierViewerCapacity: number
  timeZone: string
  useDefaultTimeZone: boolean
  disableSubscriptions: boolean
  subscribeOthersEnabled: boolean
  revisionHistoryEnabled: boolean
  revisionLimit: number
  runNowEnabled: boolean
  flowsEnabled: boolean
  schedulingFlowsEnabled: boolean
  catalogingEnabled: boolean
  commentingEnabled: boolean
  guestAccessEnabled: boolean
  cacheWarmupEnabled: boolean
  dataAlertsEnabled: boolean
  personalSpaceEnabled: boolean
  extractEncryptionMode: string
  userVisibilityMode: string
  numUsers: number
  numCreators: number
  numExplorers: number
  numViewers: number
  storage: number
}

/** A user of the site. `lastLogin` is `''` for a few who never came: real servers send both forms. */
export type User = {
  id: string
  name: string
  siteRole: SiteRole
  lastLogin: string | undefined
  externalAuthUserId: string
  fullName: string
  email: string | undefined
  authSetting: string
  locale: string | undefined
  language: string | undefined
  idpConfigurationId: string | undefined
  identityPoolName: string | undefined
  domainName: string
}

/** A group, local or imported from Active Directory. */
export type Group = {
  id: string
  name: string
  domainName: string
  minimumSiteRole: SiteRole | undefined
  externalUserEnabled: boolean | undefined
  importDomainName: string | undefined
  importSiteRole: SiteRole | undefined
  importGrantLicenseMode: string | undefined
  importSource: string | undefined
  userCount: number
}

/** One user in one group. */
export type Membership = { groupId: string; userId: string }

/** The ways in which a project settles the permissions of its content. */
export type ContentPermissions = 'ManagedByOwner' | 'LockedToProject' | 'LockedToProjectWithoutNested'

/** A project; the four counts are its `contentsCounts` element and count direct children only. */
export type Project = {
  id: string
  name: string
  description: string
  createdAt: string
  updatedAt: string
  contentPermissions: ContentPermissions
  parentProjectId: string | undefined
  controllingPermissionsProjectId: string | undefined
  topLevelProject: boolean
  writeable: boolean
  ownerId: string
  projectCount: number
  workbookCount: number
  viewCount: number
  datasourceCount: number
}

/** A published workbook; in a personal space it has no project. Size in megabytes. */
export type Workbook = {
  id: string
  name: string
  description: string | undefined
  contentUrl: string
  webpageUrl: string
  showTabs: boolean
  size: number
  createdAt: string
  updatedAt: string
  defaultViewId: string | undefined
  encryptExtracts: boolean
  sheetCount: number
  hasExtracts: boolean
  lastPublishedAt: string
  shareDescription: string | undefined
  projectId: string | undefined
  locationType: 'Project' | 'PersonalSpace'
  locationId: string
  locationName: string
  ownerId: string
  tags: readonly string[]
  accelerationEnabled: boolean
}

/** A view of a workbook; its project and owner are its workbook's. */
export type View = {
  id: string
  name: string
  contentUrl: string
  viewUrlName: string
  sheetType: 'view' | 'dashboard' | 'story'
  createdAt: string
  updatedAt: string
  workbookId: string
  projectId: string | undefined
  ownerId: string
  tags: readonly string[]
  /** Cumulative, as Tableau counts. */
  totalViewCount: number
}

/** A published data source. Size in megabytes. */
export type Datasource = {
  id: string
  name: string
  description: string | undefined
  contentUrl: string
  webpageUrl: string
  type: string
  createdAt: string
  updatedAt: string
  isCertified: boolean
  certificationNote: string | undefined
  useRemoteQueryAgent: boolean
  encryptExtracts: boolean
  size: number
  hasExtracts: boolean
  hasAlert: boolean
  serverName: string | undefined
  databaseName: string | undefined
  connectedWorkbooksCount: number
  favoritesTotal: number
  isPublished: boolean
  hasSemanticLayerConnection: boolean
  projectId: string
  ownerId: string
  tags: readonly string[]
}

/** A background job. The last four are what only the single job's own page tells. */
export type Job = {
  id: string
  status: 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'Cancelled'
  jobType: string
  createdAt: string
  startedAt: string | undefined
  endedAt: string | undefined
  priority: number
  title: string
  subtitle: string
  type: string
  workbookId: string | undefined
  datasourceId: string | undefined
  notes: string | undefined
}
