import type { SchemaNode } from '../../bin/docs/fields.ts'
import type { Configuration } from '../../lib/config/configuration.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import { AlmanacError } from '../../lib/core/errors.ts'

export const FILE = 'almanac.config.json'
export const ENTITIES = ['site', 'users', 'groups', 'views', 'jobs'] as const

/** An object of the file. */
export type Json = Readonly<Record<string, unknown>>
export type Place = readonly (string | number)[]

const KEPT = { env: 'KEPT_IN' }

/** A complete sign-in of each kind. */
export const SIGN_INS: Readonly<Record<string, Json>> = {
  pat: { kind: 'pat', name: 'almanac', secret: KEPT, expires: '2027-03-01' },
  'connected-app': {
    kind: 'connected-app',
    clientId: 'client',
    secretId: 'secret',
    secret: { file: 'secrets/app' },
    user: 'almanac@example.com',
  },
  uat: {
    kind: 'uat',
    issuer: 'https://almanac.example.com',
    keyId: 'key',
    tenantId: 'tenant',
    privateKey: { awsSecret: 'almanac/key', field: 'pem', region: 'eu-central-1' },
    user: 'almanac@example.com',
    userClaim: 'upn',
  },
  password: { kind: 'password', user: 'almanac', password: KEPT },
}

/** Everything that may stand at the top and in a site alike. */
const shared = (): Json => ({
  owner: 'BI platform <bi@example.com>',
  warehouse: './warehouse',
  notify: [{ kind: 'slack', url: { env: 'WEBHOOK' } }],
  proxy: { url: 'http://proxy.example.com:3128', user: 'svc', password: { env: 'PROXY_PASSWORD' } },
  caFile: 'company-ca.pem',
  timeZone: 'Europe/Berlin',
  concurrency: 4,
  timeouts: { connect: 1, headers: 2, idle: 3.5, whole: 4 },
  entities: { site: true, users: true, groups: true, views: true, jobs: false },
})

/** An environment on AWS in which every field stands. */
const ENVIRONMENT: Json = {
  account: '123456789012',
  region: 'eu-central-1',
  sites: ['marketing'],
  at: '05:15',
  extractorsAtOnce: 6,
  sessionReserved: true,
  network: {
    subnets: ['subnet-0123456789abcdef0', 'subnet-01234567'],
    securityGroups: ['sg-0123456789abcdef0'],
  },
  retention: { landingDays: 20, noncurrentDays: 7, coldAfterDays: 60, logDays: 365 },
  alarms: {
    emails: ['bi-oncall@example.com'],
    pages: ['bi-pager@example.com'],
    snapshotAgeHours: 28,
    monthlyBudgetUsd: 80,
  },
}

/** A file whose one site, `marketing`, is deployed on AWS; its secrets lie there. */
export const deployedFile = (site: Json = {}): Json =>
  structuredClone({
    ...leastFile(
      {},
      {
        site: 'marketing',
        signIn: { kind: 'pat', name: 'almanac', secret: { awsSecret: 'almanac/marketing' } },
        ...site,
      },
    ),
    aws: { prod: ENVIRONMENT },
  })

/** What a whole file can be about: a way to sign in, or AWS. */
export const KINDS: readonly string[] = [...Object.keys(SIGN_INS), 'aws']

/** The places of a kind’s file that no file of another kind has; of the first one all. */
export const placesOf = (kind: string): readonly Place[] =>
  placesIn(wholeFile(kind)).filter(
    (place) => place.length > 0 && (kind === KINDS[0] || place.includes(kind === 'aws' ? 'aws' : 'signIn')),
  )

/** A file in which every field stands, with one way to sign in or for AWS; a value of its own each time, free to be changed. */
export const wholeFile = (kind: string): Json => (kind === 'aws' ? deployedFile() : signedIn(kind))

const signedIn = (kind: string): Json =>
  structuredClone({
    $schema: './almanac.config.schema.json',
    ...shared(),
    sites: [
      {
        slug: 'marketing',
        server: 'https://tableau.example.com',
        site: 'Marketing',
        signIn: SIGN_INS[kind],
        acceptSurplus: ['views'],
        acceptNarrowed: ['users'],
        ...shared(),
      },
    ],
  })

/** A file with the least that a site needs, and what is added to the top or to the site. */
export const leastFile = (top: Json = {}, site: Json = {}): Json => ({
  owner: 'BI platform',
  ...top,
  sites: [{ server: 'https://tableau.example.com', signIn: SIGN_INS['pat'], ...site }],
})

export const print = (value: unknown): string => JSON.stringify(value, null, 2)

export const parse = (text: string, env: Readonly<Record<string, string>> = {}): Configuration =>
  parseConfiguration({ path: FILE, text, entities: ENTITIES, cwd: '/work', env })

/** The error that a file is refused with. */
export function refusal(text: string): AlmanacError {
  try {
    parse(text)
  } catch (thrown) {
    if (thrown instanceof AlmanacError && thrown.code === 'bad-configuration') return thrown
    throw thrown
  }
  throw new Error(`nothing is wrong with ${text}`)
}

/** All that is said of a file, one a line. */
export const linesOf = (value: unknown): readonly string[] => refusal(print(value)).message.split('\n')

/** The value there; undefined when there is none. */
export const at = (value: unknown, place: Place): unknown =>
  place.reduce<unknown>((held, key) => (Object(held) as Record<string | number, unknown>)[key], value)

/** A copy in which something else stands there; undefined takes it out. */
export function put(value: unknown, place: Place, there: unknown): unknown {
  const [key, ...rest] = place
  if (key === undefined) return there
  const inside = put(at(value, [key]), rest, there)
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? inside : item))
  const entries = Object.entries(Object(value)).filter(([name]) => name !== key || inside !== undefined)
  const kept = Object.fromEntries(entries)
  return inside === undefined ? kept : { ...kept, [key]: inside }
}

/** What the schema says of an environment on AWS. */
export function environmentIn(schema: SchemaNode): SchemaNode {
  const { additionalProperties } = schema.properties?.['aws'] ?? {}
  if (typeof additionalProperties === 'object') return additionalProperties
  throw new Error('the schema says nothing of environments')
}

/** Every place of a value, its own first. */
export function placesIn(value: unknown, around: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [around]
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [around, ...entries.flatMap(([key, inside]) => placesIn(inside, [...around, key]))]
}

/** Where in the printed text a value stands: found by printing it with a mark in its place. */
export function positionOf(value: unknown, place: Place): string {
  const before = print(put(value, place, '@here@')).split('"@here@"')[0] ?? ''
  const lines = before.split('\n')
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`
}

/** A place as messages write it. */
export const pathOf = (place: Place): string =>
  place
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '')
