/**
 * What must hold of any history, whatever was read and in whatever order it came: each law is one statement over the
 * published tables and over what the nights really read. The tables are those that `stage.ts` sets up.
 */
export interface Law {
  readonly name: string
  /** What it means for the people who ask the tables. */
  readonly doc: string
  /** A SELECT of everything that breaks it: no rows means that it holds. */
  readonly broken: string
  /** A statement that plants one violation, which shows that the law can speak. */
  readonly planted: string
}

/** What two relations do not have in common, row for row, each row as often as it is there. */
const apart = (found: string, wanted: string): string =>
  `SELECT 'too much' AS side, * FROM ((${found}) EXCEPT ALL (${wanted}))
   UNION ALL SELECT 'lacking' AS side, * FROM ((${wanted}) EXCEPT ALL (${found}))`

/** The first row of a table for which a condition holds. */
const one = (table: string, condition: string): string =>
  `rowid = (SELECT min(rowid) FROM ${table} WHERE ${condition})`

const CLOSED = one('history', 'valid_to IS NOT NULL')

/** The laws of intervals, for every table with a history. `key` names its columns, separated by commas. */
const intervalLaws = (key: string): readonly Law[] => [
  {
    name: 'a version lasts',
    doc: 'Every version begins before it ends.',
    broken: 'SELECT * FROM history WHERE valid_from IS NULL OR valid_from >= valid_to',
    planted: `UPDATE history SET valid_to = valid_from WHERE ${CLOSED}`,
  },
  {
    name: 'one open version',
    doc: 'At most one version of a key has no end.',
    broken: `SELECT ${key} FROM history WHERE valid_to IS NULL GROUP BY ${key} HAVING count(*) > 1`,
    planted: `INSERT INTO history SELECT * REPLACE (valid_from + 1 AS valid_from) FROM history WHERE ${one('history', 'valid_to IS NULL')}`,
  },
  {
    name: 'no overlap',
    doc: 'A key has one version at most on any day.',
    broken: "SELECT * FROM version WHERE next_from < coalesce(valid_to, DATE '9999-01-01')",
    planted: `UPDATE history SET valid_to = valid_to + 1 WHERE (${key}, valid_from) IN
      (SELECT ${key}, valid_from FROM version WHERE next_from = valid_to LIMIT 1)`,
  },
  {
    name: 'nights bound',
    doc: 'A version begins and ends on days that were read completely and stand, never in between.',
    broken: `SELECT * FROM history WHERE valid_from NOT IN (SELECT dt FROM day)
      OR (valid_to IS NOT NULL AND valid_to NOT IN (SELECT dt FROM day))`,
    planted: `UPDATE history SET valid_to = DATE '2020-02-02' WHERE ${CLOSED}`,
  },
  {
    name: 'told twice',
    doc: 'The whole history is what plain JavaScript makes of the readings, key by key, knowing nothing of the SQL.',
    broken: apart(`SELECT COLUMNS(c -> c <> 'site') FROM history`, 'SELECT * FROM told'),
    planted: `UPDATE history SET cause = 'schema' WHERE ${CLOSED}`,
  },
  {
    name: 'between readings the last one holds',
    doc: 'As of a day that was not read, or was withdrawn, the table is that of the last day before it that stands.',
    broken: apart(
      'SELECT g.dt, a.* EXCLUDE (dt) FROM as_of a JOIN gap g ON a.dt = g.dt',
      'SELECT g.dt, a.* EXCLUDE (dt) FROM as_of a JOIN gap g ON a.dt = g.last',
    ),
    planted: `UPDATE history SET valid_to = valid_to - 1 WHERE ${one('history', 'valid_to - 1 IN (SELECT dt FROM gap) AND valid_from < valid_to - 1')}`,
  },
  {
    name: 'rebuilt is the same',
    doc: 'Everything derived, thrown away and made again, has the same rows.',
    broken: apart('FROM history', 'FROM rebuilt'),
    planted: `DELETE FROM rebuilt WHERE ${one('rebuilt', 'true')}`,
  },
  {
    name: 'the order does not matter',
    doc: 'Days that came late, were corrected or withdrawn give the history of the calendar that stands, loaded in order at once.',
    broken: apart('FROM history', 'FROM straight'),
    planted: `UPDATE straight SET changed_after = changed_after - 1 WHERE ${one('straight', 'changed_after IS NOT NULL')}`,
  },
]

const COLUMNS = ['name', 'size', 'tags'] as const
const each = (make: (column: string) => string, between: string): string => COLUMNS.map(make).join(between)
const isIn = (list: string, column: string): string => `coalesce(list_contains(${list}, '${column}'), false)`

/** A row in what its day knows. */
const known = (alias: string): string =>
  each((c) => `CASE WHEN ${isIn('d.missing', c)} THEN NULL ELSE ${alias}.${c} END AS ${c}`, ', ')

/** Whether a version and the one before it differ in a column that both know. */
const DIFFERS = each(
  (c) =>
    `(NOT ${isIn('was.unknown', c)} AND NOT ${isIn('v.unknown', c)} AND was.${c} IS DISTINCT FROM v.${c})`,
  ' OR ',
)

/** For each night, of each column the last night before it that knew it. */
const KNOWING = `SELECT dt, ${each((c) => `max(CASE WHEN NOT ${isIn('missing', c)} THEN dt END) OVER w AS ${c}`, ', ')}
  FROM day WINDOW w AS (ORDER BY dt ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`

/** The earliest of those nights, of the columns in which a version and the one before it differ. */
const KNEW_IT_OTHERWISE = `least(${each((c) => `CASE WHEN was.${c} IS DISTINCT FROM v.${c} AND NOT ${isIn('was.unknown', c)} THEN k.${c} END`, ', ')})`

const CAUSE = `CASE WHEN was.id IS NULL THEN 'new' WHEN was.valid_to < v.valid_from THEN 'returned' WHEN ${DIFFERS} THEN 'changed'
  WHEN len(was.unknown) > coalesce(len(v.unknown), 0) THEN 'schema' ELSE 'nothing' END`

/**
 * What the readings say of changes, by islands of nights on which a key was there; knows nothing of versions. A column is
 * compared with the night of its island that knew it last; on the first night of an island, of the island before it.
 */
const CHANGES = `WITH there AS (
    SELECT r.*, d.nth, d.before, d.after, d.missing, d.nth - row_number() OVER (PARTITION BY id ORDER BY d.nth) AS island
    FROM read r JOIN day d USING (dt)),
  seen AS (
    SELECT *, dense_rank() OVER (PARTITION BY id ORDER BY island) AS life, lag(dt) OVER (PARTITION BY id ORDER BY nth) AS seen_before,
      nth = min(nth) OVER (PARTITION BY id, island) AS is_first
    FROM there),
  lives AS (SELECT id, min(nth) AS first, max(nth) AS last, min(min(nth)) OVER (PARTITION BY id) AS birth FROM seen GROUP BY id, island)
  SELECT id, CASE WHEN first = birth THEN 'new' ELSE 'returned' END AS kind, dt AS changed_on, before AS changed_after,
    NULL AS "column", NULL AS old_value, NULL AS new_value FROM lives JOIN day ON nth = first
  UNION ALL SELECT id, 'gone', after, dt, NULL, NULL, NULL FROM lives JOIN day ON nth = last WHERE after IS NOT NULL
  ${COLUMNS.map(
    (c) => `UNION ALL SELECT id, 'changed', dt, seen_before, '${c}', old, now FROM (
      SELECT id, dt, seen_before, life - lag(life) OVER w AS lives_between, is_first,
        CAST(lag(${c}) OVER w AS VARCHAR) AS old, CAST(${c} AS VARCHAR) AS now
      FROM seen WHERE NOT ${isIn('missing', c)} WINDOW w AS (PARTITION BY id ORDER BY nth))
      WHERE lives_between = 1 AND is_first AND old IS DISTINCT FROM now`,
  ).join('\n')}
  UNION ALL SELECT id, 'changed', dt, min(knew) OVER (PARTITION BY id, dt), "column", old, now FROM (${each(
    (
      c,
    ) => `SELECT * FROM (SELECT id, dt, '${c}' AS "column", lag(dt) OVER w AS knew, CAST(lag(${c}) OVER w AS VARCHAR) AS old, CAST(${c} AS VARCHAR) AS now
      FROM seen WHERE NOT ${isIn('missing', c)} WINDOW w AS (PARTITION BY id, island ORDER BY nth))`,
    ' UNION ALL ',
  )}) WHERE knew IS NOT NULL AND old IS DISTINCT FROM now`

/** For each first and last day, the columns that no day between them knows. */
const IGNORANCE = `SELECT born.dt AS born, until.dt AS until, list(c ORDER BY c) AS columns
  FROM day born JOIN day until ON until.dt >= born.dt CROSS JOIN (SELECT unnest(['name', 'size', 'tags']) AS c)
  WHERE NOT EXISTS (FROM day d WHERE d.dt BETWEEN born.dt AND until.dt AND NOT list_contains(d.missing, c)) GROUP BY 1, 2`

/** What holds of a table that is read in one list. */
export const STATE_LAWS: readonly Law[] = [
  ...intervalLaws('id'),
  {
    name: 'a gap is an absence',
    doc: 'Where a key has no version it was in no reading, and where it has one it was in every reading.',
    broken: `SELECT d.dt, id FROM read JOIN day d USING (dt) WHERE NOT EXISTS (FROM history h WHERE h.id = read.id AND d.dt >= h.valid_from AND d.dt < coalesce(h.valid_to, DATE '9999-01-01'))
      UNION ALL SELECT d.dt, id FROM history h JOIN day d ON d.dt >= h.valid_from AND d.dt < coalesce(h.valid_to, DATE '9999-01-01') ANTI JOIN read r ON r.dt = d.dt AND r.id = h.id`,
    planted: `DELETE FROM history WHERE ${one('history', "cause = 'returned'")}`,
  },
  {
    name: 'as of a day is its snapshot',
    doc: 'The table as of a committed day has that day’s rows, each once, in every tracked column that the day knew.',
    broken: apart(
      `SELECT d.dt, a.id, ${known('a')} FROM as_of a JOIN day d USING (dt)`,
      `SELECT d.dt, s.id, ${known('s')} FROM snapshot s JOIN day d USING (dt)`,
    ),
    planted: `UPDATE history SET size = coalesce(size, 0) + 1 WHERE ${one('history', 'unknown IS NULL')}`,
  },
  {
    name: 'a snapshot is its reading',
    doc: 'A day’s snapshot holds what was read, in every column and to the byte; a withdrawn day’s holds nothing.',
    broken: apart(
      'SELECT dt, id, name, size, tags, views, raw_extra FROM snapshot',
      'SELECT dt, id, name, size, tags, views, raw_extra FROM read',
    ),
    planted: `UPDATE snapshot SET views = views + 1 WHERE ${one('snapshot', 'true')}`,
  },
  {
    name: 'current is the last day',
    doc: 'The table of the present holds the last committed day that stands, and names what that day does not know.',
    broken: apart(
      'SELECT as_of, id, name, size, tags, views, unknown FROM newest',
      `SELECT d.dt, id, name, size, tags, views, CASE WHEN len(d.missing) > 0 THEN list_sort(d.missing) END
       FROM read JOIN day d USING (dt) WHERE d.dt = (SELECT max(dt) FROM day)`,
    ),
    planted: `DELETE FROM newest WHERE ${one('newest', 'true')}`,
  },
  {
    name: 'every version has its cause',
    doc: 'A version is new, returned, changed or learned, and says which; nothing else begins one, least of all a volatile column.',
    broken: `SELECT v.*, ${CAUSE} AS expected FROM version v LEFT JOIN version was ON was.id = v.id AND was.nth = v.nth - 1 WHERE v.cause <> ${CAUSE}`,
    planted: `UPDATE history SET cause = 'new' WHERE ${one('history', "cause = 'returned'")}`,
  },
  {
    name: 'volatile columns are not tracked',
    doc: 'One night’s views are no part of the past: cutting a version in two for them would break it.',
    broken: `SELECT v.* FROM version v JOIN version was ON was.id = v.id AND was.nth = v.nth - 1
      WHERE was.valid_to = v.valid_from AND was.unknown IS NOT DISTINCT FROM v.unknown AND ${each((c) => `was.${c} IS NOT DISTINCT FROM v.${c}`, ' AND ')}`,
    planted: `INSERT INTO history SELECT * REPLACE (valid_to AS valid_from, NULL AS valid_to) FROM history WHERE ${one('history', 'valid_to IS NOT NULL AND gone_after IS NOT NULL')}`,
  },
  {
    name: 'what is unknown is said',
    doc: 'A version names exactly the columns that no day of its key’s life has known up to then, and has no value there.',
    broken: `SELECT v.* FROM (SELECT *, max(valid_from) FILTER (cause IN ('new', 'returned')) OVER (PARTITION BY id ORDER BY valid_from) AS born FROM history) v
      LEFT JOIN (${IGNORANCE}) i ON i.born = v.born AND i.until = v.valid_from
      WHERE v.unknown IS DISTINCT FROM i.columns OR ${each((c) => `(${isIn('v.unknown', c)} AND v.${c} IS NOT NULL)`, ' OR ')}`,
    planted: `UPDATE history SET unknown = NULL WHERE ${one('history', 'unknown IS NOT NULL')}`,
  },
  {
    name: 'no change is hidden, none is made up',
    doc: 'The view of changes has what differs between readings that know a column, and nothing for a column that came, went or stayed away.',
    broken: apart(
      'SELECT id, kind, changed_on, changed_after, "column", old_value, new_value FROM changes',
      CHANGES,
    ),
    planted: `CREATE OR REPLACE VIEW changes AS SELECT * FROM things_changes WHERE kind <> 'changed' OR "column" <> 'tags'`,
  },
  {
    name: 'the last night that knew it otherwise is named',
    doc: '`changed_after` and `gone_after` say between which days it lies: after the last night that knew all that changed, and for what came, returned or went after the night before.',
    broken: `SELECT v.* FROM version v JOIN day d ON d.dt = v.valid_from JOIN (${KNOWING}) k ON k.dt = d.dt
      LEFT JOIN day e ON e.dt = v.valid_to LEFT JOIN version was ON was.id = v.id AND was.nth = v.nth - 1
      WHERE v.changed_after IS DISTINCT FROM CASE WHEN v.cause = 'changed' THEN ${KNEW_IT_OTHERWISE} ELSE d.before END OR v.gone_after IS DISTINCT FROM CASE WHEN v.next_from = v.valid_to THEN NULL ELSE e.before END`,
    planted: `UPDATE history SET gone_after = NULL WHERE ${one('history', 'gone_after IS NOT NULL')}`,
  },
  {
    name: 'alike is not the same',
    doc: 'Keys and names that differ in case, in a space at the end, or in the form of an accent stay apart; nothing and an empty text, too.',
    broken: `SELECT id, name FROM history WHERE NOT list_contains(coalesce(unknown, []), 'name') AND
      (encode(id), coalesce(encode(name), 'null'::BLOB), name IS NULL) NOT IN (SELECT (encode(id), coalesce(encode(name), 'null'::BLOB), name IS NULL) FROM read)`,
    planted: `UPDATE history SET name = nfc_normalize(name) WHERE name <> nfc_normalize(name)`,
  },
]

const BEFORE = (date: string): string =>
  `CASE WHEN (${date}.before, v.box_id) IN (SELECT (k.dt, k.box_id) FROM known k)
    THEN (SELECT k.observed_on FROM known k WHERE k.dt = ${date}.before AND k.box_id = v.box_id) ELSE ${date}.before END`

/** The last reading of a version's parent before it that knew the role. */
const ROLE_KNOWN_ON = `(SELECT max(p.dt) FROM parent p JOIN day r USING (dt)
  WHERE p.box_id = v.box_id AND p.verdict = 'read' AND p.dt < v.valid_from AND NOT ${isIn('r.missing', 'role')})`

/** A role, where the day `r` on which its parent was read knew it. */
const KNOWN_ROLE = `CASE WHEN ${isIn('r.missing', 'role')} THEN NULL ELSE a.role END AS role`

/** What holds of a table that is read parent by parent. */
export const PARENT_LAWS: readonly Law[] = [
  ...intervalLaws('box_id, thing_id'),
  {
    name: 'coverage says how old',
    doc: 'For every parent that a day lists: what became of it, and the newest day on which it was read, none older than its last absence.',
    broken: apart(
      'SELECT dt, parent_id, verdict, observed_on FROM covered',
      'SELECT dt, box_id, verdict, observed_on FROM known',
    ),
    planted: `UPDATE covered SET observed_on = dt WHERE ${one('covered', "verdict = 'forbidden' AND observed_on < dt")}`,
  },
  {
    name: 'a snapshot is the newest readings',
    doc: 'A day’s snapshot holds, for each parent that it lists, the rows of the newest complete reading, and says when that was.',
    broken: apart(
      'SELECT dt, box_id, thing_id, role, observed_on FROM snapshot',
      'SELECT k.dt, k.box_id, l.thing_id, l.role, k.observed_on FROM known k JOIN link l ON l.box_id = k.box_id AND l.dt = k.observed_on',
    ),
    planted: `DELETE FROM snapshot WHERE ${one('snapshot', 'observed_on < dt')}`,
  },
  {
    name: 'as of a day is its snapshot',
    doc: 'The table as of a committed day has that day’s rows, each once, in every tracked column that their reading knew.',
    broken: apart(
      `SELECT a.dt, a.box_id, thing_id, ${KNOWN_ROLE} FROM as_of a SEMI JOIN day USING (dt) LEFT JOIN known k ON k.dt = a.dt AND k.box_id = a.box_id
        LEFT JOIN day r ON r.dt = k.observed_on`,
      `SELECT a.dt, box_id, thing_id, ${KNOWN_ROLE} FROM snapshot a LEFT JOIN day r ON r.dt = a.observed_on`,
    ),
    planted: `UPDATE history SET role = 'planted' WHERE ${one('history', 'unknown IS NULL')}`,
  },
  {
    name: 'only a reading ends a row',
    doc: 'A row ends on a day that read its parent without it, or on which the parent was gone; never because nobody looked.',
    broken: `SELECT v.* FROM version v LEFT JOIN known k ON k.dt = v.valid_to AND k.box_id = v.box_id
      WHERE v.valid_to IS NOT NULL AND k.verdict IN ('not_read', 'forbidden')`,
    planted: `UPDATE history SET valid_to = (SELECT min(k.dt) FROM known k WHERE k.box_id = history.box_id AND k.verdict = 'forbidden' AND k.dt > history.valid_from)
      WHERE ${one('history', "EXISTS (FROM known k WHERE k.box_id = history.box_id AND k.verdict = 'forbidden' AND k.dt > history.valid_from)")}`,
  },
  {
    name: 'the reading before is named',
    doc: '`changed_after` and `gone_after` are the day on which the row’s parent was last read before, for a change by a night that knew the column; nothing where it never was; the night before, where that did not list it.',
    broken: `SELECT v.* FROM version v JOIN day d ON d.dt = v.valid_from LEFT JOIN day e ON e.dt = v.valid_to
      WHERE v.changed_after IS DISTINCT FROM CASE WHEN v.cause = 'changed' THEN ${ROLE_KNOWN_ON} ELSE ${BEFORE('d')} END
        OR v.gone_after IS DISTINCT FROM CASE WHEN v.next_from = v.valid_to THEN NULL ELSE ${BEFORE('e')} END`,
    planted: `UPDATE history SET changed_after = valid_from WHERE ${one('history', 'changed_after IS NOT NULL')}`,
  },
]

const ENDED = "CASE WHEN ended_at IS NOT NULL THEN 2 WHEN status = 'Lost' THEN 1 ELSE 0 END"
const EVENT_CELLS = ['job_type', 'status', 'title', 'started_at', 'ended_at', 'priority'] as const

/** What holds of events. */
export const EVENT_LAWS: readonly Law[] = [
  {
    name: 'no event is lost',
    doc: 'Every event that any reading saw is there, once, whatever later readings lack.',
    broken: apart('SELECT id FROM event', 'SELECT DISTINCT id FROM sight'),
    planted: `DELETE FROM month_file WHERE ${one('month_file', 'true')}`,
  },
  {
    name: 'the newest knowledge of each column',
    doc: 'Of each column the newest value that is not nothing: ended before lost before running, then by the time of reading, then by who read.',
    broken: apart(
      `SELECT id, ${EVENT_CELLS.join(', ')} FROM event`,
      `SELECT DISTINCT id, ${EVENT_CELLS.map((c) => `first_value(${c} IGNORE NULLS) OVER w AS ${c}`).join(', ')} FROM sight
       WINDOW w AS (PARTITION BY id ORDER BY ${ENDED} DESC, observed_at DESC, source DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`,
    ),
    planted: `UPDATE month_file SET title = 'planted' WHERE ${one('month_file', 'true')}`,
  },
  {
    name: 'an event lies in its month',
    doc: 'Its file is that of the month in which it was created.',
    broken: "SELECT id, month, created_at FROM month_file WHERE strftime(created_at, '%Y-%m') <> month",
    planted: `UPDATE month_file SET month = '2020-01' WHERE ${one('month_file', 'true')}`,
  },
  {
    name: 'last seen is said',
    doc: '`observed_at` is the time of the last reading that saw it.',
    broken: apart(
      'SELECT id, created_at, observed_at FROM event',
      'SELECT id, min(created_at), max(observed_at) FROM sight GROUP BY id',
    ),
    planted: `UPDATE month_file SET observed_at = observed_at - INTERVAL 1 MINUTE WHERE ${one('month_file', 'true')}`,
  },
  {
    name: 'the order does not matter',
    doc: 'Other orders, readings that came twice, and two loads at once give the same months.',
    broken: apart('FROM month_file', 'FROM straight'),
    planted: `DELETE FROM straight WHERE ${one('straight', 'true')}`,
  },
]
