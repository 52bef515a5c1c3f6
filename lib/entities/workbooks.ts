import { boolean, integer, listOf, text, timestamp } from '../core/column.ts'
import { entity, list } from '../core/entity.ts'
import { DROPPED_FROM_CONTENT } from './dropped.ts'

/** Published workbooks, those in personal spaces too. */
export const workbooks = entity({
  name: 'workbooks',
  doc: 'Published workbooks, those in personal spaces too (these have no project).',
  kind: 'state',
  read: list('workbooks', {
    item: 'workbook',
    since: '2.3',
    sort: 'createdAt:asc',
    query: { fields: '_all_' },
  }),
  key: ['id'],
  columns: {
    id: text('@id', 'LUID of the workbook').required(),
    name: text('@name', 'Name, unique only within its project').required(),
    description: text('@description', 'Description'),
    content_url: text('@contentUrl', 'Its name in addresses'),
    webpage_url: text('@webpageUrl', 'Address of its page'),
    project_id: text('project/@id', 'LUID of its project; null in a personal space'),
    location_type: text('location/@type', 'Project or PersonalSpace'),
    location_id: text('location/@id', 'LUID of the project or personal space'),
    owner_id: text('owner/@id', 'LUID of its owner').required(),
    show_tabs: boolean('@showTabs', 'Whether its views are shown as tabs'),
    size_mb: integer('@size', 'Size in megabytes, as Tableau reports it').volatile(),
    sheet_count: integer('@sheetCount', 'Sheets in it').extended(),
    has_extracts: boolean('@hasExtracts', 'Whether it holds an extract').extended(),
    encrypt_extracts: text('@encryptExtracts', 'Whether its extracts are encrypted at rest'),
    default_view_id: text('@defaultViewId', 'LUID of the view it opens with'),
    acceleration_enabled: boolean(
      'dataAccelerationConfig/@accelerationEnabled',
      'Whether data acceleration is on',
    ),
    acceleration_status: text(
      'dataAccelerationConfig/@accelerationStatus',
      'State of data acceleration',
    ).volatile(),
    share_description: text('@shareDescription', 'Description shown when it is shared').extended(),
    tags: listOf('tags/tag/@label', 'Tags, sorted'),
    created_at: timestamp('@createdAt', 'When it was first published'),
    updated_at: timestamp('@updatedAt', 'When it was last published or edited'),
    last_published_at: timestamp('@lastPublishedAt', 'When it was last published').extended(),
  },
  drop: DROPPED_FROM_CONTENT,
  role: 'SiteAdministratorExplorer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_workbooks_and_views.htm#query_workbooks_for_site',
})
