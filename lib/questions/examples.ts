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
      sql: `SELECT changed_on, "column", old_value, new_value
FROM site_changes WHERE kind = 'changed' ORDER BY changed_on DESC`,
    },
    {
      asks: 'How did storage grow?',
      sql: 'SELECT dt, usage_storage_mb FROM site_snapshots ORDER BY dt',
    },
  ],
  users: [
    {
      asks: 'Who left, and what do they still own?',
      sql: `SELECT gone.name, gone.changed_on AS left_on, count(*) AS workbooks
FROM users_changes AS gone JOIN workbooks ON workbooks.site = gone.site AND workbooks.owner_id = gone.id
WHERE gone.kind = 'gone' GROUP BY gone.name, gone.changed_on ORDER BY workbooks DESC`,
    },
    {
      asks: 'How many licences of each kind were in use on the first of November?',
      sql: `SELECT site_role, count(*) AS people
FROM users_at(DATE '2026-11-01') GROUP BY site_role ORDER BY people DESC`,
    },
  ],
  groups: [
    {
      asks: 'Which groups came, went or were renamed?',
      sql: `SELECT changed_on, kind, name, old_value, new_value
FROM groups_changes WHERE kind <> 'changed' OR "column" = 'name' ORDER BY changed_on DESC`,
    },
    {
      asks: 'Which groups have nobody in them?',
      sql: `SELECT groups.name FROM groups
WHERE NOT EXISTS (SELECT 1 FROM group_members AS m WHERE m.site = groups.site AND m.group_id = groups.id)`,
    },
  ],
  group_members: [
    {
      asks: 'Who was in a group on a past day?',
      sql: `SELECT groups.name AS group_name, users.name AS member
FROM group_members_at(DATE '2026-11-01') AS m
JOIN groups_at(DATE '2026-11-01') AS groups ON groups.site = m.site AND groups.id = m.group_id
JOIN users_at(DATE '2026-11-01') AS users ON users.site = m.site AND users.id = m.user_id
ORDER BY group_name, member LIMIT 20`,
    },
    {
      asks: 'Who joined or left a group lately?',
      sql: `SELECT c.changed_on, c.kind, groups.name AS group_name, c.user_id
FROM group_members_changes AS c JOIN groups ON groups.site = c.site AND groups.id = c.group_id
ORDER BY c.changed_on DESC LIMIT 20`,
    },
  ],
  projects: [
    {
      asks: 'Which projects moved to another place in the tree?',
      sql: `SELECT changed_on, old_value AS was, new_value AS is_now
FROM projects_changes WHERE kind = 'changed' AND "column" = 'path' ORDER BY changed_on DESC`,
    },
    {
      asks: 'Where were permissions unlocked?',
      sql: `SELECT changed_on, name, old_value, new_value
FROM projects_changes WHERE "column" = 'content_permissions' AND old_value LIKE 'Locked%'`,
    },
  ],
  workbooks: [
    {
      asks: 'Which workbooks changed hands, and from whom to whom?',
      sql: `SELECT changed_on, name, old_value AS owner_before, new_value AS owner_after
FROM workbooks_changes WHERE "column" = 'owner_id' ORDER BY changed_on DESC`,
    },
    {
      asks: 'Which workbooks were deleted, when, and whose were they?',
      sql: `SELECT w.valid_to AS deleted_on, w.name AS workbook, u.full_name AS owner
FROM workbooks_history AS w LEFT JOIN users_history AS u ON u.site = w.site AND u.id = w.owner_id
  AND w.gone_after >= u.valid_from AND (u.valid_to IS NULL OR w.gone_after < u.valid_to)
WHERE w.gone_after IS NOT NULL ORDER BY deleted_on DESC, workbook`,
    },
  ],
  views: [
    {
      asks: 'Which views were opened most in the last seven days that were read?',
      sql: `SELECT views.name, sum(view_usage.delta) AS opened
FROM view_usage JOIN views ON views.site = view_usage.site AND views.id = view_usage.view_id
WHERE view_usage.dt > (SELECT max(dt) FROM views_snapshots) - INTERVAL '7' DAY
GROUP BY views.name ORDER BY opened DESC LIMIT 20`,
    },
    {
      asks: 'How many views were there on each day?',
      sql: 'SELECT dt, count(*) AS views FROM views_snapshots GROUP BY dt ORDER BY dt',
    },
  ],
  datasources: [
    {
      asks: 'Which data sources won or lost their certification?',
      sql: `SELECT changed_on, name, old_value, new_value
FROM datasources_changes WHERE "column" = 'is_certified' ORDER BY changed_on DESC`,
    },
    {
      asks: 'Which kinds of connection were in use on the first of November?',
      sql: `SELECT type, count(*) AS datasources
FROM datasources_at(DATE '2026-11-01') GROUP BY type ORDER BY datasources DESC`,
    },
  ],
  jobs: [
    {
      asks: 'How many refreshes failed on each day?',
      sql: `SELECT CAST(created_at AS DATE) AS day, count(*) FILTER (WHERE status = 'Failed') AS failed, count(*) AS jobs
FROM jobs GROUP BY 1 ORDER BY day`,
    },
    {
      asks: 'Which jobs waited longest before they began?',
      sql: `SELECT title, created_at, started_at - created_at AS waited
FROM jobs WHERE started_at IS NOT NULL ORDER BY waited DESC LIMIT 20`,
    },
  ],
}

const OF_VIEW: Readonly<Record<string, readonly [Example, Example]>> = {
  view_usage: [
    {
      asks: 'Which views has nobody opened since they are watched?',
      sql: `SELECT views.name, max(view_usage.total_view_count) AS opened_ever
FROM view_usage JOIN views ON views.site = view_usage.site AND views.id = view_usage.view_id
GROUP BY views.name HAVING coalesce(sum(view_usage.delta), 0) = 0 LIMIT 20`,
    },
    {
      asks: 'How much is the site used from day to day?',
      sql: 'SELECT dt, sum(delta) AS opened FROM view_usage GROUP BY dt ORDER BY dt',
    },
  ],
}

/** The questions on the page of what the runs left behind. */
export const RUN_EXAMPLES: readonly [Example, Example] = [
  {
    asks: 'On which days was something not complete, and why?',
    sql: `SELECT dt, entity, verdict, expected, fetched, reason
FROM run_entities WHERE verdict <> 'complete' ORDER BY dt DESC`,
  },
  {
    asks: 'For which groups does last night’s reading not count?',
    sql: `SELECT dt, parent_id, verdict, observed_on
FROM coverage WHERE entity = 'group_members' AND observed_on IS DISTINCT FROM dt ORDER BY dt DESC`,
  },
]

/** What any entity can be asked: for those without questions of their own. */
function derived({ name, kind }: Entity): readonly [Example, Example] {
  if (kind === 'event') {
    return [
      { asks: 'How many are there?', sql: `SELECT site, count(*) AS rows FROM ${name} GROUP BY site` },
      { asks: 'What was read last?', sql: `SELECT * FROM ${name} ORDER BY observed_at DESC LIMIT 20` },
    ]
  }
  return [
    { asks: 'What changed lately?', sql: `SELECT * FROM ${name}_changes ORDER BY changed_on DESC LIMIT 20` },
    {
      asks: 'How many were there on each day?',
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
    { asks: 'What does it hold?', sql: `SELECT * FROM ${name} LIMIT 20` },
    { asks: 'How much does it hold?', sql: `SELECT count(*) AS rows FROM ${name}` },
  ]
