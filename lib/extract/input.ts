import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import type { Emit } from '../core/event.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Client } from '../tableau/client.ts'

/** What an extraction is for. */
export interface ExtractInput {
  readonly entity: Entity
  /** The site's slug. */
  readonly site: string
  readonly dt: Day
  readonly run: string
  /** 8 hex digits, new for every try: two tries never share a key. */
  readonly attempt: string
  /** Whether a constant surplus counts as complete. */
  readonly acceptSurplus: boolean
  /** Whether the part that a lesser site role sees is kept as if it were the whole. */
  readonly acceptNarrowed: boolean
  readonly backdated: string | null
}

/** What an extraction works with. */
export interface ExtractPorts {
  readonly client: Client
  readonly store: ObjectStore
  readonly emit: Emit
  readonly signal?: AbortSignal
}

/** What an extraction works with whose time is limited. */
export interface TimedPorts extends ExtractPorts {
  /** False when there is only time left to stop: for what has begun, one more part and a checkpoint. */
  readonly mayGoOn: () => boolean
}
