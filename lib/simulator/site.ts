import type { World } from './facts.ts'
import { type Listings, listingsOf } from './listing.ts'
import { type Lookup, lookupOf } from './lookup.ts'
import type { Part } from './random.ts'

/** One site on one day, with all that answers need. A request keeps the day that it began with. */
export type SiteDay = { world: World; lookup: Lookup; lists: Listings }

/** A site of the simulated server. */
export type SimulatedSite = {
  contentUrl: string
  world(day: string): World
  on(day: string): SiteDay
}

/** A site over its worlds; the last day asked for is kept ready. */
export const simulatedSite = (
  seed: Part,
  contentUrl: string,
  world: (day: string) => World,
): SimulatedSite => {
  let ready: SiteDay | undefined
  return {
    contentUrl,
    world,
    on: (day) => {
      if (ready?.world.day === day) return ready
      const today = world(day)
      const lookup = lookupOf(today)
      ready = { world: today, lookup, lists: listingsOf(today, lookup, seed) }
      return ready
    },
  }
}
