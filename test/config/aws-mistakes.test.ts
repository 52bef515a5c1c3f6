import { describe, expect, test } from 'vitest'
import { deploymentsOf, machineName } from '../../lib/config/deployment.ts'
import {
  deployedFile,
  FILE,
  type Json,
  linesOf,
  type Place,
  parse,
  pathOf,
  positionOf,
  print,
  put,
  SIGN_INS,
} from './sample.ts'

const PROD = ['aws', 'prod']
type Case = readonly [place: Place, value: unknown, says: string]

const all = (place: Place, values: readonly unknown[], says: string): readonly Case[] =>
  values.map((value) => [place, value, says])

const NETWORK = [...PROD, 'network']
const LOGS = [...PROD, 'retention', 'logDays']
const SUBNETS_NOT_TAKEN = [
  'subnet-xyz',
  'sg-0123456789abcdef0',
  'subnet-0123456789ABCDEF0',
  'subnet-012345678',
]
const TIMES_NOT_TAKEN = ['4:30', '24:00', '04:60', '04:30:00', '04.30', 'night', 430]
const EMAILS_NOT_TAKEN = [
  'bi-oncall',
  'a@b',
  '<bi@example.com>',
  'a@example.com, b@example.com',
  'a@b@example.com',
]

const FIELDS: readonly Case[] = [
  ...all(
    [...PROD, 'account'],
    ['12345678901', '1234-5678-9012', 123456789012],
    'is no AWS account: 12 digits, in quotes',
  ),
  ...all(
    [...PROD, 'region'],
    ['Frankfurt', 'eu-central', 'eu_central_1'],
    'is no region of AWS, such as eu-central-1',
  ),
  [[...PROD, 'sites'], [], 'an empty list is no list of slugs of sites, at least one'],
  [[...PROD, 'sites', 0], 'markting', '"markting" is none of marketing; the nearest is "marketing"'],
  [[...PROD, 'sites', 1], 'finance', '"finance" is none of marketing'],
  [[...PROD, 'sites', 1], 'marketing', '"marketing" stands in this list already'],
  ...all(
    [...PROD, 'at'],
    TIMES_NOT_TAKEN,
    'is no time of day from 00:00 to 00:59 or from 03:00 to 23:59, in quotes',
  ),
  ...all(
    [...PROD, 'at'],
    ['01:00', '02:30', '02:59'],
    'is when clocks change: a night would be lost or doubled',
  ),
  ...all([...PROD, 'extractorsAtOnce'], [0, 41, 1.5, '4'], 'is no whole number from 1 to 40'),
  ...all([...PROD, 'sessionReserved'], ['yes', 1], 'is none of true, false'),
  ...all(
    [...NETWORK, 'subnets', 0],
    SUBNETS_NOT_TAKEN,
    'is no id of a subnet, such as subnet-0123456789abcdef0',
  ),
  [[...NETWORK, 'subnets'], [], 'an empty list is no list of ids of subnets, at least one'],
  [[...NETWORK, 'subnets', 1], 'subnet-0123456789abcdef0', 'stands in this list already'],
  [[...NETWORK, 'securityGroups'], [], 'an empty list is no list of ids of security groups, at least one'],
  [[...NETWORK, 'securityGroups', 1], 'sg-0123456789abcdef0', 'stands in this list already'],
  ...all([...PROD, 'retention', 'landingDays'], [2, 366], 'is no whole number from 3 to 365'),
  ...all([...PROD, 'retention', 'coldAfterDays'], [29], 'is no whole number from 30 to 3650'),
  ...all(LOGS, [0, 2, 91, 3654, '90'], 'is none of 1, 3, 5, 7, 14, 30, 60, 90, 120,'),
  [[...PROD, 'alarms', 'emails'], [], 'an empty list is no list of e-mail addresses, at least one'],
  ...all([...PROD, 'alarms', 'emails', 0], EMAILS_NOT_TAKEN, 'is no e-mail address, such as'),
  [[...PROD, 'alarms', 'emails', 1], 'bi-oncall@example.com', 'stands in this list already'],
  [[...PROD, 'alarms', 'pages'], [], 'an empty list is no list of e-mail addresses, at least one'],
  ...all([...PROD, 'alarms', 'pages', 0], EMAILS_NOT_TAKEN, 'is no e-mail address, such as'),
  ...all([...PROD, 'alarms', 'snapshotAgeHours'], [24, 169], 'is no whole number from 25 to 168'),
  ...all([...PROD, 'alarms', 'monthlyBudgetUsd'], [0, 0.5], 'is no whole number from 1 to 1000000'),
]

/** A copy of a list or object in which something else stands there, a list one longer if need be. */
function placed(file: Json, place: Place, value: unknown): unknown {
  const last = place.at(-1)
  if (last !== 1) return put(file, place, value)
  const around = place.slice(0, -1)
  const longer = put(file, [...around, 0], value)
  const [first, other] = [file, longer].map((each) =>
    around.reduce<unknown>((held, key) => Object(held)[key], each),
  ) as readonly (readonly unknown[])[]
  return put(file, around, [first?.[0], other?.[0]])
}

describe('a value of an environment that will not do', () => {
  const named = FIELDS.map(([place, value, says]) => ({ place, value, says, name: pathOf(place) }))

  test.each(named)('$name: $value', ({ place, value, says }) => {
    const broken = placed(deployedFile(), place, value)
    const lines = linesOf(broken)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(says)
    expect(lines[0]?.startsWith(`${FILE}:${positionOf(broken, place)} ${pathOf(place)}: `)).toBe(true)
  })

  test.each(['Prod', 'my_env', '1st', 'prod-', 'a'.repeat(17), ''])('the name "%s"', (name) => {
    const file = deployedFile()
    const lines = linesOf({ ...file, aws: { [name]: Object(file['aws']).prod } })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(
      'is no name of an environment: lower-case letters, digits and hyphens, a letter first, at most 16',
    )
  })

  test('the name __proto__ is no exception', () => {
    const text = print(deployedFile()).replace('"prod"', '"__proto__"')
    expect(() => parse(text)).toThrow('aws.__proto__: "__proto__" is no name of an environment')
  })
})

const KEPT = { awsSecret: 'almanac/kept' }
const ENV = { env: 'KEPT_IN' }
const BESIDE = { file: 'kept' }
const CONNECTED = { ...SIGN_INS['connected-app'], secret: KEPT }
const MARKETING = { signIn: { ...SIGN_INS['pat'], secret: KEPT } }

/** The deployed file with another site, deployed nowhere, and another environment that deploys nothing but what is said. */
const twoSites = (other: Json, marketing: Json = {}): Json => {
  const file = deployedFile(marketing)
  const finance = { server: 'https://tableau.example.com', site: 'finance', ...other }
  return { ...file, sites: [...(file['sites'] as readonly object[]), finance] }
}
const andDev = (file: Json, dev: Json): Json =>
  put(file, ['aws', 'dev'], {
    account: '123456789012',
    region: 'eu-central-1',
    alarms: { emails: ['bi@example.com'] },
    ...dev,
  }) as Json

describe('a secret that no function on AWS can read', () => {
  test.each([
    ['pat', 'signIn', { signIn: SIGN_INS['pat'] }, 'sites[0].signIn.secret: names an environment variable'],
    [
      'connected app',
      'signIn',
      { signIn: SIGN_INS['connected-app'] },
      'sites[0].signIn.secret: names a file',
    ],
    [
      'uat',
      'signIn',
      { signIn: { ...SIGN_INS['uat'], privateKey: BESIDE } },
      'sites[0].signIn.privateKey: names a file',
    ],
    [
      'password',
      'signIn',
      { signIn: SIGN_INS['password'] },
      'sites[0].signIn.password: names an environment',
    ],
    [
      'a site’s proxy',
      'proxy',
      { proxy: { url: 'http://p:1', user: 'u', password: ENV } },
      'sites[0].proxy.password: names an',
    ],
    [
      'a site’s webhook',
      'notify',
      { notify: [{ kind: 'json', url: BESIDE }] },
      'sites[0].notify[0].url: names a file',
    ],
  ])('%s, in %s', (_, __, site, says) => {
    const lines = linesOf(deployedFile(site))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(says)
    expect(lines[0]).toContain(
      ', and aws.prod deploys "marketing": functions on AWS have none of yours; it takes { "awsSecret": "…" }',
    )
  })

  const top = {
    proxy: { url: 'http://p:1', user: 'u', password: ENV },
    notify: [
      { kind: 'json', url: KEPT },
      { kind: 'slack', url: ENV },
    ],
  }

  test('at the top, for a site without one of its own', () => {
    const lines = linesOf({ ...deployedFile(), ...top })
    expect(lines.map((line) => line.split(' ')[1])).toEqual(['proxy.password:', 'notify[1].url:'])
  })

  test('is told once, however many sites and environments it is for', () => {
    const file = twoSites({ signIn: CONNECTED })
    const broken = {
      ...andDev(put(file, [...PROD, 'sites'], undefined) as Json, { sites: ['finance'] }),
      ...top,
    }
    expect(linesOf(broken)).toHaveLength(2)
  })

  test.each([
    ['the site has its own', { ...deployedFile({ proxy: 'direct', notify: [] }), ...top }],
    ['the site is deployed nowhere', twoSites({ signIn: SIGN_INS['pat'], ...top })],
  ])('is right where %s', (_, file) => {
    expect(parse(print(file)).sites[0]?.slug).toBe('marketing')
  })

  test('an environment without "sites" deploys all', () => {
    const file = put(
      twoSites({ signIn: { ...SIGN_INS['pat'], name: 'other' } }),
      [...PROD, 'sites'],
      undefined,
    )
    expect(linesOf(file)).toEqual([
      expect.stringContaining(
        'sites[1].signIn.secret: names an environment variable, and aws.prod deploys "finance"',
      ),
    ])
  })
})

describe('a token of two environments', () => {
  test.each([
    ['one site', deployedFile(), { sites: ['marketing'] }, 'aws.dev.sites[0]: "marketing"'],
    [
      'all sites of both',
      put(deployedFile(), [...PROD, 'sites'], undefined) as Json,
      {},
      'aws.dev.sites: "marketing"',
    ],
    ['two sites', twoSites(MARKETING), { sites: ['finance'] }, 'aws.dev.sites[0]: "finance"'],
  ])('by %s', (_, file, dev, says) => {
    expect(linesOf(andDev(file, dev))).toEqual([
      expect.stringContaining(
        `${says} signs in with a token that aws.prod uses too, and a token has one session`,
      ),
    ])
  })

  test.each([
    ['another token', twoSites({ signIn: { ...MARKETING.signIn, name: 'almanac-dev' } })],
    ['the name on another host', twoSites({ ...MARKETING, server: 'https://other.example.com' })],
    ['a connected app, which has many sessions', twoSites({ signIn: CONNECTED })],
  ])('is not %s', (_, file) => {
    expect(parse(print(andDev(file, { sites: ['finance'] }))).sites).toHaveLength(2)
  })

  test('is not that of two sites in one environment', () => {
    const file = put(twoSites(MARKETING), [...PROD, 'sites'], undefined)
    expect(parse(print(file)).sites).toHaveLength(2)
  })
})

describe('a site and an environment, both in the name of a state machine', () => {
  // `almanac-`, the environment and a hyphen leave so much of the 80 characters that AWS takes.
  const longest = 'm'.repeat(80 - 'almanac-production-eu-1-'.length)
  const named = (slug: string, sites?: readonly string[]): Json => {
    const file = deployedFile({ slug })
    const prod = put(Object(file['aws']).prod, ['sites'], sites)
    return { ...file, aws: { 'production-eu-1': prod } }
  }

  test('are right as long as AWS takes it', () => {
    const [deployment] = deploymentsOf(parse(print(named(longest))))
    expect(deployment?.sites.map(({ slug }) => machineName('production-eu-1', slug).length)).toEqual([80])
  })

  test.each([
    ['at its name in the list', [`${longest}m`], 'aws["production-eu-1"].sites[0]'],
    ['at the list that is left out', undefined, 'aws["production-eu-1"].sites'],
  ])('are refused a character later, %s', (_, sites, place) => {
    expect(linesOf(named(`${longest}m`, sites))).toEqual([
      expect.stringMatching(
        /has with "production-eu-1" 72 characters, .* together they take at most 71: give the site a shorter "slug"/,
      ),
    ])
    expect(linesOf(named(`${longest}m`, sites))[0]).toContain(` ${place}: `)
  })

  test('are not told twice where either is too long by itself', () => {
    expect(linesOf(named('m'.repeat(64)))).toHaveLength(1)
    const file = deployedFile({ slug: longest })
    const prod = put(Object(file['aws']).prod, ['sites'], [longest])
    expect(linesOf({ ...file, aws: { ['e'.repeat(17)]: prod } })).toHaveLength(1)
  })
})

describe('a time that some day of the site’s zone lacks or has twice', () => {
  test.each([
    ['Europe/Athens', '03:30', '"03:30" is missing on a day of the year in "Europe/Athens"'],
    ['America/Havana', '00:15', '"00:15" is missing on a day of the year in "America/Havana"'],
    ['Africa/Cairo', '23:30', '"23:30" comes twice on a day of the year in "Africa/Cairo"'],
  ])('%s has no %s', (timeZone, at, says) => {
    const lines = linesOf(put(deployedFile({ timeZone }), [...PROD, 'at'], at))
    expect(lines).toEqual([expect.stringContaining(`aws.prod.at: ${says}, where clocks change then`)])
  })

  test('where the zone stands at the top', () => {
    const file = put({ ...deployedFile(), timeZone: 'Europe/Kyiv' }, [...PROD, 'at'], '03:00')
    expect(linesOf(file)).toHaveLength(1)
  })

  test.each([
    ['Europe/Athens', '04:00'],
    ['Europe/Berlin', '03:00'],
    ['Asia/Tokyo', '00:00'],
    ['UTC', '23:30'],
  ])('%s has %s', (timeZone, at) => {
    expect(parse(print(put(deployedFile({ timeZone }), [...PROD, 'at'], at))).sites).toHaveLength(1)
  })
})

test('mistakes of an environment are told beside those of sites', () => {
  const broken = put(deployedFile({ timeZone: 'Nowhere', server: 'https://' }), [...PROD, 'region'], 'x')
  expect(linesOf(broken).map((line) => line.split(' ')[1])).toEqual([
    'sites[0].server:',
    'sites[0].timeZone:',
    'aws.prod.region:',
  ])
})
