import type { Day } from '../core/day.ts'
import { COVERAGE_COLUMNS, currentColumns, OBSERVED_ON, snapshotColumns } from '../core/published.ts'
import { PARENT_VERDICT, type Shape } from '../core/shape.ts'
import type { Session } from '../engine/database.ts'
import { literal, name, names } from '../engine/sql.ts'
import type { CurrentDay, ParentDay, ParentInputs, StagedFile, StagedRows } from '../load/transforms.ts'
import { projection } from './projection.ts'
import { emptyRelation, rowsOf } from './relation.ts'
import { projected, written } from './writing.ts'

/** A day's snapshot, with the columns declared now; empty when the day was withdrawn. */
export const snapshot = (
  session: Session,
  shape: Shape,
  rows: StagedRows | null,
  inputs: string,
): Promise<StagedFile> =>
  written(session, `SELECT * FROM ${projected(snapshotColumns(shape), rows)}`, { inputs })

/** What the reading of a row does not know, as a list of column names; null where it knows all. */
function unknownOf(shape: Shape, { dt, readings }: CurrentDay): string {
  const readOn = shape.parent === undefined ? `DATE ${literal(dt)}` : OBSERVED_ON.name
  const lacking = readings.filter(({ missing }) => missing.length > 0)
  const lists = lacking.map(
    (day) => `WHEN ${readOn} = DATE ${literal(day.dt)} THEN [${day.missing.map(literal).join(', ')}]`,
  )
  return lists.length === 0 ? 'NULL::VARCHAR[]' : `CASE ${lists.join(' ')} END`
}

/** The current table: a day's rows, the day, and what is not known of each. */
export function current(
  session: Session,
  shape: Shape,
  last: CurrentDay | null,
  inputs: string,
): Promise<StagedFile> {
  const query =
    last === null
      ? `SELECT * FROM ${emptyRelation(currentColumns(shape))}`
      : `SELECT *, DATE ${literal(last.dt)} AS as_of, ${unknownOf(shape, last)} AS unknown FROM ${projected(snapshotColumns(shape), last.rows)}`
  return written(session, query, { inputs })
}

/** How old the reading of each parent is: tonight's, or the older one of a parent that was not read. */
function coverageOf(shape: Shape, dt: Day, candidate: string, before: ParentDay | undefined): string {
  const parent = name(shape.parent ?? '')
  const old = before === undefined ? emptyRelation(COVERAGE_COLUMNS) : rowsOf(before.coverage)
  return `SELECT c.${parent} AS parent_id, c.${PARENT_VERDICT} AS verdict,
       CASE WHEN c.${PARENT_VERDICT} = 'read' THEN DATE ${literal(dt)} ELSE o.observed_on END AS observed_on
     FROM ${candidate} c LEFT JOIN ${old} o ON o.parent_id = c.${parent}
     WHERE c.${PARENT_VERDICT} IS NOT NULL AND c.${PARENT_VERDICT} <> 'vanished' ORDER BY 1`
}

/** The days on which the parents of a coverage were last read, in order. */
export async function readOn(session: Session, coverage: StagedFile): Promise<readonly Day[]> {
  const rows = await session.rows(
    `SELECT DISTINCT strftime(observed_on, '%Y-%m-%d') AS dt FROM ${rowsOf(coverage)} WHERE observed_on IS NOT NULL ORDER BY 1`,
  )
  return rows.map(({ dt }) => String(dt))
}

/** Folds a per-parent day from the one before: what was read tonight, and the older reading of what was not. */
export async function parentDay(
  session: Session,
  shape: Shape,
  dt: Day,
  rows: StagedRows | null,
  before: ParentDay | undefined,
  inputs: ParentInputs,
): Promise<ParentDay> {
  if (rows === null) {
    return {
      snapshot: await snapshot(session, shape, null, inputs.snapshot),
      coverage: await written(session, `SELECT * FROM ${emptyRelation(COVERAGE_COLUMNS)}`, {
        inputs: inputs.coverage,
      }),
    }
  }
  const candidate = rowsOf(rows.file)
  const coverage = await written(session, coverageOf(shape, dt, candidate, before), {
    inputs: inputs.coverage,
  })
  const oldRows = before === undefined ? emptyRelation(snapshotColumns(shape)) : rowsOf(before.snapshot)
  const columns = names(shape.columns.map((column) => column.name))
  const folded = `SELECT * FROM (SELECT ${projection(shape.columns, rows.columns)}, DATE ${literal(dt)} AS observed_on
       FROM ${candidate} WHERE ${PARENT_VERDICT} IS NULL
     UNION ALL BY NAME
     SELECT ${columns}, observed_on FROM ${oldRows} WHERE ${name(shape.parent ?? '')} IN
       (SELECT parent_id FROM ${rowsOf(coverage)} WHERE verdict <> 'read'))
     ORDER BY ${names(shape.key)}`
  return { coverage, snapshot: await written(session, folded, { inputs: inputs.snapshot }) }
}
