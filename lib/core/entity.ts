import { type Column, type Columns, type RequiredName, type Row, type RowOf, text } from './column.ts'
import type { RawItem } from './item.ts'

/** A page-by-page list of all items of a site. */
export interface ListRead {
  readonly shape: 'list'
  /** Below `/sites/{site}/`. */
  readonly path: string
  /** The XML element that holds the items, and the items' own. */
  readonly list: string
  readonly item: string
  /** The REST API version that introduced the method. */
  readonly since: string
  readonly query: Readonly<Record<string, string>>
  /** `numbered` pages announce `totalAvailable`; `none` answers everything at once without announcing it. */
  readonly paging: 'numbered' | 'none'
}

/** A single item: the site itself. */
export interface SingleRead {
  readonly shape: 'single'
  readonly path: string
  readonly item: string
  readonly since: string
  readonly query: Readonly<Record<string, string>>
}

/** A list below each item of a parent list: the members of each group. */
export interface ChildrenRead extends Omit<ListRead, 'shape'> {
  readonly shape: 'children'
  /** How the parents are listed; their `@id` replaces `{parent}` in `path`. */
  readonly parent: ListRead
  /** The column that holds the parent's LUID; part of the key. */
  readonly parentColumn: string
}

/** How an entity is read from Tableau. */
export type Read = ListRead | SingleRead | ChildrenRead

/** What makes an entity one of events: things that happened, asked for by window and settled later. */
export interface EventFacts {
  /** The immutable field that windows filter on, as the REST API names it, and its column. */
  readonly windowField: string
  readonly createdColumn: string
  /** Null in this column means that the event has not ended yet. */
  readonly endedColumn: string
  /** How one event is asked for by its id, when it stayed unfinished too long. */
  readonly byId: {
    readonly path: string
    readonly item: string
    readonly since: string
    /** Tableau's error code for one that it does not know any more. */
    readonly gone: string
  }
  /** Where the columns stand in that answer, when it is shaped differently from the list. */
  readonly byIdFrom: Readonly<Record<string, string>>
  /** Completes a row that was read by id from what only that answer says. */
  settle(row: Row, item: RawItem): Row
  /** The cells of an event that Tableau forgot before it was seen to end. */
  readonly lost: Row
}

/** One table of facts about a site, as declared. Everything else about it is derived from this value. */
export interface Entity<C extends Columns = Columns> {
  readonly name: string
  readonly doc: string
  /** `state`: a full list each night, keyed, gets history. `event`: things that happened. */
  readonly kind: 'state' | 'event'
  readonly read: Read
  readonly key: readonly (keyof C & string)[]
  readonly columns: C
  /** Paths that are known and deliberately not kept, mostly names that another entity holds. */
  readonly drop: readonly string[]
  /** The least site role that sees all of it. */
  readonly role: string
  /** What a lesser site role gets: a refusal, or silently a part of the list. */
  readonly belowRole: 'forbidden' | 'narrowed'
  /** The access scope that a connected app needs to read it. */
  readonly scope: string
  /** Tableau's reference page of the method. */
  readonly help: string
  readonly event: EventFacts | undefined
  /** Fills the computed columns once all rows are known. */
  readonly complete: ((rows: readonly RowOf<C>[]) => readonly RowOf<C>[]) | undefined
}

/** What `entity` takes: the key may name required columns alone, since a key is never null. */
export interface EntityDeclaration<C extends Columns> {
  readonly name: string
  readonly doc: string
  readonly kind: 'state' | 'event'
  readonly read: Read
  readonly key: readonly RequiredName<C>[]
  readonly columns: C
  readonly drop?: readonly string[]
  readonly role: string
  readonly belowRole: 'forbidden' | 'narrowed'
  readonly scope: string
  readonly help: string
  readonly event?: EventFacts
  readonly complete?: (rows: readonly RowOf<C>[]) => readonly RowOf<C>[]
}

const RAW_EXTRA = text(
  '',
  'Attributes that Tableau sent and no column names, as JSON with sorted keys',
).volatile()

type WithRawExtra<C extends Columns> = C & { readonly raw_extra: Column<'text', false> }

/** Declares an entity. `raw_extra` is added to its columns. */
export function entity<const C extends Columns>(declaration: EntityDeclaration<C>): Entity<WithRawExtra<C>> {
  const { drop = [], event, complete } = declaration
  // Where people are kept, what Tableau adds tomorrow may be about people too.
  const isPersonal = Object.values(declaration.columns).some((column) => column.isPersonal)
  const columns = { ...declaration.columns, raw_extra: { ...RAW_EXTRA, from: undefined, isPersonal } }
  return {
    ...declaration,
    columns,
    drop,
    event,
    complete: complete as Entity<WithRawExtra<C>>['complete'],
  }
}

/** A list read; paged by number unless said otherwise. `sort` is sent with each page, so that pages agree with one another. */
export function list(
  path: string,
  facts: {
    list?: string
    item: string
    since: string
    sort?: string
    query?: Record<string, string>
    paging?: 'numbered' | 'none'
  },
): ListRead {
  const sort: Record<string, string> = facts.sort === undefined ? {} : { sort: facts.sort }
  return {
    shape: 'list',
    path,
    list: facts.list ?? path,
    item: facts.item,
    since: facts.since,
    query: { ...facts.query, ...sort },
    paging: facts.paging ?? 'numbered',
  }
}

/** A read of one item. */
export const single = (
  path: string,
  facts: { item: string; since: string; query?: Record<string, string> },
): SingleRead => ({
  shape: 'single',
  path,
  item: facts.item,
  since: facts.since,
  query: facts.query ?? {},
})

/** A list below each parent; `{parent}` in the path stands for the parent's LUID. */
export const children = (parent: ListRead, parentColumn: string, below: ListRead): ChildrenRead => ({
  ...below,
  shape: 'children',
  parent,
  parentColumn,
})

/** The columns that make history, in order: neither volatile nor part of the key. */
export const trackedColumns = (of: Entity): readonly string[] =>
  Object.entries(of.columns)
    .filter(([name, column]) => !column.isVolatile && !of.key.includes(name))
    .map(([name]) => name)
