import { cast, isNotOf } from '../core/cast.ts'
import { type Cell, computed, integer, text, timestamp } from '../core/column.ts'
import { entity, list } from '../core/entity.ts'
import { AlmanacError } from '../core/errors.ts'
import { redacted } from '../core/redact.ts'

/** The list's words for the finish codes of a single job; 3 was seen for jobs that completed. */
const STATUS_OF: Readonly<Record<string, string>> = {
  '0': 'Success',
  '1': 'Failed',
  '2': 'Cancelled',
  '3': 'Success',
}

/** Throws `bad-row` for a code that is no integer. */
function finishCode(id: string, code: string): Cell {
  const value = cast('integer', code)
  if (!isNotOf(value)) return value
  throw new AlmanacError('bad-row', `jobs.finish_code of ${redacted(id)}: "${redacted(code)}" is no integer`)
}

/** Background jobs: extract refreshes, flow runs, subscriptions. Tableau forgets them after weeks; the warehouse does not. */
export const jobs = entity({
  name: 'jobs',
  doc: 'Background jobs: extract refreshes, flow runs, subscriptions. Tableau forgets them after weeks; here they stay.',
  kind: 'event',
  read: list('jobs', { list: 'backgroundJobs', item: 'backgroundJob', since: '3.1', sort: 'createdAt:asc' }),
  key: ['id'],
  columns: {
    id: text('@id', 'LUID of the job').required(),
    job_type: text('@jobType', 'Kind of work, such as refresh_extracts'),
    status: text(
      '@status',
      'Pending, InProgress, Success, Failed or Cancelled; Unknown when it ended and Tableau does not say how, Lost when Tableau forgot it unfinished',
    ),
    title: text('@title', 'What it works on'),
    subtitle: text('@subtitle', 'What kind of item that is'),
    priority: integer('@priority', '0 is first, 100 is last'),
    created_at: timestamp('@createdAt', 'When it was queued').required(),
    started_at: timestamp('@startedAt', 'When it began'),
    ended_at: timestamp('@endedAt', 'When it ended; null while it has not'),
    finish_code: computed(
      'integer',
      '0 success, 1 failed, 2 cancelled; known for jobs that were asked for one by one',
    ),
  },
  // `@type` is the by-id answer's own word for the kind (RefreshExtract); the list's (refresh_extracts) is known by then.
  drop: ['@type', '@finishCode', '@mode', '@progress', '@updatedAt'],
  event: {
    windowField: 'createdAt',
    createdColumn: 'created_at',
    endedColumn: 'ended_at',
    byId: { path: 'jobs/{id}', item: 'job', since: '3.1', gone: '404018' },
    byIdFrom: { ended_at: '@completedAt' },
    // A job that still runs can already carry a finish code (a fixture of server-client-python shows 1): the end decides first.
    settle: (row, item) => {
      const code = String(item['@finishCode'] ?? '')
      const ended = row['ended_at'] !== null
      return {
        ...row,
        status: ended ? (STATUS_OF[code] ?? 'Unknown') : row['started_at'] == null ? null : 'InProgress',
        finish_code: ended && code !== '' ? finishCode(String(row['id']), code) : null,
      }
    },
    lost: { status: 'Lost' },
  },
  role: 'SiteAdministratorExplorer',
  belowRole: 'forbidden',
  scope: 'tableau:jobs:read',
  help: 'https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_jobs_tasks_and_schedules.htm#query_jobs',
})
