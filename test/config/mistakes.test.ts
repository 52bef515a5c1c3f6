import { describe, expect, test } from 'vitest'
import {
  FILE,
  type Json,
  leastFile,
  linesOf,
  type Place,
  parse,
  pathOf,
  positionOf,
  print,
  put,
  refusal,
  SIGN_INS,
  wholeFile,
} from './sample.ts'

const SITE = ['sites', 0]
type Case = readonly [place: Place, value: unknown, says: string]

const PATHS_NOT_TAKEN = ['~/almanac', 'file:///srv/almanac', 'https://example.com/x', 'a\nb', 'a\u0000b']
const BUCKETS_NOT_TAKEN = [
  's3://',
  's3://ab',
  's3://Bucket/x',
  's3://bucket_name',
  's3://192.168.5.4/x',
  's3://a..b/x',
  's3://bucket//x',
  's3://bucket/../x',
  's3://bucket/a b',
  's3://bucket/x?y',
  's3://bucket/a!b',
  's3://bucket/.hidden',
  's3://a.-b/x',
  `s3://bucket/${'x'.repeat(121)}`,
  `s3://${'b'.repeat(64)}`,
  'S3://bucket',
]
const ZONES_NOT_TAKEN = ['Berlin', 'Europe/Nowhere', '+02:00', 'local', 'Mars/Olympus']
const SERVERS_NOT_TAKEN = ['https://', 'https://tableau example.com', 'https://:443']
const PROXIES_NOT_TAKEN = [
  'proxy.example.com:3128',
  'socks5://proxy.example.com',
  'http://proxy.example.com/path',
  'http://proxy.example.com?x=1',
  'http://proxy.example.com:port',
  'http://',
]
const DAYS_NOT_TAKEN = ['2027-02-30', '2027-2-3', '01.03.2027', '2027-03-01T00:00:00Z', 'tomorrow']
const SITES_NOT_TAKEN = [
  'My Marketing Site',
  ' x',
  '/site/marketing',
  'https://x/#/site/marketing',
  'a?b',
  '#marketing',
]
const SLUGS_NOT_TAKEN = ['Marketing', '-a', 'a_b', 'a b', 'ä', 'a'.repeat(64)]
const ENVS_NOT_TAKEN = ['my-secret', '$SECRET', '1ST', 'lower', 'A B', 'A'.repeat(129)]

const all = (place: Place, values: readonly unknown[], says: string): readonly Case[] =>
  values.map((value) => [place, value, says])

const FIELDS: readonly Case[] = [
  ...all(['warehouse'], PATHS_NOT_TAKEN, 'is no folder or s3://bucket/prefix'),
  ...all(['warehouse'], BUCKETS_NOT_TAKEN, 'is no folder or s3://bucket/prefix'),
  ...all(['caFile'], PATHS_NOT_TAKEN, 'is no path of a PEM file'),
  ...all([...SITE, 'timeZone'], ZONES_NOT_TAKEN, 'is no IANA time zone'),
  [['timeZone'], 'Europe/Berln', '"Europe/Berln" is no IANA time zone; the nearest is "Europe/Berlin"'],
  [['timeZone'], 'Berlin', '"Berlin" is no IANA time zone; the nearest is "Europe/Berlin"'],
  [['timeZone'], 'new york', 'is no IANA time zone; the nearest is "America/New_York"'],
  [['timeZone'], 'UTC+1', 'a city, such as "Europe/Berlin", or "Etc/GMT-1" for that offset'],
  [['timeZone'], 'gmt-03:00', 'or "Etc/GMT+3" for that offset'],
  [['timeZone'], 'UTC+5:30', '"UTC+5:30" is no IANA time zone; it takes a city, such as "Europe/Berlin"'],
  ...all([...SITE, 'concurrency'], [0, -1, 65, 1.5, '8', 1e99], 'is no whole number from 1 to 64'),
  ...all(['timeouts', 'connect'], [0, -1, 3601, '10'], 'is no number from 0.1 to 3600'),
  [['entities'], { jbos: false }, 'jbos: is no property here; the nearest is "jobs"'],
  [['entities'], { flows: false }, 'flows: is no property here; there are site, users, groups, views, jobs'],
  ...all(['entities', 'jobs'], ['no', 0], 'is none of true, false'),
  [['notify', 0, 'kind'], 'slak', '"slak" is none of slack, teams, json; the nearest is "slack"'],
  [['notify', 0, 'kind'], 'mail', '"mail" is none of slack, teams, json'],
  ...all(['proxy'], ['drect', ''], 'is no object with "url", or "direct"'),
  ...all(['proxy', 'url'], PROXIES_NOT_TAKEN, 'is no address of a proxy'),
  [['sites'], [], 'an empty list is no list of sites, at least one'],
  ...all(
    [...SITE, 'slug'],
    SLUGS_NOT_TAKEN,
    'is no slug: lower-case letters, digits and hyphens, at most 63',
  ),
  ...all([...SITE, 'server'], SERVERS_NOT_TAKEN, 'is no address of a Tableau server'),
  [[...SITE, 'server'], 'http://tableau.example.com', '"http://tableau.example.com" is not encrypted'],
  [[...SITE, 'server'], 'ftp://tableau.example.com', 'is no address of https, which alone is taken'],
  [[...SITE, 'server'], 'https://169.254.169.254', 'is a link-local or metadata address'],
  ...all(
    [...SITE, 'site'],
    SITES_NOT_TAKEN,
    'is no site: the part of its address after /site/, not its display name',
  ),
  [[...SITE, 'acceptSurplus', 0], 'flows', '"flows" is none of site, users, groups, views, jobs'],
  [[...SITE, 'acceptSurplus', 0], 'view', 'the nearest is "views"'],
  [[...SITE, 'acceptNarrowed', 0], 'jobs', '"jobs" is switched off by "entities"'],
  [[...SITE, 'acceptSurplus', 0], 'jobs', '"jobs" is switched off by "entities"'],
  [[...SITE, 'signIn', 'kind'], 'token', '"token" is none of pat, connected-app, uat, password'],
  [[...SITE, 'signIn'], {}, 'kind: is missing; it takes one of pat, connected-app, uat, password'],
  ...all([...SITE, 'signIn', 'expires'], DAYS_NOT_TAKEN, 'is no day of the calendar, YYYY-MM-DD'),
  ...all([...SITE, 'signIn', 'secret', 'env'], ENVS_NOT_TAKEN, 'env: is no name of an environment variable'),
  [[...SITE, 'signIn', 'secret'], {}, 'names no place of the secret'],
  [[...SITE, 'signIn', 'secret'], { env: 'A', file: 'b' }, 'names env and file; it takes exactly one'],
  [[...SITE, 'signIn', 'secret'], { env: 'A', region: 'eu-central-1' }, '"awsSecret" alone'],
  [[...SITE, 'signIn', 'secret'], { awsSecret: 'a', region: 'Frankfurt' }, 'region: is no region of AWS'],
  [[...SITE, 'signIn', 'secret'], { awsSecret: 'a b' }, 'awsSecret: is no name or ARN'],
  [[...SITE, 'signIn', 'secret'], { file: '~/secret' }, 'file: is no path of a file'],
  [[...SITE, 'signIn', 'secret'], { file: 'https://example.com/x' }, 'file: is no path of a file'],
]

describe('a value that will not do', () => {
  const named = FIELDS.map(([place, value, says]) => ({ place, value, says, name: pathOf(place) }))

  test.each(named)('$name: $value', ({ place, value, says }) => {
    const broken = put(wholeFile('pat'), place, value)
    const lines = linesOf(broken)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(says)
    expect(lines[0]).toContain(` ${pathOf(place)}`)
    const isInside = !lines[0]?.includes(` ${pathOf(place)}: `)
    if (!isInside) expect(lines[0]).toContain(`${FILE}:${positionOf(broken, place)} `)
  })
})

describe('between fields', () => {
  const cloud = 'https://10ax.online.tableau.com'
  const off = Object.fromEntries(['site', 'users', 'groups', 'views', 'jobs'].map((name) => [name, false]))
  const second = { server: 'https://tableau.example.com', site: 'b', signIn: SIGN_INS['pat'] }
  const two = (site: Json, other: Json) => ({ ...leastFile({}, site), sites: [...twoSites(site), other] })
  const twoSites = (site: Json) => leastFile({}, site)['sites'] as readonly object[]

  test.each([
    [
      'no owner anywhere',
      put(leastFile(), ['owner'], undefined),
      'sites[0].owner: is missing, here and at the top',
    ],
    [
      'a user at the proxy alone',
      leastFile({ proxy: { url: 'http://p:1', user: 'u' } }),
      'proxy.password: is missing',
    ],
    [
      'its password alone',
      leastFile({}, { proxy: { url: 'http://p:1', password: { env: 'P' } } }),
      'sites[0].proxy.user: is missing',
    ],
    [
      'a password for Tableau Cloud',
      leastFile({}, { server: cloud, signIn: SIGN_INS['password'] }),
      'Tableau Cloud takes no user name and password',
    ],
    [
      'the same in other letters',
      leastFile({}, { server: 'HTTPS://ONLINE.Tableau.com./#/x', signIn: SIGN_INS['password'] }),
      'sites[0].signIn.kind: "password"',
    ],
    ['nothing to read', leastFile({ entities: off }), 'sites[0].entities: switches every entity off'],
    [
      'an entity off at the top',
      leastFile({ entities: { jobs: false } }, { acceptSurplus: ['jobs'] }),
      'sites[0].acceptSurplus[0]: "jobs" is switched off',
    ],
    [
      'no slug to be made',
      leastFile({}, { site: '日本' }),
      'sites[0].slug: is missing, and the site "日本" has no letter',
    ],
    [
      'one slug twice',
      two({ slug: 'a' }, { ...second, slug: 'a' }),
      'sites[1].slug: "a" is the slug of sites[0] too',
    ],
    ['one slug twice, made', two({ site: 'B' }, second), 'sites[1].slug: "b" is the slug of sites[0] too'],
    ['one site twice', two({ site: 'b' }, second), 'sites[1].server: with its "site" is sites[0] again'],
    [
      'one site twice, under two slugs',
      two({ site: 'b', slug: 'x' }, { ...second, server: 'tableau.example.com:443/#/site/b', slug: 'y' }),
      'sites[1].server: with its "site" is sites[0] again',
    ],
  ])('%s is one line', (_, file, says) => {
    const lines = linesOf(file)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(says)
  })

  test.each([
    [
      'an entity off at the top and on in the site',
      leastFile({ entities: { jobs: false } }, { entities: { jobs: true }, acceptSurplus: ['jobs'] }),
    ],
    ['a password for Tableau Server', leastFile({}, { signIn: SIGN_INS['password'] })],
    [
      'a host that ends like Tableau Cloud’s',
      leastFile({}, { server: 'https://notonline.tableau.com', signIn: SIGN_INS['password'] }),
    ],
    [
      'one content URL on two servers',
      two({ site: 'b', slug: 'a' }, { ...second, server: 'https://other.example.com' }),
    ],
    ['an owner in the site alone', put(leastFile({}, { owner: 'BI' }), ['owner'], undefined)],
  ])('%s is right', (_, file) => {
    expect(parse(print(file)).sites.length).toBeGreaterThan(0)
  })
})

describe('several mistakes', () => {
  const broken = leastFile(
    { zone: 'UTC', concurrency: 0 },
    { timeZone: 'Nowhere', signIn: { kind: 'pat', name: '', secret: {} } },
  )

  test('are all told, in the order of the file', () => {
    const lines = linesOf(broken)
    expect(lines.map((line) => line.split(' ')[1])).toEqual([
      'zone:',
      'concurrency:',
      'sites[0].signIn.name:',
      'sites[0].signIn.secret:',
      'sites[0].timeZone:',
    ])
    expect(refusal(print(broken)).details).toEqual({ file: FILE, mistakes: 5 })
  })

  test('are told up to twenty, and how many more there are', () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`unknown${i}x`, i]))
    const lines = linesOf({ ...leastFile(), ...many })
    expect(lines).toHaveLength(21)
    expect(lines[20]).toBe('… and 13 more')
  })
})

describe('what messages look like', () => {
  test.each([
    ['a long value is cut', 'x'.repeat(5000), 200],
    ['a value of many lines stands on one', `a\n${'b c '.repeat(40)}\u001b[31m`, 200],
  ])('%s', (_, timeZone, most) => {
    const [line = '', ...others] = linesOf(leastFile({ timeZone }))
    expect(others).toEqual([])
    expect(line.length).toBeLessThan(most)
    expect(line).not.toContain('\u001b')
  })

  test('a name that is no plain word stands in quotes', () => {
    expect(linesOf(leastFile({ 'time zone': 1 }))[0]).toContain(
      ' ["time zone"]: is no property here; the nearest is "timeZone"',
    )
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s is a name like another',
    (name) => {
      const text = print(leastFile({ '@name@': 1 })).replace('@name@', name)
      expect(refusal(text).message).toContain(` ${name}: is no property here`)
    },
  )

  test('the path is that which was given', () => {
    expect(linesOf(leastFile({ x: 1 }))[0]).toMatch(/^almanac\.config\.json:3:3 x: /)
  })
})
