import { type Day, dayNumber } from '../core/day.ts'
import type { EntityOutcome } from '../core/event.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { RunReport } from '../core/report.ts'
import { exitOf } from '../core/verdict.ts'
import { ENTITIES } from '../entities/index.ts'
import type { Engine } from '../transform/engine.ts'
import { newestNight } from './newest-night.ts'
import { type Standing, standingOf, waiting } from './standing.ts'
import { isLacking, type Night, type NightOfStrip, nightsUpTo } from './strip.ts'

/** How one site stands on its own day. */
export interface SiteStanding {
  readonly site: string
  readonly entities: readonly Standing[]
  /** The reports of its newest night, in the order in which their runs began. */
  readonly newest: readonly RunReport[]
  /** Whole days from its newest night to today; undefined before its first. */
  readonly age: number | undefined
  readonly nights: readonly Night[]
  /** The entities that the configuration switches on; undefined where none is at hand. */
  readonly on: readonly string[] | undefined
  /** The entities for which the server was too old when they were last asked for, in the nights of the strip. */
  readonly unsupported: ReadonlySet<string>
}

/** What a caller knows of a site besides its warehouse. */
export interface KnownSite {
  readonly site: string
  /** Today there, as far as the caller knows the site's time zone. */
  readonly day: Day
  /** The entities that the configuration switches on; undefined where none is at hand. */
  readonly on: readonly string[] | undefined
}

const unsupportedIn = (nights: readonly NightOfStrip[]): ReadonlySet<string> => {
  const newest = new Map<string, EntityOutcome>()
  for (const outcome of nights.flatMap(({ reports }) => reports.flatMap(({ outcomes }) => outcomes)))
    newest.set(outcome.entity, outcome)
  return new Set(
    [...newest.values()].flatMap(({ entity, verdict }) => (verdict === 'unsupported' ? [entity] : [])),
  )
}

/**
 * Looks at one site. Where its newest night is of a later day than the caller's, it is that day there. `engine` is asked for
 * only when something is held. Throws `corrupt-object`.
 */
export async function siteStanding(
  store: ObjectStore,
  { site, day, on }: KnownSite,
  engine: () => Promise<Engine>,
): Promise<SiteStanding> {
  const newest = await newestNight(store, site, Date.now())
  const dt = newest.at(-1)?.dt
  const today = dt !== undefined && dt > day ? dt : day
  const age = dt === undefined ? undefined : dayNumber(today) - dayNumber(dt)
  const entities: Standing[] = []
  for (const entity of ENTITIES) entities.push(await standingOf(store, entity, site, today, engine))
  const nights = await nightsUpTo(store, site, today, (name, dt) => isThere(entities, name, dt))
  const unsupported = unsupportedIn(nights)
  return { site, entities, newest, age, nights: nights.map(({ night }) => night), on, unsupported }
}

const isThere = (entities: readonly Standing[], name: string, dt: Day): boolean =>
  entities.some(({ entity, days }) => entity === name && days.includes(dt))

/** What a run came to for an entity whose day is not there. */
export interface Lacking extends EntityOutcome {
  readonly run: string
}

/** What a run calls complete and is not there any more is no more complete than what it lacked. */
const asItStands = (outcome: EntityOutcome): EntityOutcome =>
  exitOf(outcome.verdict) === 3
    ? outcome
    : { ...outcome, verdict: 'incomplete', reason: 'it was complete, and its day was withdrawn or is lost' }

/**
 * What the runs of the newest night lacked and still lack, once for each entity: a day that was accepted or read again since
 * is there, one that was withdrawn is not, and a later run that was not asked for an entity takes nothing back.
 */
export function lackingNow({ newest, entities }: SiteStanding): readonly Lacking[] {
  const lacking = new Map<string, Lacking>()
  for (const { run, dt, outcomes } of newest)
    for (const outcome of outcomes)
      if (isLacking(outcome, dt, (name, day) => isThere(entities, name, day)))
        lacking.set(outcome.entity, { ...asItStands(outcome), run })
  return [...lacking.values()]
}

/** How the newest night ended, as things stand now. */
export const nightVerdict = (standing: SiteStanding): Exclude<Night, 'none'> => {
  if ((standing.newest.at(-1)?.failure ?? null) !== null) return 'failed'
  return lackingNow(standing).length > 0 ? 'incomplete' : 'complete'
}

/** Whether a site's newest night is older than so many days: it looks as well as it did then, however long nothing ran. */
export const isTooOld = ({ age = 0 }: SiteStanding, maxAge: number): boolean => age > maxAge

/** Whether anybody waits for an entity: not where the configuration switches it off. */
export const isOn = ({ on }: SiteStanding, entity: string): boolean => on === undefined || on.includes(entity)

/**
 * The entities whose last complete day is longer ago than so many days, though somebody waits for them: a newest night says
 * nothing of what it did not read. One without any day counts where it is configured, unless the server is too old for it.
 */
export function overdue(standing: SiteStanding, maxAge: number): readonly Standing[] {
  const { entities, newest, on, unsupported } = standing
  const isOverdue = ({ entity, age }: Standing): boolean =>
    age === undefined ? on !== undefined && newest.length > 0 && !unsupported.has(entity) : age > maxAge
  return entities.filter((each) => isOn(standing, each.entity) && isOverdue(each))
}

/** Whether what the newest night lacked asks for somebody: it is switched on, and no later day refutes it. */
const asks = (standing: SiteStanding, { entity, candidate }: Lacking): boolean =>
  isOn(standing, entity) &&
  !standing.entities.some(({ held }) =>
    held.some((each) => each.candidate === candidate && each.refutedBy !== null),
  )

/**
 * Whether nothing of a site asks for anybody, and its newest night, like the last complete day of each of its entities, is
 * no older than so many days.
 */
export const isFine = (standing: SiteStanding, maxAge: number): boolean =>
  standing.newest.length > 0 &&
  standing.newest.at(-1)?.failure === null &&
  !isTooOld(standing, maxAge) &&
  overdue(standing, maxAge).length === 0 &&
  !lackingNow(standing).some((lacking) => asks(standing, lacking)) &&
  standing.entities.every(
    (each) => each.unpublished.length === 0 && (waiting(each).length === 0 || !isOn(standing, each.entity)),
  )
