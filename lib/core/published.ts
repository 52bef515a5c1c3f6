import type { StoredColumn } from './receipt.ts'
import type { Shape } from './shape.ts'

/** Of a per-parent entity, the day on which a row, or a parent, was last read. */
export const OBSERVED_ON: StoredColumn = { name: 'observed_on', type: 'date' }

/** The columns of a published snapshot: the entity's, and for per-parent entities the day each row was read. */
export const snapshotColumns = (shape: Shape): readonly StoredColumn[] =>
  shape.parent === undefined ? shape.columns : [...shape.columns, OBSERVED_ON]

/** The columns of a published coverage: how old the reading of each parent is. */
export const COVERAGE_COLUMNS: readonly StoredColumn[] = [
  { name: 'parent_id', type: 'text' },
  { name: 'verdict', type: 'text' },
  OBSERVED_ON,
]

/** The columns of the current table: a snapshot's, the day it is of, and what the reading of each row does not know. */
export const currentColumns = (shape: Shape): readonly StoredColumn[] => [
  ...snapshotColumns(shape),
  { name: 'as_of', type: 'date' },
  { name: 'unknown', type: 'list' },
]

const typeOf = (shape: Shape, column: string): StoredColumn['type'] =>
  shape.columns.find((each) => each.name === column)?.type ?? 'text'

/** The columns of a published history, in order. */
export const historyColumns = (shape: Shape): readonly StoredColumn[] => [
  ...shape.key.map((key) => ({ name: key, type: typeOf(shape, key) })),
  ...shape.tracked,
  { name: 'valid_from', type: 'date' },
  { name: 'valid_to', type: 'date' },
  { name: 'cause', type: 'text' },
  { name: 'changed_after', type: 'date' },
  { name: 'gone_after', type: 'date' },
  { name: 'unknown', type: 'list' },
]

/** The columns of a published month of events: the entity's, and when each was last observed. */
export const eventColumns = (shape: Shape): readonly StoredColumn[] => [
  ...shape.columns,
  { name: 'observed_at', type: 'timestamp' },
]
