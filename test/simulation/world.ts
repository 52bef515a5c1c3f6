import type { Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import type { LoadEngine } from '../../lib/load/transforms.ts'
import type { Chance } from './chance.ts'
import type { FaultMix } from './faults.ts'
import type { SimulatedSite } from './site.ts'
import type { SharedStore } from './store.ts'
import type { Turns } from './turns.ts'
import type { Watch } from './watch.ts'

/** All that one seed plays with. */
export interface World {
  readonly chance: Chance
  readonly turns: Turns
  readonly mix: FaultMix
  readonly shared: SharedStore
  readonly watch: Watch
  readonly sites: readonly SimulatedSite[]
  readonly engine: LoadEngine
  readonly entities: readonly Entity[]
  /** The present day, which moves on while some processes linger. */
  day: Day
  /** Whether who corrects a day that is withdrawn brings it back. */
  readonly bringsBack: boolean
  /** How many calls and landings there were: the clock moves by a second with each. */
  ticks: number
  /** Entity-days that a load reported as committed. */
  readonly acknowledged: Set<string>
}

/** When a day's nights begin, in ms since 1970. */
export const beginOf = (day: Day): number => Date.parse(`${day}T03:00:00Z`)

/** The time, a second later than when it was last asked. */
export function tick(world: World): number {
  world.ticks++
  return beginOf(world.day) + world.ticks * 1000
}
