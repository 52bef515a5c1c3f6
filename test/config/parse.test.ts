import { describe, expect, test } from 'vitest'
import { EXAMPLE, SMALLEST } from '../../bin/docs/configuration.ts'
import { parseConfiguration } from '../../lib/config/parse.ts'
import { ENTITIES as REGISTRY } from '../../lib/entities/index.ts'
import { ENTITIES, leastFile, parse, print, SIGN_INS, wholeFile } from './sample.ts'

const siteOf = (file: unknown, env: Readonly<Record<string, string>> = {}) => parse(print(file), env).sites[0]
const NAMES = REGISTRY.map(({ name }) => name)

describe('the examples of the documentation', () => {
  const read = (text: string) =>
    parseConfiguration({ path: 'conf/almanac.config.json', text, entities: NAMES, cwd: '/work' })

  test('the least gets every default', () => {
    expect(read(SMALLEST)).toEqual({
      source: 'conf/almanac.config.json',
      sites: [
        {
          slug: 'marketing',
          server: 'https://10ax.online.tableau.com',
          contentUrl: 'marketing',
          timeZone: 'UTC',
          entities: NAMES,
          concurrency: 8,
          acceptSurplus: [],
          acceptNarrowed: [],
          warehouse: '/work/conf/warehouse',
          owner: 'BI platform <bi-platform@example.com>',
          notify: [],
          signIn: { kind: 'pat', name: 'almanac', secret: { file: '/run/secrets/tableau-pat' } },
          proxy: undefined,
          caFile: undefined,
          timeouts: { connect: 10, headers: 30, idle: 30, whole: 120 },
        },
      ],
    })
  })

  test('the long one is two sites', () => {
    const [marketing, finance] = read(EXAMPLE).sites
    expect(marketing).toEqual({
      slug: 'marketing',
      server: 'https://10ax.online.tableau.com',
      contentUrl: 'marketing',
      timeZone: 'Europe/Berlin',
      entities: NAMES.filter((name) => name !== 'jobs'),
      concurrency: 8,
      acceptSurplus: ['views'],
      acceptNarrowed: [],
      warehouse: 's3://example-almanac/warehouse',
      owner: 'BI platform <bi-platform@example.com>',
      notify: [{ kind: 'slack', url: { env: 'ALMANAC_SLACK_WEBHOOK' } }],
      signIn: { kind: 'pat', name: 'almanac', secret: { env: 'TABLEAU_PAT_SECRET' }, expires: '2027-03-01' },
      proxy: { url: 'http://proxy.example.com:3128', user: 'svc', password: { env: 'PROXY_PASSWORD' } },
      caFile: '/work/conf/company-ca.pem',
      timeouts: { connect: 20, headers: 30, idle: 30, whole: 120 },
    })
    expect(finance).toMatchObject({
      slug: 'finance',
      contentUrl: 'Finance',
      timeZone: 'UTC',
      owner: 'Finance reporting <finance@example.com>',
      proxy: 'direct',
      concurrency: 4,
    })
  })
})

describe('what stands at the top and in a site', () => {
  const top = {
    owner: 'top',
    warehouse: 'top',
    notify: [{ kind: 'slack', url: { env: 'TOP' } }],
    proxy: 'direct',
    caFile: 'top.pem',
    timeZone: 'Asia/Tokyo',
    concurrency: 1,
  }
  const own = {
    owner: 'own',
    warehouse: 'own',
    notify: [],
    proxy: { url: 'https://proxy.example.com' },
    caFile: 'own.pem',
    timeZone: 'Europe/Rome',
    concurrency: 2,
  }

  test.each(Object.entries(own).map(([name, value]) => ({ name, value })))(
    '$name: the site’s wins',
    ({ name, value }) => {
      const alone = siteOf(leastFile({ owner: 'own' }, { [name]: value }))
      expect(siteOf(leastFile({ ...top, owner: 'own' }, { ...own, [name]: value }))).toHaveProperty(
        name,
        alone?.[name as keyof typeof alone],
      )
      expect(siteOf(leastFile(top))).not.toHaveProperty(name, alone?.[name as keyof typeof alone])
    },
  )

  test('entities and timeouts are merged name by name', () => {
    const site = siteOf(
      leastFile(
        { entities: { jobs: false, views: false }, timeouts: { connect: 1, idle: 2 } },
        { entities: { views: true, users: false }, timeouts: { idle: 3.5 } },
      ),
    )
    expect(site?.entities).toEqual(['site', 'groups', 'views'])
    expect(site?.timeouts).toEqual({ connect: 1, headers: 30, idle: 3.5, whole: 120 })
  })
})

describe('paths', () => {
  test.each([
    ['almanac.config.json', './wh', '/work/wh'],
    ['conf/almanac.config.json', './wh', '/work/conf/wh'],
    ['../almanac.config.json', 'wh', '/wh'],
    ['/etc/almanac/config.json', '../wh/', '/etc/wh'],
    ['/etc/almanac/config.json', '/srv/wh', '/srv/wh'],
    ['almanac.config.json', 's3://bucket', 's3://bucket'],
    ['almanac.config.json', 's3://my.bucket-1/a/b_c/', 's3://my.bucket-1/a/b_c'],
  ])('in %s the warehouse %s is %s', (path, warehouse, absolute) => {
    const text = print(leastFile({ warehouse }))
    expect(parseConfiguration({ path, text, entities: ENTITIES, cwd: '/work' }).sites[0]?.warehouse).toBe(
      absolute,
    )
  })

  test('files of secrets and authorities are absolute too, wherever they are named', () => {
    const kept = { file: 'kept' }
    const site = siteOf({
      ...wholeFile('pat'),
      sites: [
        {
          server: 'https://tableau.example.com',
          signIn: { ...SIGN_INS['uat'], privateKey: kept },
          notify: [{ kind: 'json', url: kept }],
          proxy: { url: 'http://proxy.example.com:3128/', user: 'u', password: kept },
        },
      ],
    })
    expect(site).toMatchObject({
      caFile: '/work/company-ca.pem',
      signIn: { privateKey: { file: '/work/kept' } },
      notify: [{ url: { file: '/work/kept' } }],
      proxy: { url: 'http://proxy.example.com:3128', password: { file: '/work/kept' } },
    })
  })

  test.each([
    ['a site without one takes TABLEAU_CA_FILE', {}, ' ca.pem ', '/work/ca.pem'],
    ['a site with one keeps it', { caFile: 'own.pem' }, 'ca.pem', '/work/own.pem'],
    ['set to nothing it is not set', {}, ' ', undefined],
  ])('authorities: %s', (_, site, named, caFile) => {
    expect(siteOf(leastFile({}, site), { TABLEAU_CA_FILE: named })?.caFile).toBe(caFile)
  })
})

describe('values that are made the same', () => {
  test.each([
    ['server', 'tableau.example.com', 'https://tableau.example.com'],
    ['server', ' https://Tableau.Example.com:443/#/site/x/home ', 'https://tableau.example.com'],
    ['server', 'http://localhost:8080', 'http://localhost:8080'],
    ['server', 'https://10.0.0.5:8443/', 'https://10.0.0.5:8443'],
  ] as const)('%s %s is %s', (name, value, same) =>
    expect(siteOf(leastFile({}, { [name]: value }))?.[name]).toBe(same),
  )

  test('accepted entities stand in the registry’s order, once', () => {
    const site = siteOf(
      leastFile({}, { acceptSurplus: ['views', 'users', 'views'], acceptNarrowed: ['groups', 'site'] }),
    )
    expect(site?.acceptSurplus).toEqual(['users', 'views'])
    expect(site?.acceptNarrowed).toEqual(['site', 'groups'])
  })

  test.each([
    ['default', {}],
    ['default', { site: '' }],
    ['sales-emea', { site: 'Sales_EMEA' }],
    ['own', { site: 'Sales', slug: 'own' }],
  ])('the slug is %s of %j', (slug, site) => expect(siteOf(leastFile({}, site))?.slug).toBe(slug))

  test.each(Object.entries(SIGN_INS).map(([kind, signIn]) => ({ kind, signIn })))(
    '$kind is read',
    ({ signIn }) => {
      const found = siteOf(leastFile({}, { signIn }))?.signIn
      expect(JSON.parse(print(found).replaceAll('/work/', ''))).toEqual(signIn)
    },
  )

  test('a unified access token’s claim is email unless it is named', () => {
    const { userClaim: _, ...signIn } = SIGN_INS['uat'] ?? {}
    expect(siteOf(leastFile({}, { signIn }))?.signIn).toHaveProperty('userClaim', 'email')
  })

  test('a token that has expired is no mistake of the file', () => {
    expect(siteOf(leastFile({}, { signIn: { ...SIGN_INS['pat'], expires: '2020-01-01' } }))).toBeDefined()
  })
})
