import { constantSurplus, MAX_PASSES, type PassTally, passFault } from '../core/completeness.ts'
import type { ListRead } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import type { RawItem } from '../core/item.ts'
import { addCosts, type Cost, newTally } from '../tableau/calls.ts'
import type { Client } from '../tableau/client.ts'
import { readPass } from '../tableau/paging.ts'

/** A list as it is asked for: path and query may be narrowed from the declaration. */
export type ListRequest = Pick<ListRead, 'path' | 'list' | 'item' | 'query' | 'paging'>

/** Takes the rows of one pass; a pass that proves nothing is thrown away and another one begun. */
export interface PassSink {
  /** A page's items; answers how many of them were new and their keys, for the proof. */
  take(items: readonly RawItem[]): void
  /** Different keys taken so far. */
  unique(): number
  /** A text that is the same for the same set of keys. */
  fingerprint(): string
}

/** What reading a list to its proof took. */
export interface ListProof {
  readonly pass: PassTally
  readonly passes: number
  readonly pages: number
  /** Rows that came twice, over all passes. */
  readonly duplicates: number
  readonly surplus: number
  readonly observedFrom: number
  readonly observedTo: number
  readonly cost: Cost
}

/** What the reading of a list depends on besides the list. */
export interface ListOptions {
  readonly acceptSurplus: boolean
  readonly signal?: AbortSignal
  readonly onAgain: (pass: number, reason: string) => void
  readonly onPage: (received: number, total: number | null, pages: number) => void
  /** False when too little time is left for more. */
  readonly mayGoOn: () => boolean
}

/** The cost of nothing. */
export const NO_COST: Cost = newTally()

/** Throws `out-of-time` when more of a list is to come than there is time for. */
function holdToTime(path: string, options: ListOptions, received: number, total: number | null): void {
  if (total === null || received >= total || options.mayGoOn()) return
  throw new AlmanacError('out-of-time', `${path}: the time ran out after ${received} of ${total} rows`, {
    details: { expected: total, fetched: received },
  })
}

interface OnePass<S> {
  readonly tally: PassTally
  readonly oddTotal: number | null
  readonly sink: S
  readonly pages: number
  readonly observedFrom: number
  readonly observedTo: number
  readonly cost: Cost
}

async function onePass<S extends PassSink>(
  client: Client,
  request: ListRequest,
  sink: S,
  options: ListOptions,
): Promise<OnePass<S>> {
  let received = 0
  let pages = 0
  const pass = await readPass(
    client,
    request,
    (page) => {
      sink.take(page.items)
      received += page.items.length
      pages += 1
      const total = page.pagination?.totalAvailable ?? null
      options.onPage(received, total, pages)
      holdToTime(request.path, options, received, total)
    },
    options.signal,
  )
  const { firstTotal, lastTotal, oddTotal, observedFrom, observedTo, cost } = pass
  return {
    tally: { firstTotal, lastTotal, received: pass.received, unique: sink.unique() },
    oddTotal,
    sink,
    pages: pass.pages,
    observedFrom,
    observedTo,
    cost,
  }
}

/** A row that went and one that came while it was read cancel out in the totals of the first and the last page. */
function faultOf({ tally, oddTotal }: OnePass<PassSink>): string | null {
  const fault = passFault(tally)
  if (fault !== null || oddTotal === null) return fault
  return `Tableau announced ${tally.firstTotal} rows on the first and the last page and ${oddTotal} between them`
}

/**
 * Reads a list until a pass proves it whole: as many rows as all its pages announce, none twice. At most
 * three passes. Throws `incomplete` with what the last pass lacked, `out-of-time` when there is no time for a page or a
 * pass more; whatever reading itself throws passes through.
 */
export async function readComplete<S extends PassSink>(
  client: Client,
  request: ListRequest,
  newSink: () => S,
  options: ListOptions,
): Promise<{ proof: ListProof; sink: S }> {
  const done: OnePass<S>[] = []
  const proof = (pass: OnePass<S>, surplus: number): { proof: ListProof; sink: S } => ({
    sink: pass.sink,
    proof: {
      pass: pass.tally,
      passes: done.length,
      pages: pass.pages,
      duplicates: done.reduce((sum, each) => sum + each.tally.received - each.tally.unique, 0),
      surplus,
      observedFrom: pass.observedFrom,
      observedTo: pass.observedTo,
      cost: done.reduce((sum, each) => addCosts(sum, each.cost), NO_COST),
    },
  })
  for (;;) {
    const pass = await onePass(client, request, newSink(), options)
    done.push(pass)
    const fault = faultOf(pass)
    if (fault === null) return proof(pass, 0)
    if (done.length === MAX_PASSES) {
      const sameIds = new Set(done.map((each) => each.sink.fingerprint())).size === 1
      const surplus = constantSurplus(
        done.map((each) => each.tally),
        sameIds,
      )
      if (surplus !== undefined && options.acceptSurplus) return proof(pass, surplus)
      const hint =
        surplus === undefined ? '' : '; three times the same, so it may be accepted in the configuration'
      throw new AlmanacError('incomplete', `${request.path}: ${fault}, after ${MAX_PASSES} passes${hint}`, {
        details: { expected: pass.tally.lastTotal ?? 0, fetched: pass.tally.unique },
      })
    }
    if (!options.mayGoOn())
      throw new AlmanacError(
        'out-of-time',
        `${request.path}: ${fault}, and no time was left to read it again`,
      )
    options.onAgain(done.length + 1, fault)
  }
}
