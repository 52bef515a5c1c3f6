import type { Row } from '../core/column.ts'
import type { ChildrenRead } from '../core/entity.ts'
import { AlmanacError, isError } from '../core/errors.ts'
import type { RawItem } from '../core/item.ts'
import { redacted } from '../core/redact.ts'
import type { Drift } from '../core/row.ts'
import { candidateColumns, PARENT_VERDICT, type ParentVerdict, shapeOf } from '../core/shape.ts'
import { addCosts, type Cost } from '../tableau/calls.ts'
import { isSegment } from '../tableau/transport.ts'
import { type ListProof, type ListRequest, NO_COST, type PassSink, readComplete } from './list.ts'
import type { ReadContext, Reading } from './reading.ts'
import { partSink, rowSink } from './sink.ts'

/** Collects the LUIDs of a list's items. */
function idSink(what: string): PassSink & { readonly ids: ReadonlySet<string> } {
  const ids = new Set<string>()
  return {
    ids,
    unique: () => ids.size,
    fingerprint: () => [...ids].sort().join(),
    take: (items: readonly RawItem[]) => {
      for (const item of items) {
        const id = item['@id']
        if (typeof id !== 'string' || id === '')
          throw new AlmanacError('bad-row', `${what}: an item without an id`)
        if (!isSegment(id))
          throw new AlmanacError('bad-row', `${what}: the id "${redacted(id)}" can stand in no path`)
        ids.add(id)
      }
    },
  }
}

/** The complete set of parents, by a list call of our own: the entity needs no other one to be understood. */
async function readParents(
  { client, options }: ReadContext,
  read: ChildrenRead,
): Promise<{ ids: ReadonlySet<string>; proof: ListProof }> {
  const quiet = { ...options, onPage: () => undefined }
  const { proof, sink } = await readComplete(client, read.parent, () => idSink(read.parent.path), quiet)
  return { ids: sink.ids, proof }
}

interface ParentReading {
  readonly verdict: ParentVerdict
  readonly rows: readonly Row[]
  readonly proof: ListProof | null
}

/** Reads one parent's children to their proof. A 404 is settled later, by a second look at the list of parents. */
async function readParent(
  context: ReadContext,
  read: ChildrenRead,
  parent: string,
  drift: Drift,
): Promise<ParentReading> {
  const request: ListRequest = { ...read, path: read.path.replace('{parent}', parent) }
  const quiet = { ...context.options, onPage: () => undefined }
  const newSink = () => {
    const rows: Row[] = []
    const seen: Drift = new Map()
    return { ...rowSink(context.entity, seen, (fresh) => void rows.push(...fresh), parent), rows, seen }
  }
  try {
    const { proof, sink } = await readComplete(context.client, request, newSink, quiet)
    for (const [path, count] of sink.seen) drift.set(path, (drift.get(path) ?? 0) + count)
    return { verdict: 'read', rows: sink.rows, proof }
  } catch (error) {
    if (isError(error, 'forbidden')) return { verdict: 'forbidden', rows: [], proof: null }
    if (isError(error, 'tableau-error') && error.tableauCode?.startsWith('404'))
      return { verdict: 'vanished', rows: [], proof: null }
    throw error
  }
}

/** Throws `incomplete` when a parent that answered 404 is still in the list of parents: it is there, and was not read. */
async function settleVanished(
  context: ReadContext,
  read: ChildrenRead,
  vanished: readonly string[],
): Promise<Cost> {
  if (vanished.length === 0) return NO_COST
  const { ids, proof } = await readParents(context, read)
  const there = vanished.filter((parent) => ids.has(parent))
  if (there.length > 0) {
    throw new AlmanacError('incomplete', `${read.path}: ${there.join(', ')} answered 404 and is still listed`)
  }
  return proof.cost
}

const parentRow = (read: ChildrenRead, parent: string, verdict: ParentVerdict): Row => ({
  [read.parentColumn]: parent,
  [PARENT_VERDICT]: verdict,
})

/** Reads a per-parent entity: all parents, then the children of each. Every parent becomes a row of its own, with its verdict. */
export async function readChildren(context: ReadContext, read: ChildrenRead): Promise<Reading> {
  const { entity, options } = context
  const drift: Drift = new Map()
  const sink = partSink(candidateColumns(shapeOf(entity)))
  const parents = await readParents(context, read)
  const readings = new Map<string, ParentReading>()
  let rows = 0
  await Promise.all(
    [...parents.ids].map(async (parent) => {
      const reading = await readParent(context, read, parent, drift)
      readings.set(parent, reading)
      rows += reading.rows.length
      options.onPage(rows, null, readings.size)
    }),
  )
  const counts: Record<ParentVerdict, number> = { read: 0, not_read: 0, forbidden: 0, vanished: 0 }
  for (const [parent, { verdict, rows: children }] of readings) {
    counts[verdict]++
    sink.add([parentRow(read, parent, verdict), ...children])
  }
  const vanished = [...readings].filter(([, { verdict }]) => verdict === 'vanished').map(([parent]) => parent)
  const proofs = [...readings.values()].flatMap(({ proof }) => proof ?? [])
  const all = [parents.proof, ...proofs]
  return {
    parts: sink.finish(),
    rows,
    firstTotal: proofs.reduce((sum, { pass }) => sum + (pass.firstTotal ?? 0), 0),
    lastTotal: proofs.reduce((sum, { pass }) => sum + (pass.lastTotal ?? 0), 0),
    pages: all.reduce((sum, { pages }) => sum + pages, 0),
    passes: Math.max(...all.map(({ passes }) => passes)),
    duplicates: all.reduce((sum, { duplicates }) => sum + duplicates, 0),
    surplus: all.reduce((sum, { surplus }) => sum + surplus, 0),
    observedFrom: parents.proof.observedFrom,
    observedTo: Math.max(...all.map(({ observedTo }) => observedTo)),
    drift,
    cost: all.reduce((sum, { cost }) => addCosts(sum, cost), await settleVanished(context, read, vanished)),
    parents: counts,
    window: null,
    unfinished: [],
    withheld: [],
  }
}
