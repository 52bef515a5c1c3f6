import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { VARIABLES } from '../../bin/docs/variables.ts'
import { SITE_VARIABLES, siteFromEnvironment } from '../../lib/config/environment.ts'
import { AlmanacError } from '../../lib/core/errors.ts'
import { ENTITIES } from './sample.ts'

type Env = Readonly<Record<string, string | undefined>>

const CANARY = 'canary7-of-a-secret'
const USER = 'almanac@example.com'
const WAYS: Readonly<Record<string, Env>> = {
  pat: { TABLEAU_PAT_NAME: 'almanac', TABLEAU_PAT_SECRET: CANARY },
  'connected-app': {
    TABLEAU_CONNECTED_APP_CLIENT_ID: 'client',
    TABLEAU_CONNECTED_APP_SECRET_ID: 'secret',
    TABLEAU_CONNECTED_APP_SECRET_VALUE: CANARY,
    TABLEAU_USERNAME: USER,
  },
  uat: {
    TABLEAU_UAT_ISSUER: 'https://almanac.example.com',
    TABLEAU_UAT_KEY_ID: 'key',
    TABLEAU_UAT_TENANT_ID: 'tenant',
    TABLEAU_UAT_PRIVATE_KEY: CANARY,
    TABLEAU_USERNAME: USER,
  },
  password: { TABLEAU_USERNAME: USER, TABLEAU_PASSWORD: CANARY },
}
const PLACE: Env = { TABLEAU_SERVER_URL: 'https://tableau.example.com', TABLEAU_SITE_ID: 'Sales' }
const ways = Object.entries(WAYS).map(([kind, way]) => ({ kind, way, env: { ...PLACE, ...way } }))

const from = (env: Env, slug?: string) => siteFromEnvironment(env, { cwd: '/work', entities: ENTITIES, slug })

function refusal(env: Env): AlmanacError {
  try {
    from(env)
  } catch (thrown) {
    if (!(thrown instanceof AlmanacError)) throw thrown
    const shown = [inspect(thrown, { depth: 9 }), JSON.stringify(thrown), String(thrown.stack), thrown.next]
    for (const text of shown) expect(text).not.toContain(CANARY)
    return thrown
  }
  throw new Error('nothing is wrong with it')
}

describe('no site', () => {
  test.each([
    ['nothing at all', {}],
    ['all set to nothing', Object.fromEntries(SITE_VARIABLES.map((name) => [name, ' ']))],
    ['what is about no site', { TABLEAU_CA_FILE: 'ca.pem', ALMANAC_OWNER: 'BI', PATH: '/bin' }],
  ])('is configured by %s', (_, env) => expect(from(env)).toBeUndefined())
})

describe('one site', () => {
  test('has every default', () => {
    expect(from({ ...PLACE, ...WAYS['pat'] })).toEqual({
      slug: 'sales',
      server: 'https://tableau.example.com',
      contentUrl: 'Sales',
      timeZone: 'UTC',
      entities: ENTITIES,
      concurrency: 8,
      acceptSurplus: [],
      acceptNarrowed: [],
      warehouse: '/work/warehouse',
      owner: undefined,
      notify: [],
      signIn: { kind: 'pat', name: 'almanac', secret: { env: 'TABLEAU_PAT_SECRET' } },
      proxy: undefined,
      caFile: undefined,
      timeouts: { connect: 10, headers: 30, idle: 30, whole: 120 },
    })
  })

  test.each([
    [
      'connected-app',
      {
        clientId: 'client',
        secretId: 'secret',
        secret: { env: 'TABLEAU_CONNECTED_APP_SECRET_VALUE' },
        user: USER,
      },
    ],
    [
      'uat',
      {
        issuer: 'https://almanac.example.com',
        keyId: 'key',
        tenantId: 'tenant',
        privateKey: { env: 'TABLEAU_UAT_PRIVATE_KEY' },
        user: USER,
        userClaim: 'email',
      },
    ],
    ['password', { user: USER, password: { env: 'TABLEAU_PASSWORD' } }],
  ])('signs in by %s', (kind, signIn) => {
    expect(from({ ...PLACE, ...WAYS[kind] })?.signIn).toEqual({ kind, ...signIn })
  })

  test.each(ways)('$kind: holds references, never a secret', ({ env }) => {
    expect(inspect(from(env), { depth: 9, showHidden: true })).not.toContain(CANARY)
  })

  test('takes the key of a unified access token from a file, and another claim', () => {
    const { TABLEAU_UAT_PRIVATE_KEY: _, ...uat } = WAYS['uat'] ?? {}
    const more = { TABLEAU_UAT_PRIVATE_KEY_FILE: 'key.pem', TABLEAU_UAT_USER_CLAIM: 'upn' }
    expect(from({ ...PLACE, ...uat, ...more })?.signIn).toMatchObject({
      privateKey: { file: '/work/key.pem' },
      userClaim: 'upn',
    })
  })

  test.each([
    [
      'white space is not part of a value',
      { TABLEAU_PAT_NAME: ' almanac\n' },
      { signIn: { name: 'almanac' } },
    ],
    [
      'no TABLEAU_SITE_ID is the default site',
      { TABLEAU_SITE_ID: undefined },
      { contentUrl: '', slug: 'default' },
    ],
    ['TABLEAU_CA_FILE is absolute', { TABLEAU_CA_FILE: 'ca.pem' }, { caFile: '/work/ca.pem' }],
    ['ALMANAC_OWNER is the owner', { ALMANAC_OWNER: 'BI' }, { owner: 'BI' }],
    [
      'an address is reduced to its host',
      { TABLEAU_SERVER_URL: 'tableau.example.com/#/site/x' },
      { server: 'https://tableau.example.com' },
    ],
  ])('%s', (_, env, site) => expect(from({ ...PLACE, ...WAYS['pat'], ...env })).toMatchObject(site))

  test('takes a slug that is given, also where none could be made', () => {
    expect(from({ ...PLACE, ...WAYS['pat'], TABLEAU_SITE_ID: '日本' }, 'japan')?.slug).toBe('japan')
  })
})

describe('a way that is set in part', () => {
  const parts = ways.flatMap(({ kind, way, env }) =>
    ['TABLEAU_SERVER_URL', ...Object.keys(way)].map((name) => ({ kind, name, env: { ...env, [name]: '' } })),
  )

  test.each(parts)('$kind without $name names it', ({ name, env }) => {
    const error = refusal(env)
    expect(error).toMatchObject({ code: 'bad-configuration', exit: 2 })
    expect(error.message).toContain(name)
    expect(error.message).toMatch(
      /^the site is configured only in part: .* (is|are) not set, and there is no almanac\.config\.json in \/work$/,
    )
    expect(error.next).toBe('Run "almanac init" there, name the file with --config, or set what is missing.')
  })

  test.each([
    [{ TABLEAU_SITE_ID: 'Sales' }, 'TABLEAU_SERVER_URL, TABLEAU_PAT_NAME, TABLEAU_PAT_SECRET are not set'],
    [
      { TABLEAU_SERVER_URL: 'https://tableau.example.com' },
      'TABLEAU_PAT_NAME, TABLEAU_PAT_SECRET are not set',
    ],
    [{ TABLEAU_USERNAME: USER }, 'TABLEAU_SERVER_URL, TABLEAU_PASSWORD are not set'],
    [{ TABLEAU_UAT_KEY_ID: 'k' }, 'TABLEAU_UAT_PRIVATE_KEY or TABLEAU_UAT_PRIVATE_KEY_FILE'],
  ])('%j names all that is missing', (env, says) => expect(refusal(env).message).toContain(says))
})

describe('two ways at once', () => {
  const pairs = ways.flatMap((one, i) => ways.slice(i + 1).map((other) => ({ one, other })))

  test.each(pairs)('$one.kind and $other.kind are refused, naming both', ({ one, other }) => {
    const { code, message } = refusal({ ...PLACE, ...one.way, ...other.way })
    expect(code).toBe('bad-configuration')
    expect(message).toContain('names 2 ways to sign in')
    const own = [one.way, other.way]
      .flatMap((way) => Object.keys(way))
      .filter((name) => name !== 'TABLEAU_USERNAME')
    for (const name of own) expect(message).toContain(name)
  })

  test('a token and a user’s name are two', () => {
    expect(refusal({ ...PLACE, ...WAYS['pat'], TABLEAU_USERNAME: USER }).message).toContain(
      'TABLEAU_USERNAME',
    )
  })

  test('a key and its file are two places', () => {
    const { message } = refusal({ ...PLACE, ...WAYS['uat'], TABLEAU_UAT_PRIVATE_KEY_FILE: 'key.pem' })
    expect(message).toBe('TABLEAU_UAT_PRIVATE_KEY and TABLEAU_UAT_PRIVATE_KEY_FILE are both set')
  })
})

describe('values that will not do', () => {
  const token = `${CANARY.replaceAll('-', '')}Mh9vbrjjg8w==:rZTHhPpP2tUW`

  test.each([
    ['http', { TABLEAU_SERVER_URL: 'http://tableau.example.com' }, 'insecure-address'],
    ['a metadata address', { TABLEAU_SERVER_URL: 'https://169.254.169.254' }, 'forbidden-address'],
    ['no address', { TABLEAU_SERVER_URL: 'https://a b' }, 'bad-configuration'],
    [
      'an address with a password',
      { TABLEAU_SERVER_URL: `https://u:${CANARY}@tableau.example.com` },
      'bad-configuration',
    ],
  ])('%s', (_, env, code) => expect(refusal({ ...PLACE, ...WAYS['pat'], ...env }).code).toBe(code))

  test.each(['TABLEAU_SERVER_URL', 'TABLEAU_SITE_ID', 'TABLEAU_PAT_NAME'])(
    'a secret in %s is not repeated',
    (name) => {
      const { message } = refusal({ ...PLACE, ...WAYS['pat'], [name]: token })
      expect(message).toBe(`${name} holds what looks like a secret`)
    },
  )

  test.each([
    'TABLEAU_SITE',
    'TABLEAU_SITE_NAME',
    'tableau_siteid',
    'TABLEAU_CONTENT_URL',
    'TABLEAU_PROD_SITE',
  ])('a site in %s, which nothing reads, is not taken for the default site', (name) => {
    const unnamed = { ...PLACE, ...WAYS['pat'], TABLEAU_SITE_ID: undefined, [name]: 'Sales' }
    const { code, message, next } = refusal(unnamed)
    expect([code, message]).toEqual([
      'bad-configuration',
      `${name} is set, which nothing reads, and TABLEAU_SITE_ID is not: the default site would be read`,
    ])
    expect(next).toContain(`for the default site, unset ${name}.`)
    expect(from({ ...unnamed, TABLEAU_SITE_ID: 'Other' })?.contentUrl).toBe('Other')
    expect(from({ ...unnamed, [name]: ' ' })?.contentUrl).toBe('')
  })

  test.each([
    ['TABLEAU_SITE_ID', 'My Marketing Site', 'not its display name'],
    ['TABLEAU_SERVER_URL', 'ftp://tableau.example.com', 'is no address of https'],
    ['TABLEAU_SERVER_URL', `ftp://u:${CANARY}@tableau.example.com`, 'holds what looks like a secret'],
  ])('%s of %s', (name, value, says) => {
    const error = refusal({ ...PLACE, ...WAYS['pat'], [name]: value })
    expect(error).toMatchObject({ code: 'bad-configuration', message: expect.stringContaining(says) })
  })

  test('a password for Tableau Cloud', () => {
    const env = { ...PLACE, ...WAYS['password'], TABLEAU_SERVER_URL: 'https://10ax.online.tableau.com' }
    const { message, next } = refusal(env)
    expect(message).toContain('Tableau Cloud takes no user name and password')
    expect(next).toBe('Unset TABLEAU_PASSWORD and use a personal access token or a connected app.')
  })
})

test('the documentation lists every variable', () => {
  const documented = VARIABLES.map(({ name }) => name)
  const others = ['ALMANAC_CONFIG', 'ALMANAC_OWNER', 'TABLEAU_CA_FILE']
  expect(documented.toSorted()).toEqual([...SITE_VARIABLES, ...others].sort())
})
