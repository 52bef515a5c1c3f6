import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import type { FailingStore } from './failing-store.ts'

/** Tells that an entity's day was reported as committed. */
export type Acknowledge = (entity: string, dt: string) => void

/** Work on a warehouse, to be struck at every operation. */
export interface Scene {
  readonly name: string
  /** The warehouse before the work, in memory. */
  start(engine: Engine): Promise<ObjectStore>
  /** Brings the warehouse before the work to what readers may see in the midst of it, where it makes commits one by one. */
  midst?(store: ObjectStore, engine: Engine): Promise<unknown>
  /** The work. Null when it reports success; the error's code when it reports a failure, which it may also throw. */
  work(store: FailingStore, engine: Engine, acknowledge: Acknowledge): Promise<string | null>
  /** What makes the work show in what is published, where the work itself does not. */
  settle?(store: ObjectStore, engine: Engine): Promise<unknown>
  /** What is run next, once, by somebody who was not told what happened. */
  heal(store: ObjectStore, engine: Engine): Promise<unknown>
  /** Whether also the receipts of a healed warehouse are those of an undisturbed one: it is when no run of its own heals it. */
  readonly isExact: boolean
}
