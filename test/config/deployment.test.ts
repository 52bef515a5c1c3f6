import { describe, expect, test } from 'vitest'
import { DEPLOYED } from '../../bin/docs/configuration.ts'
import { type Deployment, deploymentsOf, shareOf } from '../../lib/config/deployment.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import { configurationSchema } from '../../lib/config/schema.ts'
import { timeZones } from '../../lib/config/value.ts'
import { ENTITIES as REGISTRY } from '../../lib/entities/index.ts'
import { deployedFile, ENTITIES, environmentIn, leastFile, parse, print } from './sample.ts'

const deploymentsIn = (file: unknown): readonly Deployment[] => deploymentsOf(parse(print(file)))
const LEAST = { account: '123456789012', region: 'eu-central-1', alarms: { emails: ['bi@example.com'] } }
const least = (aws: object) => deploymentsIn({ ...deployedFile(), aws })

describe('an environment', () => {
  test('that says the least has every default, and all sites', () => {
    const file = { ...deployedFile(), aws: { dev: LEAST } }
    expect(deploymentsIn(file)).toEqual([
      {
        name: 'dev',
        account: '123456789012',
        region: 'eu-central-1',
        sites: parse(print(file)).sites,
        at: { hour: 4, minute: 30 },
        extractorsAtOnce: 4,
        sessionReserved: false,
        network: undefined,
        retention: { landingDays: 14, noncurrentDays: 30, coldAfterDays: 30, logDays: 90 },
        alarms: { emails: ['bi@example.com'], snapshotAgeHours: 30, monthlyBudgetUsd: 50 },
      },
    ])
  })

  test('that says everything has what it says', () => {
    const file = deployedFile()
    expect(deploymentsIn(file)).toEqual([
      {
        ...Object(file['aws']).prod,
        name: 'prod',
        sites: parse(print(file)).sites,
        at: { hour: 5, minute: 15 },
      },
    ])
  })

  test('that says a part of retention and alarms has the rest by default', () => {
    const [dev] = least({
      dev: { ...LEAST, retention: { logDays: 7 }, alarms: { ...LEAST.alarms, snapshotAgeHours: 40 } },
    })
    expect(dev?.retention).toEqual({ landingDays: 14, noncurrentDays: 30, coldAfterDays: 30, logDays: 7 })
    expect(dev?.alarms).toEqual({ emails: ['bi@example.com'], snapshotAgeHours: 40, monthlyBudgetUsd: 50 })
  })

  test('has the defaults that the schema tells', () => {
    const [dev] = least({ dev: LEAST })
    const told = environmentIn(configurationSchema(ENTITIES)).properties ?? {}
    const defaultsOf = (name: string) =>
      Object.entries(told[name]?.properties ?? {}).flatMap(([field, node]) =>
        node.default === undefined ? [] : [[field, node.default]],
      )
    expect(told['at']?.default).toBe('04:30')
    expect(told['extractorsAtOnce']?.default).toBe(dev?.extractorsAtOnce)
    expect(told['sessionReserved']?.default).toBe(dev?.sessionReserved)
    expect(dev?.retention).toEqual(Object.fromEntries(defaultsOf('retention')))
    expect(dev?.alarms).toMatchObject(Object.fromEntries(defaultsOf('alarms')))
  })

  test('begins by default at a time that every day of every zone has once', () => {
    for (const timeZone of timeZones().filter((_, i) => i % 12 === 0))
      expect(deploymentsIn({ ...deployedFile({ timeZone }), aws: { dev: LEAST } })).toHaveLength(1)
  })
})

describe('several environments', () => {
  const read = (text: string) =>
    parseConfiguration({
      path: 'almanac.config.json',
      text,
      cwd: '/work',
      entities: REGISTRY.map(({ name }) => name),
    })

  test('of the documentation stand in the file’s order, each with its sites', () => {
    const [prod, dev, ...others] = deploymentsOf(read(DEPLOYED))
    expect(others).toEqual([])
    expect(prod).toMatchObject({
      name: 'prod',
      account: '123456789012',
      network: { securityGroups: ['sg-0123456789abcdef0'] },
      sites: [{ slug: 'marketing', timeZone: 'Europe/Berlin' }],
      retention: { logDays: 365, landingDays: 14 },
      alarms: { monthlyBudgetUsd: 80 },
    })
    expect(dev).toMatchObject({
      name: 'dev',
      account: '210987654321',
      network: undefined,
      sites: [{ slug: 'sandbox', signIn: { secret: { awsSecret: 'almanac/sandbox' } } }],
    })
  })

  test('read their sites in the file’s order, however they are named', () => {
    const [own] = deployedFile()['sites'] as readonly object[]
    const sites = ['a', 'b', 'c'].map((slug) => ({ ...own, site: slug, slug }))
    const [prod] = deploymentsIn({ ...leastFile(), sites, aws: { prod: { ...LEAST, sites: ['c', 'a'] } } })
    expect(prod?.sites.map(({ slug }) => slug)).toEqual(['a', 'c'])
  })
})

test.each([
  ['without "aws"', leastFile()],
  ['with an empty one', leastFile({ aws: {} })],
])('a file %s has no environments', (_, file) => expect(deploymentsIn(file)).toEqual([]))

describe('the share of an extractor', () => {
  test.each([
    [4, 8, { extractors: 4, calls: 2 }],
    [4, 10, { extractors: 4, calls: 2 }],
    [4, 3, { extractors: 3, calls: 1 }],
    [40, 1, { extractors: 1, calls: 1 }],
    [1, 64, { extractors: 1, calls: 64 }],
  ])('%i at once of %i calls: %j', (extractorsAtOnce, concurrency, share) => {
    expect(shareOf({ extractorsAtOnce }, { concurrency })).toEqual(share)
  })

  test('is never nothing, and all together are never more than the site allows', () => {
    for (let atOnce = 1; atOnce <= 40; atOnce++)
      for (let concurrency = 1; concurrency <= 64; concurrency++) {
        const { extractors, calls } = shareOf({ extractorsAtOnce: atOnce }, { concurrency })
        expect(calls).toBeGreaterThan(0)
        expect(extractors * calls).toBeLessThanOrEqual(concurrency)
      }
  })
})
