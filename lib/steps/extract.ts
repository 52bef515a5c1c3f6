import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { isDayClosed } from '../load/standing.ts'
import { committedBefore, type ReadInput, type ReadPorts, readEntity } from '../nightly/entity-night.ts'
import type { Client } from '../tableau/client.ts'
import { keepOutcome, readOutcome, resultOf, type StepOutcome, type StepResult } from './outcome.ts'

/** What an extractor works with: the client is made when it is known that there is something to read. */
export interface ExtractStepPorts extends Omit<ReadPorts, 'client'> {
  readonly resume: () => Promise<Client>
  /** False when there is only time left to stop. */
  readonly mayGoOn: () => boolean
}

/** `done: false`: the same step is to be called again, and goes on where this one stopped. */
export type ExtractStepResult =
  | (StepResult & { readonly done: true })
  | { readonly entity: string; readonly done: false; readonly verdict: null }

const done = (said: StepOutcome): ExtractStepResult => ({ ...resultOf(said), done: true })

/**
 * Extracts one entity of a run into landing, and keeps what it came to for the steps after it. What an earlier invocation
 * of the run has done, or an earlier run has committed, is not done again. Throws what ends the run.
 */
export async function extractStep(
  entity: Entity,
  input: ReadInput,
  dt: Day,
  ports: ExtractStepPorts,
): Promise<ExtractStepResult> {
  const { store, resume } = ports
  const { site, run } = input
  const at = { entity: entity.name, site, dt, run }
  const keep = async (said: Parameters<typeof keepOutcome>[3]): Promise<ExtractStepResult> =>
    done(await keepOutcome(store, at, 'extracted', said))
  const kept = await readOutcome(store, at, 'extracted')
  if (kept !== undefined) return done(kept)
  // Whether a closed day counts, the load step says: an extractor may not read manifests.
  if (await isDayClosed(store, entity, site, dt))
    return keep({ outcome: committedBefore(entity), server: null, apiVersion: null, failure: null })
  const client = await resume()
  try {
    const outcome = await readEntity(entity, input, dt, { ...ports, client })
    if (outcome === undefined) return { entity: entity.name, done: false, verdict: null }
    const { server, apiVersion } = client
    return await keep({ outcome, server, apiVersion, failure: null })
  } finally {
    await client.close()
  }
}
