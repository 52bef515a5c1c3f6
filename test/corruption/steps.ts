import { keys, parseKey } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { Receipt } from '../../lib/core/receipt.ts'
import { newestCheckpoint, writeCheckpoint } from '../../lib/extract/checkpoint.ts'
import { keepOutcome, readOutcome } from '../../lib/steps/outcome.ts'

const COST = { calls: 1, retries: 0, renewals: 0 }

/** Keeps how far a reading had come that went on afterwards, as an extractor does that is out of time. */
export async function keepCheckpoint(store: ObjectStore, receipt: Receipt): Promise<void> {
  const { entity, site, dt, run, shard, attempt, columns, missing, parts, observedFrom, observedTo } = receipt
  const { rows, pages, passes, duplicates, surplus } = receipt
  await writeCheckpoint(store, receipt, {
    ...{ format: 1, entity, site, dt, run, shard, number: 1, attempt, columns, missing, parts },
    settled: { read: ['g10', 'g11'], forbidden: [], vanished: [] },
    sums: {
      ...{ rows, firstTotal: rows, lastTotal: rows, pages, passes, duplicates, surplus, observedTo },
      cost: { ...COST, bytes: 1_000 },
    },
    ...{ drift: {}, observedFrom },
  })
}

/** Keeps what the two steps of a run came to, for the steps after them. */
export async function keepOutcomes(
  store: ObjectStore,
  { entity, site, dt, run, rows }: Receipt,
): Promise<void> {
  const outcome = {
    ...{ entity, verdict: 'complete' as const, expected: rows, fetched: rows, duplicates: 0 },
    ...{ new: null, changed: null, gone: null, calls: 1, retries: 0, milliseconds: 1 },
    ...{ candidate: null, already: false, reason: null },
  }
  const said = { outcome, server: 'https://tableau.example', apiVersion: '3.29', failure: null }
  for (const step of ['extracted', 'loaded'] as const)
    await keepOutcome(store, { entity, site, dt, run }, step, said)
}

/** What an object of a run's steps is read by, as the step after it reads it. Throws `corrupt-object`. */
export function readStep(store: ObjectStore, key: string): Promise<unknown> {
  const { entity = '', site = '', dt = '', run = '', shard = '' } = parseKey(key)?.labels ?? {}
  const at = { entity, site, dt, run, shard }
  if (key.startsWith(keys.landing(at)) && key.includes('/checkpoint-')) return newestCheckpoint(store, at)
  return readOutcome(store, at, key.endsWith('/loaded.json') ? 'loaded' : 'extracted')
}
