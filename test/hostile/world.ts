import { readFileSync } from 'node:fs'
import { entityNamed } from '../../lib/entities/index.ts'
import { complaint, SITE_ID, TOKEN, USER_ID, wrap } from '../tableau/servers.ts'

/** What an endpoint is for a kind of fault: a list in pages, one item, or one that signs in, out, or tells of tokens. */
export type Sort = 'list' | 'single' | 'door'

/** One endpoint that an extraction calls: what it answers when all is well, and the entity that is read through it. */
export interface Endpoint {
  readonly name: string
  readonly sort: Sort
  readonly entity: string
  /** The list element; null where one item stands below the root. */
  readonly list: string | null
  readonly item: string
  /** Whether a request belongs to it, by its path below `/api/<version>/`. */
  readonly takes: (path: string) => boolean
  /** The XML of each item, in the order of the list. */
  readonly items: readonly string[]
}

/** A page as it was asked for and as the good site gives it. */
export interface PageFacts {
  readonly number: number
  readonly size: number
  readonly total: number
}

/** As many items as the good site gives a page at most: a list of five has three pages. */
export const PAGE_SIZE = 2

/** The event that stayed open for too long, so that it is asked for by its id. */
export const LONG_OPEN = '00000700-1111-4222-8333-000000000000'

const SITE = `sites/${SITE_ID}`
const FIXTURES = new URL('../fixtures/entities/', import.meta.url)

/** The items of a fixture, which stands four spaces deep in a list and two deep by itself. */
function fixtureItems(file: string, item: string, depth: 2 | 4 = 4): readonly string[] {
  const xml = readFileSync(new URL(`${file}.xml`, FIXTURES), 'utf8')
  const pattern = new RegExp(`^ {${depth}}<${item}\\b[^>]*(?:/>|>[\\s\\S]*?^ {${depth}}</${item}>)`, 'gm')
  return xml.match(pattern) ?? []
}

const withId = (item: string, id: string): string => item.replace(/ id="[^"]*"/, ` id="${id}"`)

/** As many items as asked for, grown from those of a fixture, each with an id of its own. */
function grown(file: string, item: string, count: number, seed = 'c0de'): readonly string[] {
  const models = fixtureItems(file, item)
  return Array.from({ length: count }, (_, index) =>
    withId(models[index % models.length] ?? '', `000000${index}0-${seed}-4222-8333-00000000000${index}`),
  )
}

function listOf(name: string, at = name, path = at): Endpoint {
  const { read } = entityNamed(at)
  const list = 'list' in read ? read.list : ''
  const below = `${SITE}/${path}`
  return {
    name,
    sort: 'list',
    entity: name === 'parents' ? 'group_members' : at,
    list,
    item: read.item,
    takes: (asked) => asked === below,
    items: grown(at, read.item, name === 'parents' ? 3 : 5),
  }
}

/** The groups whose members are read: the first has five, the second two, the third none. */
const GROUPS = grown('groups', 'group', 3).map((group) => / id="([^"]*)"/.exec(group)?.[1] ?? '')

/** The group whose list of members may be hostile. */
export const FIRST_GROUP = GROUPS[0]

const membersOf = (group: number, count: number): Endpoint => ({
  name: group === 0 ? 'members' : `members of group ${group}`,
  sort: 'list',
  entity: 'group_members',
  list: 'users',
  item: 'user',
  takes: (path) => path === `${SITE}/groups/${GROUPS[group]}/users`,
  items: grown('group_members', 'user', count, `cab${group}`),
})

const one = (
  name: string,
  sort: Sort,
  facts: Pick<Endpoint, 'entity' | 'item' | 'takes'>,
  xml: string,
): Endpoint => ({
  name,
  sort,
  list: null,
  ...facts,
  items: [xml],
})

const door = (name: string, item: string, takes: Endpoint['takes'], xml: string): Endpoint =>
  one(name, 'door', { entity: 'users', item, takes }, xml)

const tokens: Endpoint = {
  ...door(
    'tokens',
    'personalAccessToken',
    (path) => path === `${SITE}/users/${USER_ID}/personal-access-tokens`,
    '',
  ),
  list: 'personalAccessTokens',
  items: [
    '<personalAccessToken tokenName="another" expiresAt="2027-01-01T00:00:00Z"/>',
    '<personalAccessToken tokenName="nightly" expiresAt="2027-02-01T00:00:00Z"/>',
  ],
}

/** Every endpoint that a night calls and that may be hostile; the items of the last ones are needed by the others. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...['users', 'groups', 'projects', 'workbooks', 'views', 'datasources', 'jobs'].map((name) => listOf(name)),
  listOf('parents', 'groups'),
  membersOf(0, 5),
  one(
    'site',
    'single',
    { entity: 'site', item: 'site', takes: (path) => path === SITE },
    withId(fixtureItems('site', 'site', 2)[0] ?? '', SITE_ID),
  ),
  one(
    'job',
    'single',
    { entity: 'jobs', item: 'job', takes: (path) => path === `${SITE}/jobs/${LONG_OPEN}` },
    fixtureItems('jobs.by-id', 'job', 2)[0] ?? '',
  ),
  door(
    'serverinfo',
    'serverInfo',
    (path) => path === 'serverinfo',
    '<serverInfo><productVersion build="1">2026.2</productVersion><restApiVersion>3.29</restApiVersion></serverInfo>',
  ),
  door(
    'signin',
    'credentials',
    (path) => path === 'auth/signin',
    `<credentials token="${TOKEN}"><site id="${SITE_ID}" contentUrl="demo"/><user id="${USER_ID}"/></credentials>`,
  ),
  door(
    'me',
    'user',
    (path) => path === `${SITE}/users/${USER_ID}`,
    `<user id="${USER_ID}" name="a" siteRole="SiteAdministratorCreator"/>`,
  ),
  door('signout', '', (path) => path === 'auth/signout', ''),
  tokens,
]

const HELPERS: readonly Endpoint[] = [membersOf(1, 2), membersOf(2, 0)]

/** The endpoint of that name. */
export function endpointNamed(name: string): Endpoint {
  const found = ENDPOINTS.find((endpoint) => endpoint.name === name)
  if (found === undefined) throw new Error(`there is no endpoint "${name}"`)
  return found
}

/** The endpoint that a path belongs to when `entity` is read: groups are a list of their own, and one of parents. */
export const endpointAt = (path: string, entity: string): Endpoint | undefined => {
  const all = [...ENDPOINTS, ...HELPERS].filter(({ takes }) => takes(path))
  return all.find((endpoint) => endpoint.entity === entity) ?? all[0]
}

/** The XML of a page: its announcement and its items, as a real server lays them out. */
export const pageXml = (
  { list }: Endpoint,
  items: readonly string[],
  { number, size, total }: PageFacts,
): string =>
  wrap(
    `\n  <pagination pageNumber="${number}" pageSize="${size}" totalAvailable="${total}"/>\n  <${list}>\n${items.join('\n')}\n  </${list}>\n`,
  )

/** What the good site answers to a request for a page of an endpoint, or for its only item. */
export function goodAnswer(
  endpoint: Endpoint,
  number: number,
  asked: number,
): { xml: string; page: PageFacts } {
  const { items, list } = endpoint
  const size = Math.max(1, Math.min(asked, PAGE_SIZE))
  const page = { number, size, total: items.length }
  if (list === null) return { xml: wrap(`\n${items.join('')}\n`), page }
  if (endpoint.sort === 'door') return { xml: wrap(`<${list}>${items.join('')}</${list}>`), page }
  // What Tableau says beyond the end of a list.
  if (number > 1 && (number - 1) * size >= items.length) return { xml: complaint('400006'), page }
  return { xml: pageXml(endpoint, items.slice((number - 1) * size, number * size), page), page }
}
