import type { Row } from '../../lib/core/column.ts'
import type { Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { jsonBytes, type Receipt } from '../../lib/core/receipt.ts'
import { sha256 } from '../../lib/core/sha256.ts'
import { candidateColumns, shapeOf } from '../../lib/core/shape.ts'
import { partSink } from '../../lib/extract/sink.ts'

/** What a test says of a landing beyond its rows. */
export interface LandingFacts {
  readonly run?: string
  readonly site?: string
  readonly missing?: readonly string[]
  /** Rows that count as facts; parents of a per-parent entity do not. */
  readonly facts?: number
  readonly observedFrom?: number
  readonly source?: Receipt['source']
}

const hex = (text: string): string => sha256(text).slice(0, 8)

/** Lands rows as an extractor would have: parts first, then the receipt. */
export async function land(
  store: ObjectStore,
  entity: Entity,
  dt: Day,
  rows: readonly Row[],
  facts: LandingFacts = {},
): Promise<Receipt> {
  const run = facts.run ?? `run-${dt}`
  const { site = 'test' } = facts
  const at = { entity: entity.name, site, dt, run, shard: '0' }
  const sink = partSink(candidateColumns(shapeOf(entity)))
  sink.add(rows)
  const parts = []
  for (const [number, part] of sink.finish().entries()) {
    const key = keys.part(at, hex(run), number)
    await store.write(key, part.bytes, 'absent')
    parts.push({ key, sha256: sha256(part.bytes), rows: part.rows, bytes: part.bytes.byteLength })
  }
  const observedFrom = facts.observedFrom ?? Date.parse(`${dt}T03:00:00Z`)
  const receipt: Receipt = {
    format: 1,
    entity: entity.name,
    site,
    dt,
    run,
    shard: '0',
    shards: 1,
    attempt: hex(run),
    rows: facts.facts ?? rows.length,
    firstTotal: facts.facts ?? rows.length,
    lastTotal: facts.facts ?? rows.length,
    pages: 1,
    passes: 1,
    duplicates: 0,
    calls: 1,
    retries: 0,
    renewals: 0,
    columns: candidateColumns(shapeOf(entity)),
    missing: facts.missing ?? [],
    drift: {},
    observedFrom,
    observedTo: observedFrom + 60_000,
    apiVersion: '3.29',
    productVersion: 'test',
    parts,
    parents: null,
    window: null,
    unfinished: [],
    source: facts.source ?? 'nightly',
    backdated: null,
    surplus: 0,
    parentsSurplus: 0,
    narrowedTo: null,
  }
  await store.write(keys.receipt(at), jsonBytes(receipt), 'absent')
  return receipt
}
