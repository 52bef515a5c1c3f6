import { COVERAGE_COLUMNS, OBSERVED_ON } from '../core/published.ts'
import type { StoredColumn } from '../core/receipt.ts'
import type { Shape } from '../core/shape.ts'
import type { Session } from '../engine/database.ts'
import type { DayChanges, Fold, FoldDay, StagedFile, Transforms } from '../load/transforms.ts'
import { applyDay, COUNT_DELTA, cutBack, emptyTables, historyQuery, UNKNOWN_IN_OPEN } from './fold.ts'
import { projection } from './projection.ts'
import { partsRelation, rowsOf } from './relation.ts'
import { written } from './writing.ts'

const comparedColumns = (shape: Shape): readonly StoredColumn[] => [
  ...shape.key.flatMap((key) => shape.columns.find((column) => column.name === key) ?? []),
  ...shape.tracked,
  ...(shape.parent === undefined ? [] : [OBSERVED_ON]),
]

/** Puts a day's rows into `today`; for per-parent entities the readings before it into `read_before`, and all known ones into `read_earlier`. */
async function stageDay(session: Session, shape: Shape, { rows, coverages }: FoldDay): Promise<void> {
  const today = projection(comparedColumns(shape), rows.columns)
  await session.run(`CREATE OR REPLACE TEMP VIEW today AS SELECT ${today} FROM ${rowsOf(rows.file)}`)
  if (shape.parent === undefined) return
  const readings = (files: readonly StagedFile[]): string =>
    `AS SELECT DISTINCT parent_id, observed_on FROM ${partsRelation(files, COVERAGE_COLUMNS)}`
  await session.run(`CREATE OR REPLACE TEMP TABLE read_before ${readings(coverages.slice(0, 1))}`)
  await session.run(`CREATE OR REPLACE TEMP TABLE read_earlier ${readings(coverages)}`)
}

/** Applies a day; most days change little, and what would end or begin no row is not asked of the engine. */
async function apply(session: Session, shape: Shape, day: FoldDay): Promise<DayChanges> {
  await stageDay(session, shape, day)
  const unknownInOpen = (await session.rows(UNKNOWN_IN_OPEN)).map((row) => String(row['column']))
  const { delta, ending, beginning } = applyDay(shape, { ...day, unknownInOpen })
  await session.run(delta)
  const [found] = await session.rows(COUNT_DELTA)
  const count = (what: string): number => Number(found?.[what])
  if (count('ending') !== 0) for (const sql of ending) await session.run(sql)
  if (count('beginning') !== 0) await session.run(beginning)
  return { new: count('new'), changed: count('changed'), gone: count('gone') }
}

/** Begins the tables of a history: with nothing, or with a published one taken back to a day. */
export async function fold(
  session: Session,
  shape: Shape,
  from: Parameters<Transforms['fold']>[0],
): Promise<Fold> {
  const begin = from === null ? emptyTables(shape) : cutBack(shape, from.file, from.day)
  for (const sql of begin) await session.run(sql)
  return {
    apply: (day) => apply(session, shape, day),
    finish: (metadata) => written(session, historyQuery(shape), metadata),
  }
}
