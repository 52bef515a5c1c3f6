import { configurationSchema } from '../../lib/config/schema.ts'
import { fieldRows, type SchemaNode } from './fields.ts'
import { jsonText } from './json.ts'
import { code, GENERATED, markdownTable, type Page, paragraphs } from './markdown.ts'
import { VARIABLES } from './variables.ts'

/** A whole file that uses most of what there is; a test reads it. */
export const EXAMPLE = `{
  "$schema": "./almanac.config.schema.json",
  "owner": "BI platform <bi-platform@example.com>",
  "warehouse": "s3://example-almanac/warehouse",
  "notify": [{ "kind": "slack", "url": { "env": "ALMANAC_SLACK_WEBHOOK" } }],
  "proxy": {
    "url": "http://proxy.example.com:3128",
    "user": "svc",
    "password": { "env": "PROXY_PASSWORD" }
  },
  "caFile": "company-ca.pem",
  "timeouts": { "connect": 20 },
  "sites": [
    {
      "server": "https://10ax.online.tableau.com",
      "site": "marketing",
      "timeZone": "Europe/Berlin",
      "signIn": {
        "kind": "pat",
        "name": "almanac",
        "secret": { "env": "TABLEAU_PAT_SECRET" },
        "expires": "2027-03-01"
      },
      "entities": { "jobs": false },
      "acceptSurplus": ["views"]
    },
    {
      "slug": "finance",
      "owner": "Finance reporting <finance@example.com>",
      "server": "https://tableau.example.com",
      "site": "Finance",
      "signIn": {
        "kind": "connected-app",
        "clientId": "3f1c2d4e-0000-4000-8000-000000000001",
        "secretId": "3f1c2d4e-0000-4000-8000-000000000002",
        "secret": { "awsSecret": "almanac/finance", "field": "appSecret", "region": "eu-central-1" },
        "user": "almanac@example.com"
      },
      "proxy": "direct",
      "concurrency": 4
    }
  ]
}
`

/** The least there can be; a test reads it. */
export const SMALLEST = `{
  "owner": "BI platform <bi-platform@example.com>",
  "sites": [
    {
      "server": "https://10ax.online.tableau.com",
      "site": "marketing",
      "signIn": { "kind": "pat", "name": "almanac", "secret": { "file": "/run/secrets/tableau-pat" } }
    }
  ]
}
`

/** A site on AWS, in production and in a private network, and another one to try things on; a test reads it. */
export const DEPLOYED = `{
  "owner": "BI platform <bi-platform@example.com>",
  "timeZone": "Europe/Berlin",
  "sites": [
    {
      "server": "https://tableau.example.com",
      "site": "marketing",
      "signIn": { "kind": "pat", "name": "almanac", "secret": { "awsSecret": "almanac/marketing" } }
    },
    {
      "server": "https://10ax.online.tableau.com",
      "site": "sandbox",
      "signIn": { "kind": "pat", "name": "almanac-dev", "secret": { "awsSecret": "almanac/sandbox" } }
    }
  ],
  "aws": {
    "prod": {
      "account": "123456789012",
      "region": "eu-central-1",
      "sites": ["marketing"],
      "at": "04:30",
      "network": {
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "securityGroups": ["sg-0123456789abcdef0"]
      },
      "retention": { "logDays": 365 },
      "alarms": { "emails": ["bi-oncall@example.com"], "monthlyBudgetUsd": 80 }
    },
    "dev": {
      "account": "210987654321",
      "region": "eu-central-1",
      "sites": ["sandbox"],
      "alarms": { "emails": ["bi-platform@example.com"] }
    }
  }
}
`

const json = (text: string): string => `\`\`\`json\n${text}\`\`\``

const fields = (node: SchemaNode, only: (name: string) => boolean): string =>
  markdownTable(['field', 'takes', 'default', 'example', 'what it is'], fieldRows(node, only))

const SIGN_INS: Readonly<Record<string, string>> = {
  pat: 'A personal access token. It has one session: give Almanac a token that nothing else uses.',
  'connected-app': 'A connected app with direct trust: Almanac makes a token of its own for a user.',
  uat: 'A unified access token, of Tableau Cloud alone: signed here with a registered key.',
  password: `A user’s name and password, of Tableau Server alone: Tableau Cloud takes none from programs.`,
}

function signInParts(node: SchemaNode | undefined): readonly string[] {
  return (node?.oneOf ?? []).flatMap((way) => {
    const kind = String(way.properties?.['kind']?.const)
    return [`### ${code(kind)}`, SIGN_INS[kind] ?? '', fields(way, () => true)]
  })
}

const REFUSED = [
  'a property that does not exist (the nearest name is told), or that stands twice in one object;',
  'comments and trailing commas: the file is strict JSON;',
  'a secret, or a text that looks like one: tokens, private keys, webhooks, addresses with a password in them. The message does not repeat it;',
  'two sites with one slug, or one site twice;',
  'an entity in `acceptSurplus` or `acceptNarrowed` that is switched off;',
  'a user at a proxy without a password, and a password for Tableau Cloud;',
  'of an environment on AWS: a site that is not in the file; a time that some day of a site’s zone lacks or has twice; a name that with the slug of one of its sites has more than 71 characters; a secret of one of its sites that is no `awsSecret`; a personal access token that another environment uses too.',
]

const variableRows = VARIABLES.map(({ name, when, doc }) => [code(name), when, doc])

const SHARED_INTRO =
  'These stand at the top for all sites, or in a site for that one. What the site says wins; `entities` and `timeouts` are merged name by name.'
const SECRETS_INTRO =
  'A secret never stands in the file. Where one is needed, the file says where it is kept, in exactly one of three ways: `{ "env": "NAME" }`, `{ "file": "path" }` or `{ "awsSecret": "name" }`. It is read when it is needed and never written anywhere.'

const AWS_INTRO = [
  'Under `aws` stand environments by name: at most 16 lower-case letters, digits and hyphens, a letter first. Each is deployed by itself, into its own account and region, and reads every night the sites it names. Commands on this machine pass over them, and refuse the file when they are wrong.',
  'Functions on AWS have neither files nor variables of yours: every secret of a site that an environment names (`signIn`, the proxy’s password, the addresses under `notify`) is an `awsSecret`. The `warehouse` of such a site counts on other machines alone: on AWS its data goes to the environment’s own bucket. A personal access token has one session, so none serves two environments: to try things on, take another site and another token.',
]

/** The page of all fields, and the JSON Schema that editors complete and check the file with. */
export function configurationPages(entities: readonly string[]): readonly Page[] {
  const schema: SchemaNode = configurationSchema(entities)
  const site = schema.properties?.['sites']?.items ?? {}
  const { additionalProperties } = schema.properties?.['aws'] ?? {}
  const environment = typeof additionalProperties === 'object' ? additionalProperties : {}
  const top = Object.keys(schema.properties ?? {})
  const isShared = (name: string): boolean => Object.hasOwn(site.properties ?? {}, name)
  const text = paragraphs([
    GENERATED,
    '# Configuration',
    'Sites are configured in `almanac.config.json`, or one site by environment variables alone. Relative paths are relative to the file’s folder.',
    'The least:',
    json(SMALLEST),
    'Most of what there is:',
    json(EXAMPLE),
    'With `"$schema"` an editor completes and checks the file while it is written; the schema is [almanac.config.schema.json](../almanac.config.schema.json).',
    '## The file',
    fields(schema, (name) => !isShared(name)),
    '## For all sites, or for one',
    SHARED_INTRO,
    fields(schema, isShared),
    '## A site',
    fields(site, (name) => !top.includes(name)),
    '## On AWS',
    ...AWS_INTRO,
    json(DEPLOYED),
    fields(environment, () => true),
    '## Signing in',
    ...signInParts(site.properties?.['signIn']),
    '## References to secrets',
    SECRETS_INTRO,
    fields(schema.definitions?.['SecretReference'] ?? {}, () => true),
    '## What is refused',
    'Everything that is wrong is told at once, one a line: `almanac.config.json:12:19 sites[0].timeZone: "Europe/Berln" is no IANA time zone; the nearest is "Europe/Berlin"`. Refused are',
    REFUSED.map((line) => `- ${line}`).join('\n'),
    '## Environment variables',
    'One site can do without a file. Set TABLEAU_SERVER_URL and the variables of exactly one way to sign in.',
    markdownTable(['variable', 'for', 'what it is'], variableRows),
  ])
  return [
    { path: 'docs/configuration.md', text },
    { path: 'almanac.config.schema.json', text: `${jsonText(schema)}\n` },
  ]
}
