import type { StoredColumn } from '../core/receipt.ts'
import type { Session } from '../engine/database.ts'
import { literal, parquetOptions } from '../engine/sql.ts'
import type { StagedFile, StagedRows } from '../load/transforms.ts'
import { projection } from './projection.ts'
import { emptyRelation, rowsOf } from './relation.ts'

/** Writes the rows of a query into a staged file, with metadata of ours in its footer. */
export async function written(
  session: Session,
  query: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<StagedFile> {
  const file = session.scratch()
  await session.run(`COPY (${query}) TO ${literal(file)} ${parquetOptions(metadata)}`)
  return file
}

/** These columns of staged rows, or none of them, as a relation. */
export const projected = (columns: readonly StoredColumn[], rows: StagedRows | null): string =>
  rows === null
    ? emptyRelation(columns)
    : `(SELECT ${projection(columns, rows.columns)} FROM ${rowsOf(rows.file)})`
