import type { ChildrenRead } from '../core/entity.ts'
import { AlmanacError, isError } from '../core/errors.ts'
import type { RawItem } from '../core/item.ts'
import { redacted } from '../core/redact.ts'
import type { Cost } from '../tableau/calls.ts'
import { isSegment } from '../tableau/transport.ts'
import { type ListProof, NO_COST, type PassSink, readComplete } from './list.ts'
import type { ReadContext } from './reading.ts'

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

/** The complete set of parents, by a list call of our own: the entity needs no other one to be understood. Throws `bad-row`. */
export async function readParents(
  { client, options }: ReadContext,
  read: ChildrenRead,
): Promise<{ ids: ReadonlySet<string>; proof: ListProof }> {
  const quiet = { ...options, onPage: () => undefined }
  const { proof, sink } = await readComplete(client, read.parent, () => idSink(read.parent.path), quiet)
  return { ids: sink.ids, proof }
}

/**
 * Looks a second time whether parents that answered 404 are gone from the list. What that costs; null when there was no
 * time for it. Throws `incomplete` when one is still there: it is there, and was not read.
 */
export async function settleVanished(
  context: ReadContext,
  read: ChildrenRead,
  vanished: readonly string[],
): Promise<Cost | null> {
  if (vanished.length === 0) return NO_COST
  const second = await readParents(context, read).catch((thrown: unknown) => {
    if (isError(thrown, 'out-of-time')) return null
    throw thrown
  })
  if (second === null) return null
  const there = vanished.filter((parent) => second.ids.has(parent))
  if (there.length > 0) {
    throw new AlmanacError('incomplete', `${read.path}: ${there.join(', ')} answered 404 and is still listed`)
  }
  return second.proof.cost
}
