import { type Draft, idOf, nextSerial, pastOf } from './draft.ts'
import type { Group, SiteRole, User } from './facts.ts'
import { personName, unitName } from './names.ts'
import { at, hash, type Random } from './random.ts'

const roles: readonly SiteRole[] = [
  'Viewer',
  'Viewer',
  'Viewer',
  'Viewer',
  'Viewer',
  'Explorer',
  'Explorer',
  'ExplorerCanPublish',
  'Creator',
  'Creator',
  'SiteAdministratorExplorer',
]
const publishers: ReadonlySet<SiteRole> = new Set<SiteRole>([
  'Creator',
  'ExplorerCanPublish',
  'SiteAdministratorCreator',
  'SiteAdministratorExplorer',
])
const minimumRoles: readonly SiteRole[] = ['Viewer', 'Explorer', 'Creator']
const domain = 'corp.example.com'

/** A random site role of someone who works with the site. */
export const roleOf = (random: Random): SiteRole => random.pick(roles)

/** A new user who has not signed in yet. The first user of a site is its administrator. */
export const makeUser = (draft: Draft, random: Random): User => {
  const serial = nextSerial(draft, 'user')
  const { fullName, name } = personName(random, serial)
  const saml = random.chance(0.7)
  return {
    id: idOf(draft.seed, 'user', serial),
    name,
    siteRole: serial === 1 ? 'SiteAdministratorCreator' : roleOf(random),
    lastLogin: serial % 97 === 3 ? '' : undefined,
    externalAuthUserId: saml ? hash(draft.seed, name).toString(16).padStart(32, '0') : '',
    fullName,
    email: serial % 23 === 4 ? undefined : `${name}@example.com`,
    authSetting: saml ? 'SAML' : 'ServerDefault',
    locale: random.chance(0.3) ? random.pick(['de_DE', 'en_US', 'ja_JP', 'pt_BR']) : undefined,
    language: random.chance(0.3) ? random.pick(['de', 'en', 'ja', 'pt']) : undefined,
    idpConfigurationId: saml ? idOf(draft.seed, 'space', 7) : undefined,
    identityPoolName: saml ? undefined : 'General',
    domainName: random.chance(0.8) ? domain : 'local',
  }
}

/** A user of long standing: most have signed in some day, and one in twenty has left since. */
export const makeOldUser = (draft: Draft, random: Random): User => {
  const user = makeUser(draft, random)
  const first = draft.serials.user === 1
  const siteRole = !first && random.chance(0.05) ? 'Unlicensed' : user.siteRole
  if (user.lastLogin === '' || (draft.serials.user % 19 === 7 && !first)) return { ...user, siteRole }
  return { ...user, siteRole, lastLogin: pastOf(draft, random, siteRole === 'Unlicensed' ? 900 : 90) }
}

/** A new group; a third come from Active Directory. The first group of a site is All Users. */
export const makeGroup = (draft: Draft, random: Random): Group => {
  const serial = nextSerial(draft, 'group')
  const imported = serial > 1 && random.chance(0.33)
  const minimumSiteRole = serial > 1 && random.chance(0.6) ? random.pick(minimumRoles) : undefined
  const grants = imported && minimumSiteRole !== undefined
  return {
    id: idOf(draft.seed, 'group', serial),
    name: serial === 1 ? 'All Users' : `${unitName(random, serial)} ${serial}`,
    domainName: imported ? domain : 'local',
    minimumSiteRole,
    externalUserEnabled: random.chance(0.5) ? false : undefined,
    importDomainName: imported ? domain : undefined,
    importSiteRole: imported ? (minimumSiteRole ?? 'Unlicensed') : undefined,
    importGrantLicenseMode: imported ? (grants ? 'onLogin' : 'onSync') : undefined,
    importSource: imported ? 'ActiveDirectory' : undefined,
    userCount: 0,
  }
}

/** Someone who may publish, or the administrator when luck finds none. */
export const publisherOf = (draft: Draft, random: Random): User => {
  for (let tries = 0; tries < 40; tries++) {
    const user = random.pick(draft.users)
    if (publishers.has(user.siteRole)) return user
  }
  return at(draft.users, 0)
}

/** An owner from former days: mostly someone who may publish, at times someone who has left. */
export const oldOwnerOf = (draft: Draft, random: Random): User => {
  if (!random.chance(0.06)) return publisherOf(draft, random)
  const candidates = Array.from({ length: 40 }, () => random.pick(draft.users))
  return candidates.find((user) => user.siteRole === 'Unlicensed') ?? publisherOf(draft, random)
}

/** Ids of some different users, at most `size`. */
export const someUsers = (draft: Draft, random: Random, size: number): readonly string[] => {
  const chosen = new Set<string>()
  for (let left = size; left > 0; left--) chosen.add(random.pick(draft.users).id)
  return [...chosen]
}
