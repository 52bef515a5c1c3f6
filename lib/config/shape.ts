import * as z from 'zod'
import { SLUG } from '../core/keys.ts'
import { environments } from './aws-shape.ts'
import { CONCURRENCY, TIME_ZONE, TIMEOUTS, USER_CLAIM, WAREHOUSE } from './defaults.ts'
import { closed, line, number, oneOf, several, shaped, takes, worded } from './field.ts'
import { reference } from './reference.ts'
import {
  CONTENT_URL,
  CONTENT_URL_NOUN,
  isDay,
  isPath,
  isProxyAddress,
  isS3,
  isTimeZone,
  serverObjection,
  serverOf,
} from './value.ts'
import { shown } from './words.ts'
import { wrongTimeZone } from './zone.ts'

const USER = line('a user’s name').meta({
  description: 'The user to sign in as, spelt as in Tableau.',
  examples: ['almanac@example.com'],
})

const pat = closed('an object', {
  kind: z.literal('pat').meta({ description: 'A personal access token.' }),
  name: line('a token’s name').meta({ description: 'The token’s name.', examples: ['almanac'] }),
  secret: reference,
  expires: worded('a day of the calendar, YYYY-MM-DD', isDay)
    .meta({
      description: 'The day the token expires, so that Almanac reminds of it.',
      format: 'date',
      examples: ['2027-03-01'],
    })
    .exactOptional(),
})

const connectedApp = closed('an object', {
  kind: z.literal('connected-app').meta({ description: 'A connected app with direct trust.' }),
  clientId: line('a connected app’s client id').meta({
    description: 'The client id of the connected app.',
    examples: ['3f1c2d4e-0000-4000-8000-000000000001'],
  }),
  secretId: line('an id of one of the connected app’s secrets').meta({
    description: 'The id of the secret in use; no secret itself.',
    examples: ['3f1c2d4e-0000-4000-8000-000000000002'],
  }),
  secret: reference,
  user: USER,
})

const uat = closed('an object', {
  kind: z.literal('uat').meta({ description: 'A unified access token of Tableau Cloud.' }),
  issuer: line('an issuer').meta({
    description: 'The issuer, as registered with Tableau Cloud Manager.',
    examples: ['https://almanac.example.com'],
  }),
  keyId: line('a key’s id').meta({
    description: 'The id of the registered key.',
    examples: ['almanac-2026'],
  }),
  tenantId: line('a tenant’s id').meta({
    description: 'The id of the tenant in Tableau Cloud Manager.',
    examples: ['3f1c2d4e-0000-4000-8000-000000000003'],
  }),
  privateKey: reference,
  user: USER,
  userClaim: line('a claim’s name')
    .meta({ description: 'The claim that holds the user’s name.', default: USER_CLAIM, examples: ['email'] })
    .exactOptional(),
})

const password = closed('an object', {
  kind: z.literal('password').meta({ description: 'A user’s name and password: Tableau Server alone.' }),
  user: USER,
  password: reference,
})

const KINDS = ['pat', 'connected-app', 'uat', 'password'] as const

/** The union’s own message is about `kind`, or about what stands in place of the object. */
const signIn = z.discriminatedUnion('kind', [pat, connectedApp, uat, password], {
  error: ({ code, input }) => {
    const isKind = code === 'invalid_union' && typeof input === 'object' && input !== null && 'kind' in input
    const words = takes(`one of ${KINDS.join(', ')}`, () => KINDS)
    if (code === 'invalid_union') return words.error({ input: isKind ? input.kind : undefined })
    return takes('an object whose "kind" says how to sign in').error({ input })
  },
})

const proxyServer = closed('an object with "url", or "direct"', {
  url: worded('an address of a proxy, such as http://proxy.example.com:3128', isProxyAddress).meta({
    description: 'http://host:port or https://host:port.',
    examples: ['http://proxy.example.com:3128'],
  }),
  user: line('a user’s name')
    .meta({ description: 'The user’s name at the proxy.', examples: ['svc'] })
    .exactOptional(),
  password: reference.exactOptional(),
}).meta({ dependencies: { user: ['password'], password: ['user'] } })

const proxy = z.union([z.literal('direct'), proxyServer], takes('an object with "url", or "direct"'))

const target = closed('an object with "kind" and "url"', {
  kind: oneOf(['slack', 'teams', 'json']).meta({
    description: 'What listens at the webhook.',
    examples: ['slack'],
  }),
  url: reference,
})

const seconds = (what: string, byDefault: number) =>
  number(0.1, 3600, false)
    .meta({ description: what, default: byDefault, examples: [byDefault] })
    .exactOptional()

const timeouts = closed('an object of seconds', {
  connect: seconds('Seconds until a connection stands.', TIMEOUTS.connect),
  headers: seconds('Seconds until an answer begins.', TIMEOUTS.headers),
  idle: seconds('Seconds between two pieces of an answer.', TIMEOUTS.idle),
  whole: seconds('Seconds until an answer is whole.', TIMEOUTS.whole),
})

const isWarehouse = (text: string): boolean => (/^s3:/i.test(text) ? isS3(text) : isPath(text))

const zoneWords = { error: ({ input }: { readonly input?: unknown }): string => wrongTimeZone(input) }

/** What may stand at the top for all sites, and in a site for that one. */
const shared = (entities: readonly string[]) => ({
  owner: line('a name of who answers for the job, such as "BI platform <bi@example.com>"')
    .meta({
      description:
        'Who answers for the job: stands in every message to people. Required, here or in each site.',
      examples: ['BI platform <bi-platform@example.com>'],
    })
    .exactOptional(),
  warehouse: worded('a folder or s3://bucket/prefix', isWarehouse)
    .meta({
      description:
        'Where the data goes: a folder, relative to that of the configuration, or s3://bucket/prefix.',
      default: WAREHOUSE,
      examples: ['./warehouse', 's3://example-almanac/warehouse'],
    })
    .exactOptional(),
  notify: z
    .array(target, takes('a list of webhooks'))
    .meta({
      description: 'Whom to tell of nights that are not whole.',
      default: [],
      examples: [[{ kind: 'slack', url: { env: 'ALMANAC_SLACK_WEBHOOK' } }]],
    })
    .exactOptional(),
  proxy: proxy
    .meta({
      description:
        'The proxy to Tableau and the webhooks; "direct" for none. Without it, HTTPS_PROXY and NO_PROXY decide.',
      examples: ['direct', { url: 'http://proxy.example.com:3128' }],
    })
    .exactOptional(),
  caFile: worded('a path of a PEM file', isPath)
    .meta({
      description:
        'PEM file of certificate authorities trusted beside Node’s own, relative to the folder of the configuration. Without it, TABLEAU_CA_FILE.',
      examples: ['company-ca.pem'],
    })
    .exactOptional(),
  timeZone: z
    .string(zoneWords)
    .min(1, zoneWords)
    .refine(isTimeZone, zoneWords)
    .meta({
      description: 'Decides which day a night belongs to.',
      default: TIME_ZONE,
      examples: ['Europe/Berlin'],
    })
    .exactOptional(),
  concurrency: number(1, 64)
    .meta({ description: 'Calls to Tableau in flight at most.', default: CONCURRENCY, examples: [8] })
    .exactOptional(),
  timeouts: timeouts
    .meta({ description: 'How long each phase of a call to Tableau may take.', examples: [{ connect: 20 }] })
    .exactOptional(),
  entities: switches(entities)
    .meta({ description: 'Entities to switch off; all are on.', examples: [{ jobs: false }] })
    .exactOptional(),
})

const switches = (entities: readonly string[]) =>
  closed(
    'an object of entities, each true or false',
    Object.fromEntries(
      entities.map((name) => [
        name,
        z
          .boolean(takes('one of true, false'))
          .meta({ description: `Whether ${name} is read.`, default: true, examples: [false] })
          .exactOptional(),
      ]),
    ),
  )

const entityList = (entities: readonly string[], description: string) =>
  z
    .array(oneOf(entities), takes('a list of entities'))
    .meta({ description, default: [], examples: [entities.slice(-1)] })
    .exactOptional()

const serverWords = {
  error: ({ input }: { readonly input?: unknown }): string => {
    const objection = typeof input === 'string' ? serverObjection(input) : undefined
    if (objection !== undefined) return `${shown(input)} ${objection}`
    return takes('an address of a Tableau server, such as https://10ax.online.tableau.com').error({ input })
  },
}

const site = (entities: readonly string[]) =>
  closed('an object', {
    slug: shaped('a slug: lower-case letters, digits and hyphens, at most 63', SLUG)
      .meta({
        description:
          'Short name of the site in the warehouse and in commands. By default made of "site"; never change it.',
        examples: ['marketing'],
      })
      .exactOptional(),
    server: z
      .string(serverWords)
      .refine((text) => serverOf(text) !== undefined, serverWords)
      .meta({
        description: 'The address of Tableau: https, host and port.',
        examples: ['https://10ax.online.tableau.com'],
      }),
    site: shaped(CONTENT_URL_NOUN, CONTENT_URL)
      .meta({
        description:
          'The part of the site’s address after /site/; absent or empty for Server’s default site.',
        default: '',
        examples: ['marketing'],
      })
      .exactOptional(),
    signIn: signIn.meta({ description: 'Who signs in.' }),
    acceptSurplus: entityList(
      entities,
      'Entities that count as complete although Tableau announces more rows than it delivers, three times the same.',
    ),
    acceptNarrowed: entityList(
      entities,
      'Entities that are kept although the site role shows only a part of them.',
    ),
    ...shared(entities),
  })

/** The shape of the file, for these entities. */
export const fileShape = (entities: readonly string[]) =>
  closed('an object with "sites"', {
    $schema: z
      .string(takes('a path or an address of a schema'))
      .meta({
        description: 'Lets editors complete and check the file.',
        examples: ['./almanac.config.schema.json'],
      })
      .exactOptional(),
    ...shared(entities),
    sites: several('sites', site(entities)).meta({ description: 'The sites to read, at least one.' }),
    aws: environments
      .meta({
        description:
          'Where the nightly runs on AWS: environments by name. Commands on this machine pass over it.',
      })
      .exactOptional(),
  }).meta({ title: 'Almanac configuration', description: 'The sites that Almanac reads, and how.' })

/** The file as it was written, once its shape is right. */
export type ConfigurationFile = z.infer<ReturnType<typeof fileShape>>
/** A site of the file. */
export type SiteOfFile = ConfigurationFile['sites'][number]
