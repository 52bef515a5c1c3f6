/** The site roles that see everything on a site, each with those that include it (Tableau help, Set Users' Site Roles). */
const INCLUDES: Readonly<Record<string, readonly string[]>> = {
  // SiteAdministrator is what servers before 2018.1 say.
  SiteAdministratorExplorer: [
    'SiteAdministratorExplorer',
    'SiteAdministratorCreator',
    'SiteAdministrator',
    'ServerAdministrator',
  ],
  SiteAdministratorCreator: ['SiteAdministratorCreator', 'ServerAdministrator'],
  ServerAdministrator: ['ServerAdministrator'],
}

/** Whether a user with this site role sees all that needs the least role; a role nobody knows sees nothing for sure. */
export const seesAll = (siteRole: string, least: string): boolean =>
  (INCLUDES[least] ?? [least]).includes(siteRole)
