import type { Checkpoint, SettledParents, Sums } from '../core/checkpoint.ts'
import type { Row } from '../core/column.ts'
import type { ChildrenRead } from '../core/entity.ts'
import { AlmanacError, isError } from '../core/errors.ts'
import type { Drift } from '../core/row.ts'
import { candidateColumns, PARENT_VERDICT, type ParentVerdict, shapeOf } from '../core/shape.ts'
import { addCosts } from '../tableau/calls.ts'
import { inTurn } from './in-turn.ts'
import type { Landing } from './landing.ts'
import { type ListProof, type ListRequest, NO_COST, readComplete } from './list.ts'
import { readParents, settleVanished } from './parents.ts'
import type { ReadContext, Reading } from './reading.ts'
import { type PartSink, partSink, rowSink } from './sink.ts'
import { NO_SUMS, withEffort, withList } from './sums.ts'

/** What a parent that was asked can answer. */
type AskedVerdict = keyof SettledParents

interface ParentReading {
  readonly verdict: AskedVerdict
  readonly rows: readonly Row[]
  readonly proof: ListProof | null
  /** What the server said when it refused the parent. */
  readonly refusal?: AlmanacError
}

/** Reads one parent's children to their proof. A 404 is settled later, by a second look at the list of parents. */
async function readParent(
  context: ReadContext,
  read: ChildrenRead,
  parent: string,
  drift: Drift,
  signal: AbortSignal,
): Promise<ParentReading> {
  const request: ListRequest = { ...read, path: read.path.replace('{parent}', parent) }
  const quiet = { ...context.options, onPage: () => undefined, signal }
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
    // Refused for another reason than a right to this parent, such as a token's scopes: then all are.
    if (isError(error, 'forbidden') && error.tableauCode?.startsWith('403') === true)
      return { verdict: 'forbidden', rows: [], proof: null, refusal: error }
    if (isError(error, 'tableau-error') && error.tableauCode?.startsWith('404'))
      return { verdict: 'vanished', rows: [], proof: null }
    throw error
  }
}

const parentRow = (read: ChildrenRead, parent: string, verdict: ParentVerdict): Row => ({
  [read.parentColumn]: parent,
  [PARENT_VERDICT]: verdict,
})

type Settled = Map<string, AskedVerdict>

const ofVerdict = (settled: Settled, wanted: AskedVerdict): string[] =>
  [...settled].filter(([, verdict]) => verdict === wanted).map(([parent]) => parent)

const settledParents = (settled: Settled): SettledParents => ({
  read: ofVerdict(settled, 'read'),
  forbidden: ofVerdict(settled, 'forbidden'),
  vanished: ofVerdict(settled, 'vanished'),
})

/**
 * What need not be asked for again: what was read and then left the list was there when this reading began. A parent that
 * answered 404 and is listed again is there, and has to be asked anew.
 */
function settledBefore(before: Checkpoint | null, listed: ReadonlySet<string>): Settled {
  const { read = [], forbidden = [], vanished = [] } = before?.settled ?? {}
  const gone = vanished.filter((parent) => !listed.has(parent))
  return new Map([
    ...read.map((parent) => [parent, 'read'] as const),
    ...forbidden.map((parent) => [parent, 'forbidden'] as const),
    ...gone.map((parent) => [parent, 'vanished'] as const),
  ])
}

/** Parents as they are settled, and what reading them came to. */
interface Progress {
  readonly settled: Settled
  readonly drift: Drift
  /** Rows that have not landed yet. */
  readonly sink: PartSink
  sums: Sums
  /** How many more parents this invocation settled. */
  news: number
  /** What the server said to the first parent that this invocation was refused. */
  refusal: AlmanacError | undefined
}

/** Reads parents until all are settled or the time is over. Their rows land as they fill parts, so that few are held. */
async function readPending(
  context: ReadContext,
  { read, landing, before }: Task,
  pending: readonly string[],
  progress: Progress,
): Promise<void> {
  const again = new Set(before?.settled.vanished)
  const { settled, drift, sink } = progress
  await inTurn(pending, context.options, async (parent, signal) => {
    const { verdict, rows, proof, refusal } = await readParent(context, read, parent, drift, signal)
    settled.set(parent, verdict)
    progress.refusal ??= refusal
    // Whether one has vanished is known at the end, and what has landed cannot be taken back.
    if (verdict !== 'vanished') sink.add([parentRow(read, parent, verdict), ...rows])
    if (verdict !== 'vanished' || !again.has(parent)) progress.news++
    if (proof !== null) progress.sums = withList(progress.sums, proof, rows.length)
    context.options.onPage(progress.sums.rows, null, settled.size)
    await landing.write(sink.full())
  })
}

const NOT_OURS = { window: null, unfinished: [], withheld: [] } as const

const countsOf = ({ read, forbidden, vanished }: SettledParents): Record<ParentVerdict, number> => ({
  read: read.length,
  not_read: 0,
  forbidden: forbidden.length,
  vanished: vanished.length,
})

/** Who may read no parent at all has read nothing: an empty reading would pass for one in which nothing changed. */
function refuseUnlessRead(
  { path }: ChildrenRead,
  by: SettledParents,
  refusal: AlmanacError | undefined,
): void {
  const refused = by.forbidden.length
  if (by.read.length > 0 || refused === 0) return
  const said = refusal === undefined ? '' : `; the first answer: ${refusal.message}`
  throw new AlmanacError('forbidden', `${path}: each of ${refused} parents is refused${said}`, {
    cause: refusal,
  })
}

/** Reading an entity parent by parent: where its parts land, and how far earlier invocations of the run came. */
export interface Task {
  readonly read: ChildrenRead
  readonly landing: Landing
  readonly before: Checkpoint | null
}

/**
 * Reads a per-parent entity: all parents, then the children of each that is not settled yet. Every parent becomes a row of
 * its own, with its verdict. When the time runs out between two parents, the reading says where it stopped; throws
 * `out-of-time` when it has come no further than the one before, `forbidden` when every parent that is there is refused.
 */
export async function readChildren(context: ReadContext, task: Task): Promise<Reading> {
  const { read, before } = task
  const parents = await readParents(context, read)
  const settled = settledBefore(before, parents.ids)
  const pending = [...parents.ids].filter((parent) => !settled.has(parent))
  const sink = partSink(candidateColumns(shapeOf(context.entity)))
  const drift: Drift = new Map(Object.entries(before?.drift ?? {}))
  const sums = withEffort(before?.sums ?? NO_SUMS, parents.proof)
  const progress: Progress = { settled, drift, sink, sums, news: 0, refusal: undefined }
  await readPending(context, task, pending, progress)
  const left = pending.filter((parent) => !settled.has(parent)).length
  const vanished = pending.filter((parent) => settled.get(parent) === 'vanished')
  const settling = left > 0 ? null : await settleVanished(context, read, vanished)
  if (settling === null && progress.news === 0)
    throw new AlmanacError('out-of-time', `${read.path}: the time ran out before one more parent was read`)
  const by = settledParents(settled)
  if (settling !== null) refuseUnlessRead(read, by, progress.refusal)
  if (settling !== null) sink.add(by.vanished.map((parent) => parentRow(read, parent, 'vanished')))
  return {
    ...NOT_OURS,
    ...progress.sums,
    parts: sink.finish(),
    parentsSurplus: parents.proof.surplus,
    observedFrom: before?.observedFrom ?? parents.proof.observedFrom,
    drift,
    cost: addCosts(progress.sums.cost, settling ?? NO_COST),
    parents: countsOf(by),
    stop: settling === null ? { settled: by, sums: progress.sums, pending: left } : null,
  }
}
