/** What a column's values are, by its type. Timestamps are microseconds since 1970 UTC, dates whole days since 1970. */
interface ValueOf {
  text: string
  integer: bigint
  double: number
  boolean: boolean
  timestamp: bigint
  date: number
  list: readonly string[]
}

/** The column types. Lists hold texts; 64-bit integers and timestamps are exact, as bigint. */
export type ColumnType = keyof ValueOf

/** A cell: a value of any column type, or null. */
export type Cell = ValueOf[ColumnType] | null

/** A row of any entity: cells by column name. */
export type Row = Readonly<Record<string, Cell>>

/** What a column is, as data. */
export interface ColumnSpec {
  readonly type: ColumnType
  /** Where its value stands in an item's XML: `@name`, `owner/@id`, `tags/tag/@label`; undefined when computed by us. */
  readonly from: string | undefined
  readonly doc: string
  /** Its absence stops the entity. */
  readonly isRequired: boolean
  /** Lives in snapshots only and makes no history. */
  readonly isVolatile: boolean
  /** A person's name, e-mail address or login. */
  readonly isPersonal: boolean
  /** The REST API version that brought it; on older servers it is missing by schema, which is not null. */
  readonly since: string | undefined
  /** Sent only with `fields=_all_`; missing by schema when a server refuses that. */
  readonly isExtended: boolean
}

/** A column under construction: its facts, and the marks that can be put on it. `T` and `R` carry its type into rows. */
export interface Column<T extends ColumnType = ColumnType, R extends boolean = boolean> extends ColumnSpec {
  readonly type: T
  readonly isRequired: R
  required(): Column<T, true>
  volatile(): Column<T, R>
  personal(): Column<T, R>
  extended(): Column<T, R>
  introducedIn(version: string): Column<T, R>
}

/** Columns by name, in the order they are stored. */
export type Columns = Readonly<Record<string, Column>>

/** The row type that follows from columns: required ones are never null. */
export type RowOf<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends Column<infer T, infer R>
    ? [R] extends [true]
      ? ValueOf[T]
      : ValueOf[T] | null
    : never
}

/** The names of the columns that are never null: those a key may be made of. */
export type RequiredName<C extends Columns> = {
  [K in keyof C & string]: C[K] extends Column<ColumnType, true> ? K : never
}[keyof C & string]

type Spec<T extends ColumnType, R extends boolean> = ColumnSpec & { readonly type: T; readonly isRequired: R }

function column<T extends ColumnType, R extends boolean>(spec: Spec<T, R>): Column<T, R> {
  return {
    ...spec,
    required: () => column({ ...spec, isRequired: true as const }),
    volatile: () => column({ ...spec, isVolatile: true }),
    personal: () => column({ ...spec, isPersonal: true }),
    extended: () => column({ ...spec, isExtended: true }),
    introducedIn: (since) => column({ ...spec, since }),
  }
}

const plain = <T extends ColumnType>(type: T, from: string | undefined, doc: string): Column<T, false> =>
  column({
    type,
    from,
    doc,
    isRequired: false,
    isVolatile: false,
    isPersonal: false,
    since: undefined,
    isExtended: false,
  })

/** A text, kept exactly as sent: open enumerations stay texts. */
export const text = (from: string, doc: string): Column<'text', false> => plain('text', from, doc)

/** A 64-bit whole number, exact. */
export const integer = (from: string, doc: string): Column<'integer', false> => plain('integer', from, doc)

/** A floating-point number. */
export const double = (from: string, doc: string): Column<'double', false> => plain('double', from, doc)

/** The words true or false, in any case; anything else is an error. */
export const boolean = (from: string, doc: string): Column<'boolean', false> => plain('boolean', from, doc)

/** An instant, UTC, in microseconds. An absent or empty attribute is null. */
export const timestamp = (from: string, doc: string): Column<'timestamp', false> =>
  plain('timestamp', from, doc)

/** A calendar day. */
export const date = (from: string, doc: string): Column<'date', false> => plain('date', from, doc)

/** All values of a repeated path, sorted, since their order means nothing; null when the enclosing element is absent. */
export const listOf = (from: string, doc: string): Column<'list', false> => plain('list', from, doc)

/** A column that we compute ourselves, from the entity's other columns. */
export const computed = <T extends ColumnType>(type: T, doc: string): Column<T, false> =>
  plain(type, undefined, doc)
