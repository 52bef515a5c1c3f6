import type { Node } from 'jsonc-parser'
import { isTableauCloud } from '../network/address.ts'
import { awsSaid } from './across-aws.ts'
import { offsetOf } from './document.ts'
import { type Draft, isObject, list, object, type Said, slugIn, text } from './draft.ts'
import type { Mistake } from './mistake.ts'
import { NO_PASSWORD, serverOf } from './value.ts'
import { type Path, pathText, shown } from './words.ts'

const ownerSaid = (top: Draft, site: Draft, at: Path): readonly Said[] =>
  'owner' in top || 'owner' in site
    ? []
    : [[[...at, 'owner'], 'is missing, here and at the top; it takes the name of who answers for the job']]

/** A proxy that asks who we are wants both. */
function proxySaid(at: Path, draft: Draft): readonly Said[] {
  const proxy = object(draft['proxy'])
  const [user, password] = ['user' in proxy, 'password' in proxy]
  if (user === password) return []
  const [has, lacks] = user ? ['user', 'password'] : ['password', 'user']
  return [[[...at, 'proxy', lacks], `is missing, and "${has}" is there; a proxy takes both or neither`]]
}

function passwordSaid(site: Draft, at: Path): readonly Said[] {
  const server = serverOf(text(site['server']) ?? '')
  const isPassword = object(site['signIn'])['kind'] === 'password'
  return isPassword && server !== undefined && isTableauCloud(new URL(server).host)
    ? [[[...at, 'signIn', 'kind'], `"password" does not lead into ${shown(server)}: ${NO_PASSWORD}`]]
    : []
}

function entitiesSaid(top: Draft, site: Draft, at: Path, entities: readonly string[]): readonly Said[] {
  const switches = { ...object(top['entities']), ...object(site['entities']) }
  const isOff = (name: unknown): boolean => typeof name === 'string' && switches[name] === false
  const off = ['acceptSurplus', 'acceptNarrowed'].flatMap((field) =>
    list(site[field]).flatMap((name, i): readonly Said[] =>
      isOff(name) ? [[[...at, field, i], `${shown(name)} is switched off by "entities"`]] : [],
    ),
  )
  return entities.length > 0 && entities.every(isOff)
    ? [...off, [[...at, 'entities'], 'switches every entity off; leave at least one on']]
    : off
}

function slugSaid(site: Draft, at: Path): readonly Said[] {
  if ('slug' in site || slugIn(site) !== undefined) return []
  return [
    [[...at, 'slug'], `is missing, and the site ${shown(site['site'])} has no letter or digit to make it of`],
  ]
}

const addressIn = (site: Draft): string | undefined => {
  const server = serverOf(text(site['server']) ?? '')
  const contentUrl = 'site' in site ? text(site['site']) : ''
  return server === undefined || contentUrl === undefined ? undefined : `${server} ${contentUrl}`
}

/** The sites of which an earlier one says the same of itself, with that one's place. */
function repeated(sites: readonly unknown[], say: (site: Draft) => string | undefined): Map<number, number> {
  const first = new Map<string, number>()
  const again = new Map<number, number>()
  for (const [i, site] of sites.entries()) {
    const said = isObject(site) ? say(site) : undefined
    if (said === undefined) continue
    const earlier = first.get(said)
    if (earlier === undefined) first.set(said, i)
    else again.set(i, earlier)
  }
  return again
}

/** One site twice is told as that, not also as one slug twice. */
function twiceSaid(sites: readonly unknown[]): readonly Said[] {
  const sameSite = repeated(sites, addressIn)
  const sameSlug = [...repeated(sites, slugIn)].filter(([i]) => !sameSite.has(i))
  return [
    ...[...sameSite].map(
      ([i, earlier]): Said => [
        ['sites', i, 'server'],
        `with its "site" is ${pathText(['sites', earlier])} again`,
      ],
    ),
    ...sameSlug.map(([i, earlier]): Said => {
      const slug = shown(slugIn(object(sites[i])))
      return [
        ['sites', i, 'slug'],
        `${slug} is the slug of ${pathText(['sites', earlier])} too; each site takes its own`,
      ]
    }),
  ]
}

/** What is wrong between fields that are each right. It looks at a file of any shape, so that all is told at once. */
export function acrossMistakes(value: unknown, root: Node, entities: readonly string[]): readonly Mistake[] {
  const top = object(value)
  const sites = list(top['sites'])
  const said = sites.flatMap((site, i) => {
    if (!isObject(site)) return []
    const at = ['sites', i]
    return [
      ...ownerSaid(top, site, at),
      ...proxySaid(at, site),
      ...passwordSaid(site, at),
      ...entitiesSaid(top, site, at, entities),
      ...slugSaid(site, at),
    ]
  })
  return [...proxySaid([], top), ...said, ...twiceSaid(sites), ...awsSaid(top)].map(([path, message]) => ({
    offset: offsetOf(root, path),
    path,
    message,
  }))
}
