import type { Day } from '../core/day.ts'
import type { EntityOutcome } from '../core/event.ts'
import { keys } from '../core/keys.ts'
import type { ObjectStore } from '../core/ports.ts'
import { jsonBytes, parseStored } from '../core/receipt.ts'
import type { RunReport } from '../core/report.ts'
import type { Verdict } from '../core/verdict.ts'

/** One entity's part in a run. */
export interface OutcomePlace {
  readonly entity: string
  readonly site: string
  readonly dt: Day
  readonly run: string
}

/** What a step says an entity came to, for the steps after it. It lies in landing, and goes with it. */
export interface StepOutcome extends OutcomePlace {
  readonly format: 1
  readonly outcome: EntityOutcome
  /** The server and its API version; null where the step spoke to none. */
  readonly server: string | null
  readonly apiVersion: string | null
  /** What of this entity makes the whole run a failed one; null when nothing does. */
  readonly failure: RunReport['failure']
}

type Step = 'extracted' | 'loaded'

/** What a step kept; undefined when it has kept nothing. Throws `corrupt-object`. */
export async function readOutcome(
  store: ObjectStore,
  at: OutcomePlace,
  step: Step,
): Promise<StepOutcome | undefined> {
  const key = keys.outcome(at, step)
  const object = await store.read(key)
  return object && parseStored<StepOutcome>(key, object.bytes)
}

/** Keeps what a step came to. The first one stands: of two invocations of the same step both say the same from then on. */
export async function keepOutcome(
  store: ObjectStore,
  at: OutcomePlace,
  step: Step,
  said: Omit<StepOutcome, keyof OutcomePlace | 'format'>,
): Promise<StepOutcome> {
  const { entity, site, dt, run } = at
  const mine: StepOutcome = { format: 1, entity, site, dt, run, ...said }
  if ((await store.write(keys.outcome(at, step), jsonBytes(mine), 'absent')).won) return mine
  return (await readOutcome(store, at, step)) ?? mine
}

/** What the next state is told: a reference and no row. */
export interface StepResult {
  readonly entity: string
  readonly verdict: Verdict
}

/** A kept outcome as the next state is told it. */
export const resultOf = ({ outcome: { entity, verdict } }: StepOutcome): StepResult => ({ entity, verdict })
