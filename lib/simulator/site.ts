import type { User, World } from './facts.ts'
import { type Listings, listingsOf } from './listing.ts'
import { type Lookup, lookupOf } from './lookup.ts'
import type { Part } from './random.ts'
import { contentIds, isAdministrator, seenBy } from './sight.ts'

/**
 * One site on one day as somebody sees it, with all that answers need. `lookup` knows everything all the same: rows name
 * owners and projects beyond one's sight. A request keeps the day that it began with.
 */
export type SiteDay = {
  world: World
  lookup: Lookup
  lists: Listings
  /** Whether a project, workbook, view or data source is in sight. */
  sees: (id: string) => boolean
}

/** A site of the simulated server. */
export type SimulatedSite = {
  contentUrl: string
  world(day: string): World
  /** As an administrator sees it. */
  on(day: string): SiteDay
  seenBy(day: string, user: User): SiteDay
}

/** A site over its worlds; the last day asked for is kept ready. */
export const simulatedSite = (
  seed: Part,
  contentUrl: string,
  world: (day: string) => World,
): SimulatedSite => {
  let ready: SiteDay | undefined
  const narrowed = new Map<string, SiteDay>()
  const on = (day: string): SiteDay => {
    if (ready?.world.day === day) return ready
    const today = world(day)
    const lookup = lookupOf(today)
    narrowed.clear()
    ready = { world: today, lookup, lists: listingsOf(today, lookup, seed), sees: () => true }
    return ready
  }
  return {
    contentUrl,
    world,
    on,
    seenBy: (day, user) => {
      const whole = on(day)
      if (isAdministrator(user)) return whole
      const known = narrowed.get(user.id)
      if (known !== undefined) return known
      const part = seenBy(whole.world, user)
      const ids = contentIds(part)
      const { lookup } = whole
      const seen = {
        world: part,
        lookup,
        lists: listingsOf(part, lookup, seed),
        sees: (id: string) => ids.has(id),
      }
      narrowed.set(user.id, seen)
      return seen
    },
  }
}
