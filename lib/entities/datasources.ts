import { boolean, integer, listOf, text, timestamp } from '../core/column.ts'
import { entity, list } from '../core/entity.ts'
import { DROPPED_FROM_CONTENT } from './dropped.ts'

/** Published data sources; those embedded in workbooks are not listed by this method. */
export const datasources = entity({
  name: 'datasources',
  doc: 'Published data sources. Those embedded in workbooks are not among them.',
  kind: 'state',
  read: list('datasources', {
    item: 'datasource',
    since: '2.0',
    sort: 'createdAt:asc',
    query: { fields: '_all_' },
  }),
  key: ['id'],
  columns: {
    id: text('@id', 'LUID of the data source').required(),
    name: text('@name', 'Name, unique only within its project').required(),
    description: text('@description', 'Description'),
    content_url: text('@contentUrl', 'Its name in addresses'),
    webpage_url: text('@webpageUrl', 'Address of its page'),
    type: text('@type', 'Kind of connection, such as sqlserver or excel-direct'),
    project_id: text('project/@id', 'LUID of its project; null in a personal space'),
    location_type: text('location/@type', 'Project or PersonalSpace'),
    location_id: text('location/@id', 'LUID of the project or personal space'),
    owner_id: text('owner/@id', 'LUID of its owner').required(),
    is_certified: boolean('@isCertified', 'Whether it is certified'),
    certification_note: text('@certificationNote', 'Why it is certified'),
    use_remote_query_agent: boolean('@useRemoteQueryAgent', 'Whether queries go through Tableau Bridge'),
    encrypt_extracts: text('@encryptExtracts', 'Whether its extracts are encrypted at rest'),
    has_extracts: boolean('@hasExtracts', 'Whether it is an extract').extended(),
    has_alert: boolean('@hasAlert', 'Whether a data-driven alert hangs on it').extended().volatile(),
    has_semantic_layer_connection: boolean(
      '@hasSemanticLayerConnection',
      'Whether it reads a semantic layer',
    ).extended(),
    is_published: boolean('@isPublished', 'Whether it is published').extended(),
    server_name: text('@serverName', 'Database host').extended(),
    database_name: text('@databaseName', 'Database').extended(),
    parent_type: text('@parentType', 'What it belongs to').extended(),
    size_mb: integer('@size', 'Size in megabytes, as Tableau reports it').volatile(),
    connected_workbooks_count: integer('@connectedWorkbooksCount', 'Workbooks connected to it')
      .extended()
      .volatile(),
    favorites_total: integer('@favoritesTotal', 'People who have it among their favourites')
      .extended()
      .volatile(),
    tags: listOf('tags/tag/@label', 'Tags, sorted'),
    created_at: timestamp('@createdAt', 'When it was first published'),
    updated_at: timestamp('@updatedAt', 'When it was last published or edited'),
  },
  drop: DROPPED_FROM_CONTENT,
  role: 'SiteAdministratorExplorer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_data_sources.htm#query_data_sources',
})
