import type { Row } from '../lib/core/column.ts'
import type { Day } from '../lib/core/day.ts'
import type { Entity } from '../lib/core/entity.ts'
import { keys } from '../lib/core/keys.ts'
import type { ObjectStore } from '../lib/core/ports.ts'
import { jsonBytes, type PartReceipt, type Receipt } from '../lib/core/receipt.ts'
import { sha256 } from '../lib/core/sha256.ts'
import { candidateColumns, shapeOf } from '../lib/core/shape.ts'
import { type FinishedPart, partSink } from '../lib/extract/sink.ts'

/** The slug of every benchmark's site. */
export const BENCH_SITE = 'bench'

/** The receipt of a whole reading of these parts. */
export function receiptFor(entity: Entity, dt: Day, parts: readonly PartReceipt[]): Receipt {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const observedFrom = Date.parse(`${dt}T03:00:00Z`)
  return {
    format: 1,
    entity: entity.name,
    site: BENCH_SITE,
    dt,
    run: `run-${dt}`,
    shard: '0',
    shards: 1,
    attempt: sha256(dt).slice(0, 8),
    rows,
    firstTotal: rows,
    lastTotal: rows,
    pages: Math.ceil(rows / 1000),
    passes: 1,
    duplicates: 0,
    calls: Math.ceil(rows / 1000),
    retries: 0,
    renewals: 0,
    columns: candidateColumns(shapeOf(entity)),
    missing: [],
    drift: {},
    observedFrom,
    observedTo: observedFrom + 60_000,
    apiVersion: '3.29',
    productVersion: 'bench',
    parts,
    parents: null,
    window: null,
    unfinished: [],
    source: 'nightly',
    backdated: null,
    surplus: 0,
    parentsSurplus: 0,
    narrowedTo: null,
  }
}

/** Lands finished parts as an extractor does: the parts, then the receipt. */
export async function landParts(
  store: ObjectStore,
  entity: Entity,
  dt: Day,
  finished: readonly FinishedPart[],
): Promise<void> {
  const at = { entity: entity.name, site: BENCH_SITE, dt, run: `run-${dt}`, shard: '0' }
  const parts: PartReceipt[] = []
  for (const [number, { bytes, rows }] of finished.entries()) {
    const key = keys.part(at, sha256(dt).slice(0, 8), number)
    await store.write(key, bytes, 'absent')
    parts.push({ key, sha256: sha256(bytes), rows, bytes: bytes.byteLength })
  }
  await store.write(keys.receipt(at), jsonBytes(receiptFor(entity, dt, parts)), 'absent')
}

/** Lands rows through the extractor's own sink. */
export async function landRows(
  store: ObjectStore,
  entity: Entity,
  dt: Day,
  rows: readonly Row[],
): Promise<void> {
  const sink = partSink(candidateColumns(shapeOf(entity)))
  for (let from = 0; from < rows.length; from += 1000) sink.add(rows.slice(from, from + 1000))
  await landParts(store, entity, dt, sink.finish())
}
