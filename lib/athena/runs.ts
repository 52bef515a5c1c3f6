import type { ColumnType } from '../core/column.ts'
import { names } from '../engine/sql.ts'
import { MEANINGS } from '../tables/meanings.ts'
import type { TableColumn } from '../tables/table.ts'
import { GLUE_TYPE } from './glue.ts'

/** The table of run reports as they are stored. `runs` and `run_entities` are views over it. */
export const RUN_REPORTS = 'run_reports'

const described =
  (view: string) =>
  ([name, type]: readonly [string, ColumnType]): TableColumn => ({
    name,
    type,
    doc: MEANINGS[view]?.[name] ?? MEANINGS['*']?.[name] ?? '',
    isPersonal: false,
  })

/** The partitions of the reports: a report's own site and day stand in its key too. */
export const REPORT_PARTITIONS: readonly TableColumn[] = (
  [
    ['site', 'text'],
    ['dt', 'date'],
  ] as const
).map(described('runs'))

/** What each line of a report holds, in the names of the report. */
const OUTCOME: readonly (readonly [string, ColumnType])[] = [
  ['entity', 'text'],
  ['verdict', 'text'],
  ['expected', 'integer'],
  ['fetched', 'integer'],
  ['duplicates', 'integer'],
  ['new', 'integer'],
  ['changed', 'integer'],
  ['gone', 'integer'],
  ['calls', 'integer'],
  ['retries', 'integer'],
  ['milliseconds', 'integer'],
  ['candidate', 'text'],
  ['already', 'boolean'],
  ['reason', 'text'],
]

/** The columns of a report that are read: name, type in Hive's words, name in the report, meaning. */
export const REPORT_COLUMNS: readonly {
  readonly name: string
  readonly type: string
  readonly field: string
  readonly doc: string
}[] = [
  { name: 'format', type: 'bigint', field: 'format', doc: 'Format of the report' },
  { name: 'run', type: 'string', field: 'run', doc: 'The run' },
  { name: 'server', type: 'string', field: 'server', doc: 'Address of the server' },
  { name: 'api_version', type: 'string', field: 'apiVersion', doc: 'REST API version that was spoken' },
  { name: 'started_at', type: 'bigint', field: 'startedAt', doc: 'Milliseconds since 1970 UTC' },
  { name: 'ended_at', type: 'bigint', field: 'endedAt', doc: 'Milliseconds since 1970 UTC' },
  {
    name: 'outcomes',
    type: `array<struct<${OUTCOME.map(([name, type]) => `${name}:${GLUE_TYPE[type]}`).join(',')}>>`,
    field: 'outcomes',
    doc: 'What each entity came to',
  },
  {
    name: 'failure',
    type: 'struct<code:string,message:string,next:string>',
    field: 'failure',
    doc: 'What ended the run before its time; null when nothing did',
  },
]

/** The columns of the view `runs`. */
export const RUNS_COLUMNS: readonly TableColumn[] = (
  [
    ['site', 'text'],
    ['dt', 'date'],
    ['run', 'text'],
    ['server', 'text'],
    ['api_version', 'text'],
    ['started_at', 'timestamp'],
    ['ended_at', 'timestamp'],
    ['failure_code', 'text'],
    ['failure_message', 'text'],
  ] as const
).map(described('runs'))

/** The columns of the view `run_entities`. */
export const RUN_ENTITIES_COLUMNS: readonly TableColumn[] = (
  [['site', 'text'], ['dt', 'date'], ['run', 'text'], ...OUTCOME] as const
).map(described('run_entities'))

/** A report that a later version wrote may mean other things by the same names: the cast of a sentence fails, and shows it. */
const IS_KNOWN = `CASE WHEN format = 1 THEN true
    ELSE CAST('the report of run ' || run || ' is not of format 1, the only one this view reads' AS boolean) END`

// A double holds milliseconds exactly; the engines agree on no function that takes them.
const instant = (column: string): string =>
  `TIMESTAMP '1970-01-01 00:00:00' + CAST(${column} AS double) * INTERVAL '0.001' SECOND AS ${column}`

/** Every run, one row each. */
export const RUNS_SQL = `SELECT site, dt, run, server, api_version, ${instant('started_at')}, ${instant('ended_at')},
  failure.code AS failure_code, failure.message AS failure_message
FROM ${RUN_REPORTS} WHERE ${IS_KNOWN}`

const FIELDS = OUTCOME.map(([name]) => name)

/** Every entity of every run: expected, fetched, verdict, cost. */
export const RUN_ENTITIES_SQL = `SELECT site, dt, run, ${names(FIELDS, 'o')}
FROM ${RUN_REPORTS} CROSS JOIN UNNEST(outcomes) AS o (${names(FIELDS)}) WHERE ${IS_KNOWN}`
