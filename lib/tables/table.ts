import type { ColumnType } from '../core/column.ts'
import type { Entity } from '../core/entity.ts'
import {
  COVERAGE_COLUMNS,
  currentColumns,
  eventColumns,
  historyColumns,
  snapshotColumns,
} from '../core/published.ts'
import type { StoredColumn } from '../core/receipt.ts'
import { shapeOf } from '../core/shape.ts'

/** A column of a published table, as the data dictionary shows it. */
export interface TableColumn {
  readonly name: string
  readonly type: ColumnType
  readonly doc: string
  readonly isPersonal: boolean
}

/** A table as analysts see it: one prefix of published Parquet, read by name. */
export interface Table {
  readonly name: string
  readonly doc: string
  /** The area of the warehouse, and the entity below it; undefined for all entities. */
  readonly area: 'snapshot' | 'coverage' | 'current' | 'history' | 'event'
  readonly entity: string | undefined
  /** Columns in the files. */
  readonly columns: readonly TableColumn[]
  /** Columns in the path, before those of the files. */
  readonly partitions: readonly TableColumn[]
}

const DOCS: Readonly<Record<string, string>> = {
  as_of: 'The day this row is of: the site’s last complete day',
  observed_on: 'The day on which the parent of this row was last read completely',
  observed_at: 'When the event was last read',
  valid_from: 'First day on which the row was so',
  valid_to: 'First day on which it was so no longer; null while it is. The interval is half-open',
  cause: 'Why the version begins: new, changed, returned (it had been gone), schema (a column became known)',
  changed_after:
    'The reading before; for a change the last one that knew the column, of several columns the earliest: it happened after this day and not later than valid_from; null where there was none',
  gone_after: 'Last day on which a row that disappeared was seen; null when the row merely changed',
  unknown: 'Columns that this version does not know, because they were not sent; null when all are known',
  parent_id: 'LUID of the parent',
  verdict: 'What became of the parent in this day’s reading: read, not_read or forbidden',
}

/** The same name as in a history, which keeps what was known before. */
const UNKNOWN_NOW =
  'Columns that the reading of this row does not know, because they were not sent: they are null here, and the history has what was last known. Null when it knows all'

const partition = (name: string, type: ColumnType, doc: string): TableColumn => ({
  name,
  type,
  doc,
  isPersonal: false,
})
const SITE = partition('site', 'text', 'Slug of the site')
const DT = partition('dt', 'date', 'The day of the snapshot')

function described(
  entity: Entity | undefined,
  columns: readonly StoredColumn[],
  docs: Readonly<Record<string, string>> = DOCS,
): readonly TableColumn[] {
  return columns.map(({ name, type }) => {
    const declared = entity?.columns[name]
    return { name, type, doc: declared?.doc ?? docs[name] ?? '', isPersonal: declared?.isPersonal ?? false }
  })
}

/** The tables of a state entity: its last complete day, its history, every day. */
function stateTables(entity: Entity): readonly Table[] {
  const shape = shapeOf(entity)
  const { name, doc } = entity
  const base = { entity: name, partitions: [SITE] }
  return [
    {
      ...base,
      name,
      doc,
      area: 'current',
      columns: described(entity, currentColumns(shape), { ...DOCS, unknown: UNKNOWN_NOW }),
    },
    {
      ...base,
      name: `${name}_history`,
      doc: `Every version of every row of ${name}, with the days it was valid. Volatile columns are in the snapshots only.`,
      area: 'history',
      columns: described(entity, historyColumns(shape)),
    },
    {
      ...base,
      name: `${name}_snapshots`,
      doc: `${name} as of every complete day. A column that a day was not sent is null there: ${name}_history has what was last known of it, and names in unknown what nobody knew yet.`,
      area: 'snapshot',
      partitions: [SITE, DT],
      columns: described(entity, snapshotColumns(shape)),
    },
  ]
}

const eventTable = (entity: Entity): Table => ({
  name: entity.name,
  doc: entity.doc,
  area: 'event',
  entity: entity.name,
  partitions: [SITE, partition('month', 'text', 'Month in which the event was created, YYYY-MM')],
  columns: described(entity, eventColumns(shapeOf(entity))),
})

/** How old each parent's reading is, for all per-parent entities. */
export const COVERAGE: Table = {
  name: 'coverage',
  doc: 'For entities that are read parent by parent: how old the reading of each parent is, on every day.',
  area: 'coverage',
  entity: undefined,
  partitions: [partition('entity', 'text', 'The entity'), SITE, DT],
  columns: described(undefined, COVERAGE_COLUMNS),
}

/** The tables that an entity is published as. */
export const tablesOf = (entity: Entity): readonly Table[] =>
  entity.kind === 'event' ? [eventTable(entity)] : stateTables(entity)
