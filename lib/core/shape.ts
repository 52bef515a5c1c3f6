import type { ColumnType } from './column.ts'
import { type Entity, trackedColumns } from './entity.ts'
import type { StoredColumn } from './receipt.ts'
import { sha256 } from './sha256.ts'

/** Raised when the fold itself changes, so that every history is folded anew. */
const FOLD_VERSION = 3

/** What the loader needs to know of an entity's columns. */
export interface Shape {
  readonly entity: string
  readonly key: readonly string[]
  /** The columns whose changes make history. */
  readonly tracked: readonly StoredColumn[]
  /** Everything a candidate holds, in order. */
  readonly columns: readonly StoredColumn[]
  /** The parent's column of a per-parent entity. */
  readonly parent: string | undefined
}

/** The column of a per-parent candidate that tells parents from facts: the parent's verdict, null in facts. */
export const PARENT_VERDICT = 'parent_verdict'

/** What became of a parent in a night's reading. */
export type ParentVerdict = 'read' | 'not_read' | 'forbidden' | 'vanished'

const stored = (entity: Entity, name: string): StoredColumn => ({
  name,
  type: entity.columns[name]?.type ?? ('text' satisfies ColumnType),
})

/** The shape of an entity, derived from its declaration. */
export function shapeOf(entity: Entity): Shape {
  return {
    entity: entity.name,
    key: entity.key,
    tracked: trackedColumns(entity).map((name) => stored(entity, name)),
    columns: Object.keys(entity.columns).map((name) => stored(entity, name)),
    parent: entity.read.shape === 'children' ? entity.read.parentColumn : undefined,
  }
}

/** The columns of a landing part and a candidate: the entity's, and for per-parent entities the parents' verdicts. */
export const candidateColumns = (shape: Shape): readonly StoredColumn[] =>
  shape.parent === undefined ? shape.columns : [...shape.columns, { name: PARENT_VERDICT, type: 'text' }]

/** Names what a history was folded by; when it differs, the history is folded anew. */
export function foldFingerprint(shape: Shape): string {
  const facts = JSON.stringify([FOLD_VERSION, shape.key, shape.tracked.map(({ name, type }) => [name, type])])
  return sha256(facts).slice(0, 16)
}

/** The columns that a committed day does not know: missing by its schema, or not declared yet when it was read. */
export function unknownColumns(
  columns: readonly StoredColumn[],
  manifest: { readonly columns: readonly StoredColumn[]; readonly missing: readonly string[] },
): readonly string[] {
  const knows = (column: StoredColumn): boolean =>
    !manifest.missing.includes(column.name) &&
    manifest.columns.some((each) => each.name === column.name && each.type === column.type)
  return columns.filter((column) => !knows(column)).map((column) => column.name)
}
