import { boolean, integer, text } from '../core/column.ts'
import { entity, list } from '../core/entity.ts'

/** Groups of users, local and from a directory. */
export const groups = entity({
  name: 'groups',
  doc: 'Groups of users, local ones and those synchronised from a directory. All Users is always among them.',
  kind: 'state',
  read: list('groups', { item: 'group', since: '2.0', sort: 'name:asc', query: { fields: '_all_' } }),
  key: ['id'],
  columns: {
    id: text('@id', 'LUID of the group').required(),
    name: text('@name', 'Name of the group').required(),
    domain_name: text('domain/@name', 'local, or the Active Directory domain'),
    minimum_site_role: text('@minimumSiteRole', 'Site role that membership grants at least'),
    external_user_enabled: boolean('@externalUserEnabled', 'Whether external users may be members'),
    import_source: text('import/@source', 'Directory it is synchronised from'),
    import_domain_name: text('import/@domainName', 'Domain it is synchronised from'),
    import_site_role: text('import/@siteRole', 'Site role that the synchronisation grants'),
    import_grant_license_mode: text(
      'import/@grantLicenseMode',
      'When the licence is granted: onLogin or onSync',
    ),
    user_count: integer('@userCount', 'Members, as Tableau counts them').extended().volatile(),
  },
  role: 'SiteAdministratorExplorer',
  belowRole: 'forbidden',
  scope: 'tableau:groups:read',
  help: 'https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_users_and_groups.htm#query_groups',
})
