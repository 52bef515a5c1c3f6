import { text } from '../core/column.ts'
import { children, entity, list } from '../core/entity.ts'

/** Who is in which group: read group by group, since no method lists all memberships. */
export const group_members = entity({
  name: 'group_members',
  doc: 'Who is in which group. Read group by group; coverage says how old each group’s reading is.',
  kind: 'state',
  read: children(
    list('groups', { item: 'group', since: '2.0', sort: 'name:asc' }),
    'group_id',
    list('groups/{parent}/users', { list: 'users', item: 'user', since: '2.0', sort: 'name:asc' }),
  ),
  key: ['group_id', 'user_id'],
  columns: {
    group_id: text('{parent}', 'LUID of the group').required(),
    user_id: text('@id', 'LUID of the member').required(),
  },
  drop: [
    '@name',
    '@fullName',
    '@email',
    '@siteRole',
    '@lastLogin',
    '@externalAuthUserId',
    '@authSetting',
    '@locale',
    '@language',
    '@idpConfigurationId',
    '@idpConfigurationName',
    '@identityPoolName',
    '@identityPoolUuid',
    '@identityUuid',
    '@identifier',
    '@contentAdmin',
    '@publish',
    '@ownsContent',
    'domain/@name',
  ],
  role: 'SiteAdministratorExplorer',
  belowRole: 'forbidden',
  scope: 'tableau:groups:read',
  help: 'https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_users_and_groups.htm#get_users_in_group',
})
