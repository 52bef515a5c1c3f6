/** An environment variable as the page tells it. */
export interface Variable {
  readonly name: string
  /** Which way to sign in it belongs to. */
  readonly when: string
  readonly doc: string
}

const OF_WAY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'all ways': {
    TABLEAU_SERVER_URL: 'The address of Tableau. Required.',
    TABLEAU_SITE_ID:
      'The part of the site’s address after /site/; not set for Server’s default site. Without it, a site under another name, such as `TABLEAU_SITE`, is refused.',
  },
  '`pat`': {
    TABLEAU_PAT_NAME: 'The token’s name.',
    TABLEAU_PAT_SECRET: 'The token’s secret.',
  },
  '`connected-app`': {
    TABLEAU_CONNECTED_APP_CLIENT_ID: 'The client id of the connected app.',
    TABLEAU_CONNECTED_APP_SECRET_ID: 'The id of its secret.',
    TABLEAU_CONNECTED_APP_SECRET_VALUE: 'The secret’s value.',
  },
  '`uat`': {
    TABLEAU_UAT_ISSUER: 'The issuer, as registered with Tableau Cloud Manager.',
    TABLEAU_UAT_KEY_ID: 'The id of the registered key.',
    TABLEAU_UAT_TENANT_ID: 'The id of the tenant.',
    TABLEAU_UAT_PRIVATE_KEY: 'The private key in PEM; or else',
    TABLEAU_UAT_PRIVATE_KEY_FILE: 'the file that holds it.',
    TABLEAU_UAT_USER_CLAIM: 'The claim that holds the user’s name; `email` unless it is set.',
  },
  '`password`': { TABLEAU_PASSWORD: 'The user’s password; Tableau Server alone.' },
  '`connected-app`, `uat`, `password`': {
    TABLEAU_USERNAME: 'The user to sign in as, spelt as in Tableau.',
  },
  'the file': { ALMANAC_CONFIG: 'The configuration file, where --config does not name it.' },
  'the file too': {
    TABLEAU_CA_FILE:
      'PEM file of certificate authorities trusted beside Node’s own, where no `caFile` names one.',
  },
  'the environment alone': { ALMANAC_OWNER: 'Who answers for the job.' },
}

/** Every variable that the configuration reads. */
export const VARIABLES: readonly Variable[] = Object.entries(OF_WAY).flatMap(([when, variables]) =>
  Object.entries(variables).map(([name, doc]) => ({ name, when, doc })),
)
