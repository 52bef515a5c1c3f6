import type { SiteConfiguration } from '../config/configuration.ts'
import type { Entity } from '../core/entity.ts'
import { asAlmanacError, isError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'
import { type Asked, ask } from '../doctor/ask.ts'
import { limited } from '../doctor/limit.ts'
import { isSupported, leastRole, type Sight, sightOf } from '../doctor/role.ts'
import type { Client } from '../tableau/client.ts'
import { callsFor, type Load, median, nightOf, type Pace, secondsFor } from './estimate.ts'

/** What a site has of an entity, and what reading it would take. Null is what was not or cannot be asked. */
export interface Discovered {
  readonly entity: string
  /** Whether the configuration has it switched on. */
  readonly isOn: boolean
  /** Whether the server’s version has it. */
  readonly isSupported: boolean
  /** What the site role lets the user see. */
  readonly sight: Sight
  /** Rows there are now; of events, those in the list now; of a part, the part. */
  readonly count: number | null
  /** Parents below which it is read, a call each. */
  readonly parents: number | null
  readonly calls: number | null
  readonly seconds: number | null
  /** Why there is no count, or only that of a part; null where all is counted. */
  readonly why: string | null
  /** Whether a night reads it: switched on, there, and not refused; a part only where the configuration accepts that. */
  readonly isRead: boolean
}

/** A site role that sees nothing of what is switched on as a whole, and the least one that sees all of it. */
export interface Blind {
  readonly siteRole: string
  readonly needed: string
}

/** A site’s entities, and what a night of those that it reads would take. */
export interface Discovery {
  readonly entities: readonly Discovered[]
  /** All of it estimated but the latency, which is the median of the calls made here, in ms. */
  readonly night: Load & { readonly seconds: number; readonly latencyMs: number }
  /** Why a night would read nothing at all; undefined where it reads something. */
  readonly blind: Blind | undefined
}

/** What discovering works with. */
export interface DiscoverPorts {
  readonly clock: Clock
  readonly signal?: AbortSignal
}

/** How long the questions about one entity may take, repeats included, in ms. */
const LIMIT = 60_000

/** An entity with what was asked of it: how long each call took in ms, or why it was not asked. */
interface Answered {
  readonly entity: Entity
  readonly asked: Asked | null
  readonly why: string | null
}

/** A client whose calls are measured. */
function measured(client: Client, { clock }: DiscoverPorts, note: (milliseconds: number) => void): Client {
  const timed = async <T>(call: () => Promise<T>): Promise<T> => {
    const began = clock.elapsed()
    const result = await call()
    note(clock.elapsed() - began)
    return result
  }
  return {
    ...client,
    page: (read, number, signal) => timed(() => client.page(read, number, signal)),
    item: (read, signal) => timed(() => client.item(read, signal)),
  }
}

function hopeless(entity: Entity, client: Client): string | null {
  const { siteRole } = client.user
  if (!isSupported(entity, client)) return `needs REST API ${entity.read.since}`
  return sightOf(entity, siteRole) === 'forbidden' ? `${siteRole} is refused it` : null
}

/** Asks one entity; that it is refused is an answer, whatever else fails is the caller’s. */
async function answerOf(entity: Entity, client: Client, ports: DiscoverPorts): Promise<Answered> {
  const why = hopeless(entity, client)
  if (why !== null) return { entity, asked: null, why }
  try {
    const asked = await limited(entity.name, LIMIT, ports, (signal) => ask(client, entity, signal))
    return { entity, asked, why: null }
  } catch (thrown) {
    if (!isError(thrown, 'forbidden', 'tableau-error')) throw thrown
    return { entity, asked: null, why: asAlmanacError(thrown).message }
  }
}

type Site = Pick<SiteConfiguration, 'entities' | 'acceptNarrowed' | 'concurrency'>

function foundOf({ entity, asked, why }: Answered, client: Client, site: Site, pace: Pace): Discovered {
  const { name } = entity
  const { siteRole } = client.user
  const sight = sightOf(entity, siteRole)
  const isOn = site.entities.includes(name)
  const isWhole = sight === 'all' || site.acceptNarrowed.includes(name)
  const calls = asked === null ? null : callsFor(entity, asked)
  return {
    entity: name,
    isOn,
    isSupported: isSupported(entity, client),
    sight,
    count: asked?.count ?? null,
    parents: asked?.parents ?? null,
    calls,
    seconds: calls === null ? null : secondsFor({ calls, rows: asked?.count ?? 0 }, pace),
    why: why ?? (sight === 'narrowed' ? `${siteRole} sees only a part` : null),
    isRead: isOn && calls !== null && isWhole,
  }
}

/** Whether the site role is why a night would read nothing; what is off, or not there yet, is not its doing. */
function blindness(
  found: readonly Discovered[],
  entities: readonly Entity[],
  siteRole: string,
): Blind | undefined {
  const wanted = found.filter(({ isOn, isSupported }) => isOn && isSupported)
  const isBlind = wanted.every(({ isRead, sight }) => !isRead && sight !== 'all')
  if (wanted.length === 0 || !isBlind) return undefined
  const names = wanted.map(({ entity }) => entity)
  return { siteRole, needed: leastRole(entities.filter(({ name }) => names.includes(name))) }
}

/**
 * Finds out what a site has of every entity, by pages of one row, one after the other so that the wait for each is its own.
 * Throws what a call throws but for a refusal, which is that entity’s answer; or the signal’s reason.
 */
export async function discover(
  client: Client,
  entities: readonly Entity[],
  site: Site,
  ports: DiscoverPorts,
): Promise<Discovery> {
  const waits: number[] = []
  const asking = measured(client, ports, (milliseconds) => waits.push(milliseconds))
  const answers: Answered[] = []
  for (const entity of entities) answers.push(await answerOf(entity, asking, ports))
  const pace = { latencyMs: median(waits), concurrency: site.concurrency }
  const found = answers.map((answer) => foundOf(answer, client, site, pace))
  const read = found.filter(({ isRead }) => isRead)
  const night = nightOf(read.map(({ calls, count }) => ({ calls: calls ?? 0, rows: count ?? 0 })))
  return {
    entities: found,
    night: { ...night, seconds: secondsFor(night, pace), latencyMs: pace.latencyMs },
    blind: blindness(found, entities, client.user.siteRole),
  }
}
