import { type Day, dayNumber } from '../core/day.ts'
import type { EntityOutcome } from '../core/event.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { RunReport } from '../core/report.ts'
import { exitOf } from '../core/verdict.ts'
import { ENTITIES } from '../entities/index.ts'
import type { Engine } from '../transform/engine.ts'
import { newestNight } from './newest-night.ts'
import { type Standing, standingOf, waiting } from './standing.ts'
import { type Night, nightsUpTo } from './strip.ts'

/** How one site stands on its own day. */
export interface SiteStanding {
  readonly site: string
  readonly entities: readonly Standing[]
  /** The reports of its newest night, in the order in which their runs began. */
  readonly newest: readonly RunReport[]
  /** Whole days from its newest night to today; undefined before its first. */
  readonly age: number | undefined
  readonly nights: readonly Night[]
}

/**
 * Looks at one site. `day` is today, as far as the caller knows the site's time zone; where its newest night is of a later
 * day, it is that day there. `engine` is asked for only when something is held. Throws `corrupt-object`.
 */
export async function siteStanding(
  store: ObjectStore,
  site: string,
  day: Day,
  engine: () => Promise<Engine>,
): Promise<SiteStanding> {
  const newest = await newestNight(store, site, Date.now())
  const dt = newest.at(-1)?.dt
  const today = dt !== undefined && dt > day ? dt : day
  const age = dt === undefined ? undefined : dayNumber(today) - dayNumber(dt)
  const entities: Standing[] = []
  for (const entity of ENTITIES) entities.push(await standingOf(store, entity, site, today, engine))
  const nights = await nightsUpTo(store, site, today, (name, dt) => isThere(entities, name, dt))
  return { site, entities, newest, age, nights: nights.map(({ night }) => night) }
}

const isThere = (entities: readonly Standing[], name: string, dt: Day): boolean =>
  entities.some(({ entity, days }) => entity === name && days.includes(dt))

/** What a run came to for an entity whose day is not there. */
export interface Lacking extends EntityOutcome {
  readonly run: string
}

/**
 * What the runs of the newest night lacked and still lack, once for each entity: a day that was accepted or read again since
 * is there, and a later run that was not asked for an entity takes nothing back.
 */
export function lackingNow({ newest, entities }: SiteStanding): readonly Lacking[] {
  const lacking = new Map<string, Lacking>()
  for (const { run, dt, outcomes } of newest)
    for (const outcome of outcomes)
      if (exitOf(outcome.verdict) === 3 && !isThere(entities, outcome.entity, dt))
        lacking.set(outcome.entity, { ...outcome, run })
  return [...lacking.values()]
}

/** How the newest night ended, as things stand now. */
export const nightVerdict = (standing: SiteStanding): Exclude<Night, 'none'> => {
  if ((standing.newest.at(-1)?.failure ?? null) !== null) return 'failed'
  return lackingNow(standing).length > 0 ? 'incomplete' : 'complete'
}

/** Whether a site's newest night is older than so many days: it looks as well as it did then, however long nothing ran. */
export const isTooOld = ({ age = 0 }: SiteStanding, maxAge: number): boolean => age > maxAge

/** Whether nothing of a site asks for anybody, and its newest night is no older than so many days. */
export const isFine = (standing: SiteStanding, maxAge: number): boolean =>
  !isTooOld(standing, maxAge) &&
  standing.newest.length > 0 &&
  standing.entities.every((each) => waiting(each).length === 0 && each.unpublished.length === 0) &&
  nightVerdict(standing) === 'complete'
