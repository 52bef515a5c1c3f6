import type { EventFacts } from '../core/entity.ts'
import { eventColumns } from '../core/published.ts'
import type { Shape } from '../core/shape.ts'
import type { Session } from '../engine/database.ts'
import { literal, name, names } from '../engine/sql.ts'
import type { EventReading, NewestEvent, StagedFile } from '../load/transforms.ts'
import { projection } from './projection.ts'
import { emptyRelation, rowsOf } from './relation.ts'
import { written } from './writing.ts'

/** The months in which the events of a file were created, in order. */
export async function months(
  session: Session,
  file: StagedFile,
  { createdColumn }: EventFacts,
): Promise<readonly string[]> {
  const found = await session.rows(
    `SELECT DISTINCT strftime(${name(createdColumn)}, '%Y-%m') AS month FROM ${rowsOf(file)} ORDER BY 1`,
  )
  return found.map((row) => String(row['month']))
}

/** Of the events of a file the one that was created last. */
export async function newestEvent(
  session: Session,
  shape: Shape,
  file: StagedFile,
  { createdColumn }: EventFacts,
): Promise<NewestEvent | null> {
  const created = name(createdColumn)
  const [found] = await session.rows(
    `SELECT ${name(shape.key[0] ?? '')} AS id, epoch_ms(${created}) AS created_ms FROM ${rowsOf(file)}
     WHERE ${created} IS NOT NULL ORDER BY ${created} DESC, 1 LIMIT 1`,
  )
  return found === undefined ? null : { id: String(found['id']), createdAt: Number(found['created_ms']) }
}

/** What a reading is made of, for a month that no reading touches: one that an event of long ago named and nobody knows now. */
const noReading = (shape: Shape): string =>
  emptyRelation([
    ...shape.columns,
    { name: 'observed_at', type: 'timestamp' },
    { name: 'source', type: 'text' },
    { name: 'hash', type: 'text' },
  ])

const readingQuery = (shape: Shape, { rows, observedTo, source, hash }: EventReading): string =>
  `SELECT ${projection(shape.columns, rows.columns)}, make_timestamp(${observedTo}000) AS observed_at,
     ${literal(source)} AS source, ${literal(hash)} AS hash FROM ${rowsOf(rows.file)}`

/** 2 for an event that ended, 1 for one that was given up as lost, else 0. */
function finishedRank({ endedColumn, lost }: EventFacts): string {
  const isLost = Object.entries(lost).map(([column, value]) => `${name(column)} = ${literal(String(value))}`)
  return `CASE WHEN ${name(endedColumn)} IS NOT NULL THEN 2 WHEN ${isLost.join(' AND ')} THEN 1 ELSE 0 END`
}

/**
 * Per event and column the newest value that is not null, in the order (finished, observed at, source, hash): the same
 * from any order of observations, and a monitor's notes are not lost to a later row that lacks them.
 */
export function month(
  session: Session,
  shape: Shape,
  which: string,
  readings: readonly EventReading[],
  facts: EventFacts,
  inputs: string,
): Promise<StagedFile> {
  const created = name(facts.createdColumn)
  const key = names(shape.key)
  const newest = shape.columns
    .map((column) => column.name)
    .filter((column) => !shape.key.includes(column))
    .map((column) => {
      const cell = name(column)
      return column === facts.createdColumn
        ? `min(${cell}) AS ${cell}`
        : `arg_max(${cell}, rank) FILTER (WHERE ${cell} IS NOT NULL) AS ${cell}`
    })
  const all =
    readings.length === 0
      ? noReading(shape)
      : readings.map((reading) => readingQuery(shape, reading)).join(' UNION ALL ')
  const query = `SELECT ${names(eventColumns(shape).map((column) => column.name))} FROM (
    SELECT ${[key, ...newest].join(', ')}, max(observed_at) AS observed_at FROM (
      SELECT *, row_number() OVER (PARTITION BY ${key} ORDER BY ${finishedRank(facts)}, observed_at, source, hash) AS rank
      FROM (${all}))
    GROUP BY ${key}) WHERE strftime(${created}, '%Y-%m') = ${literal(which)} ORDER BY ${key}`
  return written(session, query, { inputs })
}
