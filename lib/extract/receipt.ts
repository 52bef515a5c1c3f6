import type { Checkpoint } from '../core/checkpoint.ts'
import type { Entity } from '../core/entity.ts'
import type { Receipt } from '../core/receipt.ts'
import { seesAll } from '../core/role.ts'
import { candidateColumns, shapeOf } from '../core/shape.ts'
import { compareVersions } from '../core/version.ts'
import type { Client } from '../tableau/client.ts'
import type { ExtractInput } from './input.ts'
import type { Ground, Reading } from './reading.ts'

/** On one machine an entity is one shard; keys leave room for more. */
export const SHARD = '0'

/** Columns that this server's version does not have, or that it withheld. */
function missingColumns(entity: Entity, apiVersion: string, withheld: readonly string[]): string[] {
  const tooNew = Object.entries(entity.columns)
    .filter(([, { since }]) => since !== undefined && compareVersions(apiVersion, since) < 0)
    .map(([name]) => name)
  return [...new Set([...tooNew, ...withheld])].sort()
}

/** What all invocations of a run have landed, and the columns that are unknown in some of it. */
export type Landed = Pick<Checkpoint, 'parts' | 'missing'>

/** What has landed once this reading has: also what the checkpoint before it names. */
export function landedOf(
  entity: Entity,
  { apiVersion }: Client,
  { withheld }: Reading,
  { landing, before }: Ground,
): Landed {
  const { parts = [], missing = [] } = before ?? {}
  return {
    parts: [...parts, ...landing.receipts()],
    missing: missingColumns(entity, apiVersion, [...missing, ...withheld]),
  }
}

/** The receipt of a whole reading. */
export function receiptOf(
  input: ExtractInput,
  client: Client,
  reading: Reading,
  { parts, missing }: Landed,
): Receipt {
  const { entity, site, dt, run, attempt, backdated } = input
  const { rows, firstTotal, lastTotal, pages, passes, duplicates, observedFrom, observedTo } = reading
  return {
    format: 1,
    entity: entity.name,
    site,
    dt,
    run,
    shard: SHARD,
    shards: 1,
    attempt,
    rows,
    firstTotal,
    lastTotal,
    pages,
    passes,
    duplicates,
    calls: reading.cost.calls,
    retries: reading.cost.retries,
    renewals: reading.cost.renewals,
    columns: candidateColumns(shapeOf(entity)),
    missing,
    drift: Object.fromEntries(reading.drift),
    observedFrom,
    observedTo,
    apiVersion: client.apiVersion,
    productVersion: client.productVersion,
    parts,
    parents: reading.parents,
    window: reading.window,
    unfinished: reading.unfinished,
    source: 'nightly',
    backdated,
    surplus: reading.surplus,
    parentsSurplus: reading.parentsSurplus,
    narrowedTo: isNarrowed(entity, client) ? client.user.siteRole : null,
  }
}

/**
 * Whether Tableau might silently show this user only a part of the list. Also where it is known to refuse: a server that
 * answers after all says nothing of how much it answers.
 */
export const isNarrowed = (entity: Entity, { user }: Client): boolean => !seesAll(user.siteRole, entity.role)
