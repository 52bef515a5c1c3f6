import type { Day } from './day.ts'
import type { PartReceipt, StoredColumn } from './receipt.ts'

/** Parents that were asked for, by what they answered. Those that answered 404 have vanished once a later list lacks them. */
export interface SettledParents {
  readonly read: readonly string[]
  readonly forbidden: readonly string[]
  readonly vanished: readonly string[]
}

/** What reading many lists came to, taken together. */
export interface Sums {
  readonly rows: number
  readonly firstTotal: number
  readonly lastTotal: number
  readonly pages: number
  readonly passes: number
  readonly duplicates: number
  readonly surplus: number
  /** By the server's clock, milliseconds since 1970 UTC. */
  readonly observedTo: number
  readonly cost: {
    readonly calls: number
    readonly retries: number
    readonly renewals: number
    readonly bytes: number
  }
}

/**
 * How far the invocations of a run have come with an entity that is read parent by parent. Create-only and numbered from 1;
 * each says all that those before it said, so the newest is enough. A part that none names is not there.
 */
export interface Checkpoint {
  readonly format: 1
  readonly entity: string
  readonly site: string
  readonly dt: Day
  readonly run: string
  readonly shard: string
  readonly number: number
  /** The attempt that wrote it; parts are of earlier ones, too. */
  readonly attempt: string
  readonly columns: readonly StoredColumn[]
  readonly missing: readonly string[]
  readonly parts: readonly PartReceipt[]
  readonly settled: SettledParents
  readonly sums: Sums
  readonly drift: Readonly<Record<string, number>>
  /** By the server's clock, milliseconds since 1970 UTC: that of the run’s first invocation. */
  readonly observedFrom: number
}
