import type { Row } from '../core/column.ts'
import type { Entity, ListRead, SingleRead } from '../core/entity.ts'
import { AlmanacError, isError } from '../core/errors.ts'
import { type Drift, keyOf } from '../core/row.ts'
import { candidateColumns, shapeOf } from '../core/shape.ts'
import { type ListRequest, readComplete } from './list.ts'
import type { ReadContext, Reading } from './reading.ts'
import { partSink, rowSink } from './sink.ts'

const NO_EVENT = { parents: null, parentsSurplus: 0, window: null, unfinished: [], stop: null } as const

/** Reads the one item of a `single` entity. */
export async function readSingle(
  { client, entity, options }: ReadContext,
  read: SingleRead,
): Promise<Reading> {
  const drift: Drift = new Map()
  const sink = partSink(candidateColumns(shapeOf(entity)))
  const { item, observedAt, cost } = await client.item(read, options.signal)
  if (read.path === '' && (item['@id'] ?? client.site.id) !== client.site.id)
    throw new AlmanacError('malformed-response', `site ${client.site.id} was asked for, another one came`)
  rowSink(entity, drift, sink.add).take([item])
  options.onPage(1, 1, 1)
  return {
    ...NO_EVENT,
    parts: sink.finish(),
    rows: 1,
    firstTotal: null,
    lastTotal: null,
    pages: 1,
    passes: 1,
    duplicates: 0,
    surplus: 0,
    observedFrom: observedAt,
    observedTo: observedAt,
    drift,
    cost,
    withheld: [],
  }
}

/** The columns that come only with `fields=_all_`. */
const extendedColumns = (entity: Entity): string[] =>
  Object.entries(entity.columns)
    .filter(([, column]) => column.isExtended)
    .map(([name]) => name)

/**
 * Runs a reading with the declared query; when a server refuses `fields=_all_` (seen for views and projects,
 * tableau-api-lib issue 91), once more with the default fields: the extended columns are then withheld, not null.
 */
export async function withFieldsFallback<T>(
  { entity }: ReadContext,
  request: ListRequest,
  read: (request: ListRequest) => Promise<T>,
): Promise<{ result: T; withheld: readonly string[] }> {
  try {
    return { result: await read(request), withheld: [] }
  } catch (error) {
    const refused =
      isError(error, 'tableau-error') &&
      /^400/.test(error.tableauCode ?? '') &&
      request.query['fields'] === '_all_'
    if (!refused) throw error
    const { fields: _, ...query } = request.query
    return { result: await read({ ...request, query }), withheld: extendedColumns(entity) }
  }
}

/** What a list reading adds to its items. */
interface Additions {
  /** Rows that are no items of the list. */
  readonly extra: readonly Row[]
  /** Sees the rows of the pass that counted. */
  readonly note: (rows: readonly Row[]) => void
}

/** Reads a `list` entity to its proof. `query` adds to the declared one: an event's window. */
async function readRows(
  context: ReadContext,
  read: ListRead,
  query: Readonly<Record<string, string>>,
  add?: Additions,
): Promise<Reading> {
  const { client, entity, options } = context
  const columns = candidateColumns(shapeOf(entity))
  const isHeld = entity.complete !== undefined || add !== undefined
  const newSink = () => {
    const drift: Drift = new Map()
    const parts = partSink(columns)
    const held: Row[] = []
    return {
      ...rowSink(entity, drift, isHeld ? (rows) => void held.push(...rows) : parts.add),
      drift,
      parts,
      held,
    }
  }
  const request = { ...read, query: { ...read.query, ...query } }
  const { result, withheld } = await withFieldsFallback(context, request, (asked) =>
    readComplete(client, asked, newSink, options),
  )
  const { proof, sink } = result
  const extra = withoutDoubles(entity, sink.held, add?.extra ?? [])
  add?.note([...sink.held, ...extra])
  // Computed columns need all rows: a project's path is made of its ancestors'.
  if (isHeld) sink.parts.add([...(entity.complete?.(sink.held as never) ?? sink.held), ...extra])
  const { pass, surplus, observedFrom, observedTo, cost, pages, passes, duplicates } = proof
  return {
    ...NO_EVENT,
    parts: sink.parts.finish(),
    rows: pass.unique + extra.length,
    firstTotal: pass.firstTotal,
    lastTotal: pass.lastTotal,
    pages,
    passes,
    duplicates,
    surplus,
    observedFrom,
    observedTo,
    drift: sink.drift,
    cost,
    withheld,
  }
}

/** The extra rows whose key the list did not bring. */
function withoutDoubles(entity: Entity, rows: readonly Row[], extra: readonly Row[]): readonly Row[] {
  if (extra.length === 0) return extra
  const there = new Set(rows.map((row) => keyOf(entity, row)))
  return extra.filter((row) => !there.has(keyOf(entity, row)))
}

/** Reads a `list` entity to its proof. */
export const readList = (context: ReadContext, read: ListRead): Promise<Reading> =>
  readRows(context, read, {})

/** Reads the events of a window to their proof, together with rows that were asked for one by one. */
export const readEventList = (
  context: ReadContext,
  read: ListRead,
  query: Readonly<Record<string, string>>,
  extra: readonly Row[],
  note: (rows: readonly Row[]) => void,
): Promise<Reading> => readRows(context, read, query, { extra, note })
