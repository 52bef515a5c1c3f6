import type { Checkpoint, SettledParents, Sums } from '../core/checkpoint.ts'
import type { Entity } from '../core/entity.ts'
import type { LandingPlace } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { EventWindow, UnfinishedEvent } from '../core/receipt.ts'
import type { Drift } from '../core/row.ts'
import type { Cost } from '../tableau/calls.ts'
import type { Client } from '../tableau/client.ts'
import type { Landing } from './landing.ts'
import type { ListOptions } from './list.ts'
import type { FinishedPart } from './sink.ts'

/** What every way of reading an entity works with. */
export interface ReadContext {
  readonly client: Client
  readonly entity: Entity
  readonly options: ListOptions
}

/** Where a reading lands, and how far earlier invocations of its run came. */
export interface Ground {
  readonly store: ObjectStore
  readonly at: LandingPlace
  readonly landing: Landing
  readonly before: Checkpoint | null
}

/** Where a reading stopped that had no more time: what of it need not be done again, and how many parents are left. */
export interface Stop {
  readonly settled: SettledParents
  readonly sums: Sums
  readonly pending: number
}

/** What reading an entity to its proof gives, whatever its shape. */
export interface Reading {
  /** What has not landed yet. */
  readonly parts: readonly FinishedPart[]
  readonly rows: number
  readonly firstTotal: number | null
  readonly lastTotal: number | null
  readonly pages: number
  readonly passes: number
  readonly duplicates: number
  readonly surplus: number
  /** The surplus of the list of parents, whose total is not among the totals here; 0 where there are none. */
  readonly parentsSurplus: number
  readonly observedFrom: number
  readonly observedTo: number
  readonly drift: Drift
  readonly cost: Cost
  readonly parents: Readonly<Record<string, number>> | null
  readonly window: EventWindow | null
  readonly unfinished: readonly UnfinishedEvent[]
  /** Columns that this server did not send although its version has them. */
  readonly withheld: readonly string[]
  /** Null when the reading is whole. */
  readonly stop: Stop | null
}
