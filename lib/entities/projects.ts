import { boolean, computed, integer, text, timestamp } from '../core/column.ts'
import { entity, list } from '../core/entity.ts'

interface Node {
  readonly id: string
  readonly name: string
  readonly parent_project_id: string | null
}

/**
 * Names from the top-level project down. Undefined when an ancestor is not in the list (the reading user
 * does not see it) or when the parents form a ring.
 */
function lineage(project: Node, byId: ReadonlyMap<string, Node>): readonly string[] | undefined {
  const names: string[] = []
  for (let node: Node | undefined = project; node !== undefined; ) {
    names.unshift(node.name)
    if (node.parent_project_id === null) return names
    if (names.length > byId.size) return undefined
    node = byId.get(node.parent_project_id)
  }
  return undefined
}

/** Projects: the folders of a site, nested, with whoever locks their permissions. */
export const projects = entity({
  name: 'projects',
  doc: 'Projects, the folders of a site. Names are unique only within a parent; path tells them apart.',
  kind: 'state',
  read: list('projects', {
    item: 'project',
    since: '2.0',
    sort: 'createdAt:asc',
    query: { fields: '_all_' },
  }),
  key: ['id'],
  columns: {
    id: text('@id', 'LUID of the project').required(),
    name: text('@name', 'Name, unique only within its parent').required(),
    path: computed(
      'text',
      'Names from the top-level project down, joined by " / "; null when an ancestor is hidden from the reading user',
    ),
    depth: computed('integer', '1 for a top-level project, one more for each level below; null like path'),
    description: text('@description', 'Description'),
    parent_project_id: text('@parentProjectId', 'LUID of the parent; null at the top level'),
    content_permissions: text(
      '@contentPermissions',
      'ManagedByOwner, LockedToProject or LockedToProjectWithoutNested',
    ),
    controlling_permissions_project_id: text(
      '@controllingPermissionsProjectId',
      'LUID of the locked project whose rules count here',
    ),
    top_level_project: boolean('@topLevelProject', 'Whether it has no parent'),
    writeable: boolean('@writeable', 'Whether the reading user may publish into it'),
    owner_id: text('owner/@id', 'LUID of the owner'),
    created_at: timestamp('@createdAt', 'When it was created'),
    updated_at: timestamp('@updatedAt', 'When it was last changed'),
    favorites_total: integer('@favoritesTotal', 'People who have it among their favourites')
      .extended()
      .volatile(),
    project_count: integer('contentsCounts/@projectCount', 'Projects directly in it').extended().volatile(),
    workbook_count: integer('contentsCounts/@workbookCount', 'Workbooks in it').extended().volatile(),
    view_count: integer('contentsCounts/@viewCount', 'Views in it').extended().volatile(),
    datasource_count: integer('contentsCounts/@datasourceCount', 'Data sources in it').extended().volatile(),
  },
  drop: ['owner/@name', 'owner/@fullName', 'owner/@email', 'owner/@siteRole', 'owner/@lastLogin'],
  complete: (rows) => {
    const byId = new Map<string, Node>(rows.map((row) => [row.id, row]))
    return rows.map((row) => {
      const names = lineage(row, byId)
      return {
        ...row,
        path: names?.join(' / ') ?? null,
        depth: names === undefined ? null : BigInt(names.length),
      }
    })
  },
  role: 'SiteAdministratorExplorer',
  belowRole: 'narrowed',
  scope: 'tableau:content:read',
  help: 'https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_projects.htm#query_projects',
})
