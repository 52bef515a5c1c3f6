import { boolean, integer, listOf, text, timestamp } from '../core/column.ts'
import { entity, list } from '../core/entity.ts'
import { DROPPED_FROM_CONTENT } from './dropped.ts'

/** The sheets, dashboards and stories that people open. */
export const views = entity({
  name: 'views',
  doc: 'Sheets, dashboards and stories of the published workbooks, with their cumulative view count.',
  kind: 'state',
  read: list('views', {
    item: 'view',
    since: '2.2',
    sort: 'createdAt:asc',
    query: { fields: '_all_', includeUsageStatistics: 'true' },
  }),
  key: ['id'],
  columns: {
    id: text('@id', 'LUID of the view').required(),
    name: text('@name', 'Name of the sheet, dashboard or story').required(),
    content_url: text('@contentUrl', 'Its name in addresses'),
    view_url_name: text('@viewUrlName', 'Last part of its address'),
    sheet_type: text('@sheetType', 'worksheet, dashboard or story').extended(),
    hidden: boolean('@hidden', 'Whether it is hidden in its workbook'),
    workbook_id: text('workbook/@id', 'LUID of its workbook').required(),
    project_id: text('project/@id', 'LUID of its project; null in a personal space'),
    location_type: text('location/@type', 'Project or PersonalSpace'),
    location_id: text('location/@id', 'LUID of the project or personal space'),
    owner_id: text('owner/@id', 'LUID of its owner'),
    tags: listOf('tags/tag/@label', 'Tags, sorted'),
    created_at: timestamp('@createdAt', 'When it was created'),
    updated_at: timestamp('@updatedAt', 'When it was last changed'),
    total_view_count: integer(
      'usage/@totalViewCount',
      'Times it was opened since it exists; view_usage has the daily differences',
    ).volatile(),
    favorites_total: integer('@favoritesTotal', 'People who have it among their favourites')
      .extended()
      .volatile(),
    acceleration_enabled: boolean(
      'dataAccelerationConfig/@accelerationEnabled',
      'Whether data acceleration is on',
    ),
    acceleration_status: text(
      'dataAccelerationConfig/@accelerationStatus',
      'State of data acceleration',
    ).volatile(),
  },
  drop: [...DROPPED_FROM_CONTENT, 'workbook/@name', 'workbook/@contentUrl'],
  role: 'SiteAdministratorExplorer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_workbooks_and_views.htm#query_views_for_site',
})
