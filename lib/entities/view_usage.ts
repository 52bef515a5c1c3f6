import type { DerivedView } from '../core/derived.ts'

/** How often each view was opened from one reading to the next. */
export const view_usage: DerivedView = {
  name: 'view_usage',
  doc: 'How often each view was opened between two readings. Tableau counts from the view’s beginning; this has the differences.',
  over: ['views_snapshots'],
  columns: {
    site: ['text', 'Slug of the site'],
    dt: ['date', 'The day of the reading'],
    view_id: ['text', 'LUID of the view'],
    workbook_id: ['text', 'LUID of its workbook'],
    total_view_count: ['integer', 'Times it was opened since it exists'],
    delta: [
      'integer',
      'Times it was opened since the reading before; after a reset, since the reset; null for the first reading',
    ],
    days: ['integer', 'Days since the reading before; null for the first'],
    is_reset: ['boolean', 'Whether the count went down: it was reset, not un-opened'],
  },
  sql: `SELECT site, dt, id AS view_id, workbook_id, total_view_count,
      CASE WHEN before IS NULL THEN NULL WHEN total_view_count < before THEN total_view_count ELSE total_view_count - before END AS delta,
      date_diff('day', before_dt, dt) AS days, coalesce(total_view_count < before, false) AS is_reset
    FROM (SELECT site, dt, id, workbook_id, total_view_count,
        lag(total_view_count) OVER w AS before, lag(dt) OVER w AS before_dt
      FROM views_snapshots WHERE total_view_count IS NOT NULL WINDOW w AS (PARTITION BY site, id ORDER BY dt))`,
}
