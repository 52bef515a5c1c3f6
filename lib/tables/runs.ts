import { literal } from '../engine/sql.ts'

const OUTCOME =
  'STRUCT(entity VARCHAR, verdict VARCHAR, expected BIGINT, fetched BIGINT, duplicates BIGINT, "new" BIGINT, changed BIGINT, gone BIGINT, calls BIGINT, retries BIGINT, milliseconds BIGINT, candidate VARCHAR, already BOOLEAN, reason VARCHAR)[]'

const COLUMNS = `{format: 'BIGINT', site: 'VARCHAR', dt: 'DATE', run: 'VARCHAR', server: 'VARCHAR', apiVersion: 'VARCHAR', startedAt: 'BIGINT', endedAt: 'BIGINT', outcomes: ${literal(OUTCOME)}, failure: 'STRUCT(code VARCHAR, message VARCHAR, next VARCHAR)'}`

/** A report that a later version wrote may mean other things by the same names: it is refused rather than misread. */
const IS_KNOWN = `CASE WHEN format = 1 THEN true ELSE error(filename || ' is not of format 1, the only one this version reads')::BOOLEAN END`

/** The run reports as one relation; `files` are paths or patterns. */
function reports(files: readonly string[]): string {
  const read = `(SELECT * EXCLUDE (format, filename) FROM read_json([${files.map(literal).join(', ')}], format = 'auto', hive_partitioning = false, filename = true, columns = ${COLUMNS}) WHERE ${IS_KNOWN})`
  return files.length > 0
    ? read
    : `(SELECT NULL::VARCHAR AS site, NULL::DATE AS dt, NULL::VARCHAR AS run, NULL::VARCHAR AS server, NULL::VARCHAR AS apiVersion, NULL::BIGINT AS startedAt, NULL::BIGINT AS endedAt, NULL::${OUTCOME} AS outcomes, NULL::STRUCT(code VARCHAR, message VARCHAR, next VARCHAR) AS failure WHERE false)`
}

/** Every run, one row each. */
export const runsView = (files: readonly string[]): string =>
  `SELECT site, dt, run, server, apiVersion AS api_version, make_timestamp(startedAt * 1000) AS started_at,
     make_timestamp(endedAt * 1000) AS ended_at, failure.code AS failure_code, failure.message AS failure_message
   FROM ${reports(files)}`

/** Every entity of every run: expected, fetched, verdict, cost. */
export const runEntitiesView = (files: readonly string[]): string =>
  `SELECT site, dt, run, o.entity, o.verdict, o.expected, o.fetched, o.duplicates, o."new", o.changed, o.gone, o.calls, o.retries,
     o.milliseconds, o.candidate, o.already, o.reason
   FROM (SELECT site, dt, run, unnest(outcomes) AS o FROM ${reports(files)})`
