import type { Entity } from '../core/entity.ts'

/** A question, and SQL that answers it: in words that DuckDB and Trino share, but for tables as of a day, `t_at(DATE '…')`. */
export interface Example {
  readonly asks: string
  readonly sql: string
}

const OF_ENTITY: Readonly<Record<string, readonly [Example, Example]>> = {
  site: [
    {
      asks: 'Which settings of the site were changed, and when?',
      sql: `SELECT site, changed_on, "column", old_value, new_value
FROM site_changes WHERE kind = 'changed' ORDER BY changed_on DESC`,
    },
    {
      asks: 'How did storage grow?',
      sql: 'SELECT site, dt, usage_storage_mb FROM site_snapshots ORDER BY site, dt',
    },
  ],
  users: [
    {
      asks: 'Who left and did not return, and how many workbooks do they still own?',
      sql: `SELECT u.site, u.id, u.name, u.valid_to AS left_on, count(w.id) AS workbooks
FROM users_history AS u LEFT JOIN workbooks AS w ON w.site = u.site AND w.owner_id = u.id
WHERE u.gone_after IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM users_history AS later WHERE later.site = u.site AND later.id = u.id AND later.valid_from > u.valid_from)
GROUP BY u.site, u.id, u.name, u.valid_to ORDER BY workbooks DESC`,
    },
    {
      asks: 'How many people had each site role on the first of November?',
      sql: `SELECT site, site_role, count(*) AS people
FROM users_at(DATE '2026-11-01') GROUP BY site, site_role ORDER BY site, people DESC`,
    },
  ],
  groups: [
    {
      asks: 'Which groups came, went or were renamed?',
      sql: `SELECT site, changed_on, kind, name, old_value, new_value
FROM groups_changes WHERE changed_after IS NOT NULL AND (kind <> 'changed' OR "column" = 'name')
ORDER BY changed_on DESC`,
    },
    {
      asks: 'Which groups had nobody in them when their members were last read?',
      sql: `SELECT g.site, g.id, g.name, c.observed_on AS read_on
FROM groups AS g
JOIN (SELECT site, max(dt) AS dt FROM coverage WHERE entity = 'group_members' GROUP BY site) AS newest ON newest.site = g.site
JOIN coverage AS c ON c.entity = 'group_members' AND c.site = newest.site AND c.dt = newest.dt AND c.parent_id = g.id
WHERE c.verdict = 'read'
  AND NOT EXISTS (SELECT 1 FROM group_members AS m WHERE m.site = g.site AND m.group_id = g.id)
ORDER BY g.site, g.name`,
    },
  ],
  group_members: [
    {
      asks: 'Who was in which group on the first of November, the first twenty by group?',
      sql: `SELECT m.site, groups.name AS group_name, users.name AS member
FROM group_members_at(DATE '2026-11-01') AS m
JOIN groups_at(DATE '2026-11-01') AS groups ON groups.site = m.site AND groups.id = m.group_id
JOIN users_at(DATE '2026-11-01') AS users ON users.site = m.site AND users.id = m.user_id
ORDER BY m.site, group_name, member LIMIT 20`,
    },
    {
      asks: 'Which were the last twenty times that somebody joined or left a group?',
      sql: `SELECT c.site, c.changed_on, c.kind, g.group_name, c.group_id, c.user_id
FROM group_members_changes AS c
LEFT JOIN (SELECT site, id, max_by(name, valid_from) AS group_name FROM groups_history GROUP BY site, id) AS g
  ON g.site = c.site AND g.id = c.group_id
WHERE c.changed_after IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM coverage AS unread WHERE unread.entity = 'group_members' AND unread.site = c.site
    AND unread.parent_id = c.group_id AND unread.dt = c.changed_after AND unread.observed_on IS NULL)
ORDER BY c.changed_on DESC LIMIT 20`,
    },
  ],
  projects: [
    {
      asks: 'Which projects have another path since they, or a project above them, were moved or renamed?',
      sql: `SELECT site, changed_on, old_value AS was, new_value AS is_now
FROM projects_changes WHERE kind = 'changed' AND "column" = 'path' ORDER BY changed_on DESC`,
    },
    {
      asks: 'Where were permissions unlocked?',
      sql: `SELECT site, changed_on, id, name, old_value, new_value
FROM projects_changes
WHERE "column" = 'content_permissions' AND old_value LIKE 'Locked%' AND new_value NOT LIKE 'Locked%'
ORDER BY changed_on DESC`,
    },
  ],
  workbooks: [
    {
      asks: 'Which workbooks changed hands, and from whom to whom?',
      sql: `SELECT site, changed_on, name, old_value AS owner_before, new_value AS owner_after
FROM workbooks_changes WHERE "column" = 'owner_id' ORDER BY changed_on DESC`,
    },
    {
      asks: 'Which workbooks were deleted, when, and whose were they?',
      sql: `SELECT w.site, w.valid_to AS deleted_on, w.name AS workbook, u.full_name AS owner
FROM workbooks_history AS w LEFT JOIN users_history AS u ON u.site = w.site AND u.id = w.owner_id
  AND w.gone_after >= u.valid_from AND (u.valid_to IS NULL OR w.gone_after < u.valid_to)
WHERE w.gone_after IS NOT NULL ORDER BY deleted_on DESC, workbook`,
    },
  ],
  views: [
    {
      asks: 'Which twenty views were opened most in the week up to the last reading of their site, counted over how many days?',
      sql: `SELECT v.site, v.id, v.name, sum(u.delta) AS opened, sum(u.days) AS over_days
FROM view_usage AS u JOIN views AS v ON v.site = u.site AND v.id = u.view_id
WHERE u.dt > v.as_of - INTERVAL '7' DAY
GROUP BY v.site, v.id, v.name HAVING sum(u.delta) > 0 ORDER BY opened DESC LIMIT 20`,
    },
    {
      asks: 'How many views were there on each complete day that had any?',
      sql: 'SELECT site, dt, count(*) AS how_many FROM views_snapshots GROUP BY site, dt ORDER BY site, dt',
    },
  ],
  datasources: [
    {
      asks: 'Which data sources won or lost their certification?',
      sql: `SELECT site, changed_on, name, old_value, new_value
FROM datasources_changes WHERE "column" = 'is_certified' ORDER BY changed_on DESC`,
    },
    {
      asks: 'Which kinds of connection were in use on the first of November?',
      sql: `SELECT site, type, count(*) AS datasources
FROM datasources_at(DATE '2026-11-01') GROUP BY site, type ORDER BY site, datasources DESC`,
    },
  ],
  jobs: [
    {
      asks: 'How many refreshes of extracts failed, of those queued on each day of UTC?',
      sql: `SELECT site, CAST(created_at AS DATE) AS day, count(*) FILTER (WHERE status = 'Failed') AS failed, count(*) AS refreshes
FROM jobs WHERE job_type LIKE 'refresh_extracts%' OR job_type LIKE 'increment_extracts%'
GROUP BY 1, 2 ORDER BY site, day`,
    },
    {
      asks: 'Which twenty jobs waited longest before they began?',
      sql: `SELECT site, title, created_at, started_at - created_at AS waited
FROM jobs WHERE started_at IS NOT NULL ORDER BY waited DESC LIMIT 20`,
    },
  ],
}

const OF_VIEW: Readonly<Record<string, readonly [Example, Example]>> = {
  view_usage: [
    {
      asks: 'Which views was nobody seen to open since they are watched, and for how many days is that?',
      sql: `SELECT v.site, v.id, v.name, max(u.total_view_count) AS opened_ever, sum(u.days) AS watched_days
FROM view_usage AS u JOIN views AS v ON v.site = u.site AND v.id = u.view_id
GROUP BY v.site, v.id, v.name HAVING count(u.delta) > 0 AND sum(u.delta) = 0
ORDER BY v.site, v.name, v.id`,
    },
    {
      asks: 'How much is each site used from one reading to the next, and how many days lie between them?',
      sql: `SELECT site, dt, days, sum(delta) AS opened
FROM view_usage WHERE delta IS NOT NULL GROUP BY site, dt, days ORDER BY site, dt, days`,
    },
  ],
}

/** How a null of a snapshot that nobody knows is told from one that was read. */
export const UNKNOWN_EXAMPLE: Example = {
  asks: 'Whose full name is null in a snapshot because that day was not sent it, and what was it when last known?',
  sql: `SELECT s.site, s.dt, s.id, h.full_name AS last_known
FROM users_snapshots AS s JOIN users_history AS h ON h.site = s.site AND h.id = s.id
  AND h.valid_from <= s.dt AND (h.valid_to IS NULL OR h.valid_to > s.dt)
WHERE s.full_name IS NULL AND (h.full_name IS NOT NULL OR contains(h.unknown, 'full_name'))
ORDER BY s.site, s.dt, s.id`,
}

/** The questions on the page of what the runs left behind. */
export const RUN_EXAMPLES: readonly [Example, Example] = [
  {
    asks: 'What did no run of its day commit, whatever was accepted or read again later, and why?',
    sql: `SELECT r.site, r.dt, r.entity, r.run, r.verdict, r.expected, r.fetched, r.reason
FROM run_entities AS r
WHERE r.verdict NOT IN ('complete', 'unsupported') AND NOT EXISTS (
  SELECT 1 FROM run_entities AS c WHERE c.site = r.site AND c.dt = r.dt AND c.entity = r.entity AND c.verdict = 'complete')
ORDER BY r.dt DESC, r.site, r.entity`,
  },
  {
    asks: 'The members of which groups are older than the last complete day of their site?',
    sql: `SELECT c.site, c.dt, c.parent_id, c.verdict, c.observed_on
FROM coverage AS c
JOIN (SELECT site, max(dt) AS dt FROM coverage WHERE entity = 'group_members' GROUP BY site) AS newest
  ON newest.site = c.site AND newest.dt = c.dt
WHERE c.entity = 'group_members' AND c.observed_on IS DISTINCT FROM c.dt ORDER BY c.site, c.parent_id`,
  },
]

/** What any entity can be asked: for those without questions of their own. */
function derived({ name, kind }: Entity): readonly [Example, Example] {
  if (kind === 'event') {
    return [
      {
        asks: 'How many are there of each site that has any?',
        sql: `SELECT site, count(*) AS rows FROM ${name} GROUP BY site`,
      },
      {
        asks: 'Which twenty were read last?',
        sql: `SELECT * FROM ${name} ORDER BY observed_at DESC LIMIT 20`,
      },
    ]
  }
  return [
    {
      asks: 'Which were the last twenty changes?',
      sql: `SELECT * FROM ${name}_changes ORDER BY changed_on DESC LIMIT 20`,
    },
    {
      asks: 'How many were there on each complete day that had any?',
      sql: `SELECT site, dt, count(*) AS rows FROM ${name}_snapshots GROUP BY site, dt ORDER BY site, dt`,
    },
  ]
}

/** Two questions for the page of an entity. */
export const examplesOf = (entity: Entity): readonly [Example, Example] =>
  OF_ENTITY[entity.name] ?? derived(entity)

/** Two questions for the page of a derived view. */
export const viewExamples = (name: string): readonly [Example, Example] =>
  OF_VIEW[name] ?? [
    { asks: 'What are twenty of its rows?', sql: `SELECT * FROM ${name} LIMIT 20` },
    { asks: 'How much does it hold?', sql: `SELECT count(*) AS rows FROM ${name}` },
  ]
