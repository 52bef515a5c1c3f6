import type { Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import type { EntityOutcome } from '../core/event.ts'
import { isDayClosed } from '../load/standing.ts'
import {
  committedBefore,
  notRead,
  type ReadInput,
  type ReadPorts,
  readEntity,
} from '../nightly/entity-night.ts'
import type { Client } from '../tableau/client.ts'
import { READING_MS } from './limits.ts'
import { keepOutcome, readOutcome, resultOf, type StepOutcome, type StepResult } from './outcome.ts'

/** What an extractor works with: the client is made when it is known that there is something to read. */
export interface ExtractStepPorts extends Omit<ReadPorts, 'client'> {
  readonly resume: () => Promise<Client>
  /** False when there is only time left to stop. */
  readonly mayGoOn: () => boolean
  /** True when the run reads no more: what is not read by then leaves the others the time to be loaded. */
  readonly isOver: () => boolean
}

/** `done: false`: the same step is to be called again, and goes on where this one stopped. */
export type ExtractStepResult =
  | (StepResult & { readonly done: true })
  | { readonly entity: string; readonly done: false; readonly verdict: null }

/** What is kept of an entity for which no server was spoken to. */
const UNASKED = { server: null, apiVersion: null, failure: null } as const

const done = (said: StepOutcome): ExtractStepResult => ({ ...resultOf(said), done: true })

/** An entity that the run took too long for. */
function overdue(entity: Entity): EntityOutcome {
  const { message, next } = new AlmanacError(
    'out-of-time',
    `The run reads for ${READING_MS / 3_600_000} hours, and ${entity.name} was not read in that time`,
  )
  return notRead(entity, `${message} (${next})`)
}

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
  const { store, resume, isOver } = ports
  const { site, run } = input
  const at = { entity: entity.name, site, dt, run }
  const keep = async (said: Parameters<typeof keepOutcome>[3]): Promise<ExtractStepResult> =>
    done(await keepOutcome(store, at, 'extracted', said))
  const kept = await readOutcome(store, at, 'extracted')
  if (kept !== undefined) return done(kept)
  // Whether a closed day counts, the load step says: an extractor may not read manifests.
  if (await isDayClosed(store, entity, site, dt))
    return keep({ ...UNASKED, outcome: committedBefore(entity) })
  if (isOver()) return keep({ ...UNASKED, outcome: overdue(entity) })
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
