import { isSlug } from '../core/keys.ts'
import { environmentObjection } from './aws-shape.ts'
import { clockChangeAt } from './clock-change.ts'
import { AWS, TIME_ZONE } from './defaults.ts'
import { MACHINE_NAME_LONGEST, machineName } from './deployment.ts'
import { type Draft, isObject, list, object, type Said, slugIn, text } from './draft.ts'
import { isTimeZone, serverOf } from './value.ts'
import { type Path, pathText, shown, wrong } from './words.ts'

/** A site of the file, by its position. */
interface DraftSite {
  readonly index: number
  readonly slug: string | undefined
  readonly draft: Draft
}

/** An environment of the file, with the sites that it would deploy. */
interface DraftEnvironment {
  readonly name: string
  readonly path: Path
  readonly draft: Draft
  readonly sites: readonly DraftSite[]
}

const sitesIn = (top: Draft): readonly DraftSite[] =>
  list(top['sites']).flatMap((draft, index) =>
    isObject(draft) ? [{ index, slug: slugIn(draft), draft }] : [],
  )

function environmentsIn(top: Draft, sites: readonly DraftSite[]): readonly DraftEnvironment[] {
  return Object.entries(object(top['aws'])).flatMap(([name, draft]) => {
    if (!isObject(draft)) return []
    const named = list(draft['sites'])
    const isDeployed = ({ slug }: DraftSite): boolean => !('sites' in draft) || named.includes(slug)
    return [{ name, path: ['aws', name], draft, sites: sites.filter(isDeployed) }]
  })
}

const namesSaid = (top: Draft): readonly Said[] =>
  Object.keys(object(top['aws'])).flatMap((name): readonly Said[] => {
    const objection = environmentObjection(name)
    return objection === undefined ? [] : [[['aws', name], objection]]
  })

function slugsSaid({ path, draft }: DraftEnvironment, sites: readonly DraftSite[]): readonly Said[] {
  const slugs = sites.flatMap(({ slug }) => slug ?? [])
  return list(draft['sites']).flatMap((named, i): readonly Said[] => {
    const isKnown = typeof named !== 'string' || slugs.includes(named)
    return isKnown ? [] : [[[...path, 'sites', i], wrong(named, `one of ${slugs.join(', ')}`, slugs)]]
  })
}

/** Where an environment says that it has a site: at its name in the list, or at the list that is left out. */
function placeOf({ path, draft }: DraftEnvironment, slug: string | undefined): Path {
  const place = list(draft['sites']).indexOf(slug)
  return [...path, 'sites', ...(place < 0 ? [] : [place])]
}

/** A state machine is called by both names, and everything that looks for its runs puts its name together. */
function lengthsSaid(environment: DraftEnvironment): readonly Said[] {
  const { name } = environment
  const most = MACHINE_NAME_LONGEST - machineName('', '').length
  if (environmentObjection(name) !== undefined) return []
  return environment.sites.flatMap(({ slug = '' }): readonly Said[] => {
    const together = name.length + slug.length
    if (!isSlug(slug) || together <= most) return []
    return [
      [
        placeOf(environment, slug),
        `${shown(slug)} has with ${shown(name)} ${together} characters, and both are in the name of a state machine; together they take at most ${most}: give the site a shorter "slug", or the environment a shorter name`,
      ],
    ]
  })
}

/** What a list names a second time. */
function againSaid(path: Path, value: unknown): readonly Said[] {
  const items = list(value)
  return items.flatMap((item, i): readonly Said[] =>
    typeof item !== 'string' || items.indexOf(item) === i
      ? []
      : [[[...path, i], `${shown(item)} stands in this list already`]],
  )
}

function listsSaid({ path, draft }: DraftEnvironment): readonly Said[] {
  const places = [
    ['sites'],
    ['network', 'subnets'],
    ['network', 'securityGroups'],
    ['alarms', 'emails'],
    ['alarms', 'pages'],
  ]
  return places.flatMap(([field = '', inside]) => {
    const value = inside === undefined ? draft[field] : object(draft[field])[inside]
    return againSaid([...path, field, ...(inside === undefined ? [] : [inside])], value)
  })
}

/** Local times that some day of a site's zone lacks or has twice. */
function clocksSaid(top: Draft, { path, draft, sites }: DraftEnvironment): readonly Said[] {
  const at = 'at' in draft ? text(draft['at']) : AWS.at
  if (at === undefined || !/^\d\d:\d\d$/.test(at)) return []
  return sites.flatMap((site): readonly Said[] => {
    const zone = text(site.draft['timeZone'] ?? top['timeZone'] ?? TIME_ZONE) ?? ''
    const change = isTimeZone(zone) ? clockChangeAt(zone, at) : undefined
    if (change === undefined) return []
    const happens =
      change === 'missing' ? 'is missing on a day of the year' : 'comes twice on a day of the year'
    return [
      [[...path, 'at'], `${shown(at)} ${happens} in ${shown(zone)}, where clocks change then; take another`],
    ]
  })
}

/** Every place at which a site may name a secret, in itself or at the top. */
function referencesOf(top: Draft, { index, draft }: DraftSite): readonly (readonly [Path, unknown])[] {
  const own: Path = ['sites', index]
  const signIn = object(draft['signIn'])
  const [proxy, proxyAt] = 'proxy' in draft ? [draft['proxy'], own] : [top['proxy'], []]
  const [notify, notifyAt] = 'notify' in draft ? [draft['notify'], own] : [top['notify'], []]
  return [
    ...['secret', 'privateKey', 'password'].map((name) => [[...own, 'signIn', name], signIn[name]] as const),
    [[...proxyAt, 'proxy', 'password'], object(proxy)['password']],
    ...list(notify).map((each, i) => [[...notifyAt, 'notify', i, 'url'], object(each)['url']] as const),
  ]
}

/** A function has neither files nor variables of whoever wrote the file. */
function secretsSaid(top: Draft, { path, sites }: DraftEnvironment): readonly Said[] {
  return sites.flatMap((site) =>
    referencesOf(top, site).flatMap(([place, value]): readonly Said[] => {
      const kind = ['env', 'file'].find((name) => name in object(value))
      if (kind === undefined) return []
      const where = kind === 'env' ? 'an environment variable' : 'a file'
      const whose = `${pathText(path)} deploys ${shown(site.slug)}`
      return [
        [
          place,
          `names ${where}, and ${whose}: functions on AWS have none of yours; it takes { "awsSecret": "…" }`,
        ],
      ]
    }),
  )
}

/** A token, by host and name; undefined for other ways to sign in, which may have many sessions. */
function tokenOf({ draft }: DraftSite): string | undefined {
  const { kind, name } = object(draft['signIn'])
  const server = serverOf(text(draft['server']) ?? '')
  return kind === 'pat' && typeof name === 'string' && server !== undefined ? `${server} ${name}` : undefined
}

/** Environments cannot see each other's leases, and a token's second session ends the first. */
function tokensSaid(environments: readonly DraftEnvironment[]): readonly Said[] {
  const users = new Map<string, DraftEnvironment>()
  return environments.flatMap((environment) =>
    environment.sites.flatMap((site): readonly Said[] => {
      const token = tokenOf(site)
      const user = token === undefined ? undefined : users.get(token)
      if (token !== undefined && user === undefined) users.set(token, environment)
      if (user === undefined || user === environment) return []
      const other = pathText(user.path)
      return [
        [
          placeOf(environment, site.slug),
          `${shown(site.slug)} signs in with a token that ${other} uses too, and a token has one session: none serves two environments`,
        ],
      ]
    }),
  )
}

/** What is wrong between the fields of `aws`, and between them and the sites. The file may be of any shape. */
export function awsSaid(top: Draft): readonly Said[] {
  const sites = sitesIn(top)
  const environments = environmentsIn(top, sites)
  const said = environments.flatMap((environment) => [
    ...slugsSaid(environment, sites),
    ...listsSaid(environment),
    ...lengthsSaid(environment),
    ...clocksSaid(top, environment),
    ...secretsSaid(top, environment),
  ])
  return [...namesSaid(top), ...said, ...tokensSaid(environments)]
}
