import { expect, test } from 'vitest'
import { seesAll } from '../../lib/core/role.ts'

test.each([
  ['SiteAdministratorExplorer', 'SiteAdministratorExplorer', true],
  ['SiteAdministratorCreator', 'SiteAdministratorExplorer', true],
  ['ServerAdministrator', 'SiteAdministratorExplorer', true],
  ['SiteAdministrator', 'SiteAdministratorExplorer', true],
  ['SiteAdministratorExplorer', 'SiteAdministratorCreator', false],
  ['SiteAdministratorCreator', 'ServerAdministrator', false],
  ['Creator', 'SiteAdministratorExplorer', false],
  ['Viewer', 'SiteAdministratorExplorer', false],
  ['Unlicensed', 'SiteAdministratorExplorer', false],
  ['', 'SiteAdministratorExplorer', false],
  ['RoleOfTomorrow', 'SiteAdministratorExplorer', false],
])('a %s sees what needs %s: %s', (role, least, sees) => {
  expect(seesAll(role, least)).toBe(sees)
})
