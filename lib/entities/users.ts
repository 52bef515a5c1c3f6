import { boolean, text, timestamp } from '../core/column.ts'
import { entity, list } from '../core/entity.ts'

/** Everybody on the site. The only entity that holds people's names and addresses. */
export const users = entity({
  name: 'users',
  doc: 'Everybody on the site, with site role and last login. The only table that holds names and e-mail addresses.',
  kind: 'state',
  read: list('users', {
    item: 'user',
    since: '2.0',
    sort: 'name:asc',
    // Without includeUserCount the announced total was seen to be wrong on a Cloud site of 27,000 users (tableau-mcp pull request 367).
    query: { fields: '_all_', includeUserCount: 'true' },
  }),
  key: ['id'],
  columns: {
    id: text('@id', 'LUID of the user').required(),
    name: text('@name', 'Login name').required().personal(),
    full_name: text('@fullName', 'Display name').extended().personal(),
    email: text('@email', 'E-mail address').extended().personal(),
    domain_name: text('domain/@name', 'Active Directory domain, or local').extended(),
    site_role: text('@siteRole', 'Site role: what the licence allows at most').required(),
    auth_setting: text('@authSetting', 'How the user signs in').extended(),
    idp_configuration_id: text('@idpConfigurationId', 'LUID of the identity provider’s configuration')
      .extended()
      .introducedIn('3.24'),
    idp_configuration_name: text('@idpConfigurationName', 'Name of the identity provider’s configuration')
      .extended()
      .introducedIn('3.24'),
    identity_pool_name: text('@identityPoolName', 'Identity pool').extended().introducedIn('3.19'),
    identity_pool_uuid: text('@identityPoolUuid', 'Id of the identity pool').extended().introducedIn('3.19'),
    identity_uuid: text('@identityUuid', 'Id of the identity within its pool')
      .extended()
      .introducedIn('3.19'),
    identifier: text('@identifier', 'Name within the identity pool')
      .extended()
      .personal()
      .introducedIn('3.19'),
    external_auth_user_id: text('@externalAuthUserId', 'Id with the external identity provider').personal(),
    locale: text('@locale', 'Locale').extended(),
    language: text('@language', 'Language').extended(),
    content_admin: boolean('@contentAdmin', 'Older servers: manages content'),
    publish: boolean('@publish', 'Older servers: may publish'),
    owns_content: boolean('@ownsContent', 'Owns content').extended().volatile(),
    last_login: timestamp('@lastLogin', 'Last sign-in; null when there was none').volatile(),
  },
  role: 'SiteAdministratorExplorer',
  belowRole: 'forbidden',
  scope: 'tableau:users:read',
  help: 'https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_users_and_groups.htm#get_users_on_site',
})
