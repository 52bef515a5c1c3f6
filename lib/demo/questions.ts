import { addDays, type Day } from '../core/day.ts'
import { literal } from '../engine/sql.ts'

/** An item by its LUID, with its name. */
export interface Named {
  readonly id: string
  readonly name: string
}

/** What the questions are about, found in the warehouse. */
export interface DemoFacts {
  readonly firstDay: Day
  readonly lastDay: Day
  /** A day in the past. */
  readonly pastDay: Day
  /** The group that lost most members since `pastDay`; undefined when none lost any. */
  readonly group: Named | undefined
  /** The workbook that changed hands, place or name most often; undefined when none did. */
  readonly workbook: Named | undefined
}

/** A question that only history can answer. The SQL is what runs, and what is shown. */
export interface DemoQuestion {
  readonly title: string
  readonly sql: string
}

/** The day that questions about the past ask for: two weeks before the last, and no earlier than the first. */
export const pastDayOf = (firstDay: Day, lastDay: Day): Day => {
  const day = addDays(lastDay, -14)
  return day < firstDay ? firstDay : day
}

/** Finds the group; one row of id and name. */
export const groupSql = (pastDay: Day): string =>
  `SELECT g.id, g.name FROM group_members_at(DATE ${literal(pastDay)}) m JOIN groups g ON g.site = m.site AND g.id = m.group_id
ANTI JOIN group_members n ON n.site = m.site AND n.group_id = m.group_id AND n.user_id = m.user_id
GROUP BY g.site, g.id, g.name ORDER BY count(*) DESC, g.id LIMIT 1`

/** Finds the workbook; one row of id and name. */
export const WORKBOOK_SQL = `SELECT w.id, w.name FROM workbooks w JOIN workbooks_changes c ON c.site = w.site AND c.id = w.id
WHERE c."column" IN ('owner_id', 'name', 'project_id') GROUP BY w.site, w.id, w.name ORDER BY count(*) DESC, w.id LIMIT 1`

/** Finds the first and the last day; one row. */
export const DAYS_SQL = 'SELECT min(dt)::VARCHAR, max(dt)::VARCHAR FROM workbooks_snapshots'

const growth: DemoQuestion = {
  title: 'How did the site grow? (every Sunday)',
  sql: `SELECT dt AS day, count(*) AS workbooks, count(DISTINCT owner_id) AS owners, sum(size_mb) AS mb
FROM workbooks_snapshots
WHERE dayofweek(dt) = 0
GROUP BY dt ORDER BY dt DESC LIMIT 5`,
}

const owners: DemoQuestion = {
  title: 'Which workbooks changed hands, when, from whom to whom?',
  sql: `SELECT c.changed_on, c.name AS workbook, b.full_name AS owner_before, a.full_name AS owner_after
FROM workbooks_changes c
JOIN users_history b ON b.site = c.site AND b.id = c.old_value AND c.changed_on > b.valid_from AND (b.valid_to IS NULL OR c.changed_on <= b.valid_to)
JOIN users_history a ON a.site = c.site AND a.id = c.new_value AND c.changed_on >= a.valid_from AND (a.valid_to IS NULL OR c.changed_on < a.valid_to)
WHERE c."column" = 'owner_id'
ORDER BY c.changed_on DESC, workbook LIMIT 5`,
}

const deleted: DemoQuestion = {
  title: 'Which workbooks were deleted, when, and whose were they?',
  sql: `SELECT w.valid_to AS deleted_on, w.name AS workbook, u.full_name AS owner, w.updated_at::DATE AS last_edited
FROM workbooks_history w
LEFT JOIN users_history u ON u.site = w.site AND u.id = w.owner_id AND w.gone_after >= u.valid_from AND (u.valid_to IS NULL OR w.gone_after < u.valid_to)
WHERE w.gone_after IS NOT NULL
ORDER BY deleted_on DESC, workbook LIMIT 5`,
}

const leavers: DemoQuestion = {
  title: 'Who lost the licence and still owns workbooks?',
  sql: `SELECT u.full_name AS leaver, c.left_on, count(*) AS workbooks, sum(w.size_mb) AS mb
FROM workbooks w
JOIN users u ON u.site = w.site AND u.id = w.owner_id AND u.site_role = 'Unlicensed'
JOIN (SELECT site, id, max(changed_on) AS left_on FROM users_changes WHERE new_value = 'Unlicensed' GROUP BY site, id) c
  ON c.site = u.site AND c.id = u.id
GROUP BY u.site, u.id, leaver, left_on
ORDER BY left_on DESC, leaver LIMIT 5`,
}

const unopened: DemoQuestion = {
  title: 'Which views has nobody opened for longest?',
  sql: `SELECT w.name AS workbook, v.name AS view, max(u.dt) FILTER (u.delta > 0) AS last_opened, v.total_view_count AS opened_ever
FROM view_usage u
JOIN views v ON v.site = u.site AND v.id = u.view_id
JOIN workbooks w ON w.site = v.site AND w.id = v.workbook_id
GROUP BY v.site, v.id, workbook, view, opened_ever HAVING count(u.delta) >= 14
ORDER BY last_opened NULLS FIRST, workbook LIMIT 5`,
}

const members = (group: Named, pastDay: Day): DemoQuestion => ({
  title: `Who was in the group “${group.name}” on ${pastDay}, and is not today?`,
  sql: `SELECT u.full_name AS member, u.site_role AS role_then
FROM group_members_at(DATE ${literal(pastDay)}) m
JOIN users_at(DATE ${literal(pastDay)}) u ON u.site = m.site AND u.id = m.user_id
ANTI JOIN group_members n ON n.site = m.site AND n.group_id = m.group_id AND n.user_id = m.user_id
WHERE m.group_id = ${literal(group.id)}
ORDER BY member LIMIT 5`,
})

/** The demo's questions, in the order of telling. */
export const questionsFor = ({ group, pastDay }: DemoFacts): readonly DemoQuestion[] => [
  growth,
  owners,
  deleted,
  leavers,
  unopened,
  ...(group === undefined ? [] : [members(group, pastDay)]),
]
