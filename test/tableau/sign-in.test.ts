import { describe, expect, it } from 'vitest'
import { secretOf } from '../../lib/core/secret.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { isTableauCloud } from '../../lib/network/address.ts'
import { connect } from '../../lib/tableau/client.ts'
import { scopesFor } from '../../lib/tableau/scopes.ts'
import { answerXml, connected, optionsFor, tinySite, usersOf, wrap } from './servers.ts'
import {
  adminOf,
  appIdentity,
  KEYS,
  openToAll,
  passwordIdentity,
  patOf,
  SCOPES,
  signInAs,
  uatIdentity,
} from './sign-in-identities.ts'

const LISTS = [
  ['users', 'user'],
  ['groups', 'group'],
  ['jobs', 'backgroundJob'],
  ['workbooks', 'workbook'],
] as const
const listOf = (path: string, item: string) =>
  ({ path, list: `${item}s`, item, query: {}, paging: 'numbered' }) as const

describe('every identity', () => {
  it.each(['pat', 'connected-app', 'uat', 'password'] as const)('signs in: %s', async (kind) => {
    const simulator = await openToAll({ passwords: [] })
    const admin = adminOf(simulator)
    const server =
      kind === 'password'
        ? await openToAll({ passwords: [{ user: admin, password: 'pass word' }] })
        : simulator
    const identities = {
      pat: patOf(server),
      'connected-app': appIdentity(server),
      uat: uatIdentity(server),
      password: passwordIdentity(admin, 'pass word'),
    }
    const { client } = await connected(server.url, signInAs(server, identities[kind]))
    expect(client.user).toEqual({ id: server.world().users[0]?.id, siteRole: 'SiteAdministratorCreator' })
    for (const [path, item] of LISTS) {
      const { pagination } = await client.page(listOf(path, item), 1)
      expect(pagination?.totalAvailable).toBe(server.world()[path].length)
    }
  })

  it.each(['\\n', '\\r\\n'])(
    'signs in: uat, with its key on one line, its newlines written %s',
    async (newline) => {
      const simulator = await openToAll()
      for (const end of ['', '\n']) {
        const privateKey = secretOf(KEYS.privateKey.trimEnd().replaceAll('\n', newline) + end)
        const { client } = await connected(
          simulator.url,
          signInAs(simulator, uatIdentity(simulator, { privateKey })),
        )
        expect(client.user.id).toBe(simulator.world().users[0]?.id)
      }
    },
  )

  it('but a personal access token may have several sessions at once', async () => {
    const simulator = await openToAll()
    const { client: first } = await connected(simulator.url, signInAs(simulator, appIdentity(simulator)))
    const { client: second } = await connected(simulator.url, signInAs(simulator, appIdentity(simulator)))
    for (const client of [first, second, first]) {
      expect((await client.page(listOf('users', 'user'), 1)).cost.renewals).toBe(0)
    }
    expect(simulator.counters()).toMatchObject({ signIns: 2 })
  })
})

describe('servers too old', () => {
  it.each([
    ['connected-app', '3.16', '2022.3'],
    ['uat', '3.16', '2022.3'],
    ['password', '3.5', '2019.4'],
  ] as const)('for %s are told before a sign-in', async (kind, apiVersion, product) => {
    const simulator = await openToAll({ apiVersion })
    const identity = {
      'connected-app': appIdentity(simulator),
      uat: uatIdentity(simulator),
      password: passwordIdentity('anna', 'secret'),
    }[kind]
    await expect(connect(optionsFor(simulator.url, signInAs(simulator, identity)))).rejects.toMatchObject({
      code: 'sign-in-refused',
      message: expect.stringContaining(`REST API ${apiVersion};`),
      next: expect.stringContaining(product),
    })
    expect(simulator.counters()['signIn']).toBeUndefined()
  })
})

describe('scopes', () => {
  it('are those of the entities and of the look at ourselves, sorted, each once', () => {
    expect(scopesFor(ENTITIES)).toEqual(SCOPES)
    expect(scopesFor([])).toEqual(['tableau:users:read'])
  })

  it('that do not cover a list forbid that list, and the session goes on', async () => {
    const simulator = await openToAll()
    const scopes = ['tableau:users:read', 'tableau:content:read']
    const { client, events } = await connected(
      simulator.url,
      signInAs(simulator, appIdentity(simulator, { scopes })),
    )
    for (const path of ['groups', 'jobs', 'groups']) {
      await expect(client.page(listOf(path, 'group'), 1)).rejects.toMatchObject({
        code: 'forbidden',
        tableauCode: '401002',
        message: expect.stringContaining('scopes do not cover'),
      })
    }
    expect((await client.page(listOf('workbooks', 'workbook'), 1)).items).toHaveLength(30)
    expect(events.map(({ type }) => type)).toEqual(['signed-in'])
  })

  it('without our own user end with what to check', async () => {
    const simulator = await openToAll()
    const identity = appIdentity(simulator, { scopes: ['tableau:content:read'] })
    await expect(connect(optionsFor(simulator.url, signInAs(simulator, identity)))).rejects.toMatchObject({
      code: 'session-lost',
      next: expect.stringContaining('tableau:users:read'),
    })
  })

  it('do not hide that a session ended', async () => {
    const simulator = await openToAll()
    const { client } = await connected(simulator.url, signInAs(simulator, appIdentity(simulator)))
    simulator.faults.set([{ kind: 'endSession', match: { endpoint: 'groups', times: 1 } }])
    expect((await client.page(listOf('groups', 'group'), 1)).cost.renewals).toBe(1)
  })
})

describe('isTableauCloud', () => {
  it.each([
    ['online.tableau.com', true],
    ['10ax.online.tableau.com', true],
    ['Prod-UK-a.Online.Tableau.com:443', true],
    ['10ax.online.tableau.com.', true],
    ['tableau.com', false],
    ['evilonline.tableau.com', false],
    ['online.tableau.com.example.com', false],
    ['tableau.corp.example.com', false],
  ])('%s: %s', (host, isCloud) => {
    expect(isTableauCloud(host)).toBe(isCloud)
  })
})

describe('when the token expires', () => {
  const expiresAt = '2027-03-01T00:00:00Z'
  it('is told by Tableau Cloud, for the token of our name', async () => {
    const morePats = [{ name: 'other', secret: 'other-secret', expiresAt: '2028-01-01T00:00:00Z' }]
    const cloud = await openToAll({ cloud: true, patExpiresAt: expiresAt, morePats })
    const { client } = await connected(cloud.url, signInAs(cloud, patOf(cloud)))
    expect(await client.tokenExpiresAt()).toBe(Date.parse(expiresAt))
  })

  it('is null where the server does not know, or knows no date', async () => {
    for (const options of [{ patExpiresAt: expiresAt }, { cloud: true }]) {
      const server = await openToAll(options)
      const { client } = await connected(server.url, signInAs(server, patOf(server)))
      expect(await client.tokenExpiresAt()).toBeNull()
      expect(server.counters()).toMatchObject({ userPats: 1 })
    }
  })

  it('is null without a question when it is no token', async () => {
    const cloud = await openToAll({ cloud: true, patExpiresAt: expiresAt })
    const { client } = await connected(cloud.url, signInAs(cloud, appIdentity(cloud)))
    expect(await client.tokenExpiresAt()).toBeNull()
    expect(cloud.counters()['userPats']).toBeUndefined()
  })

  it('is null when it is forbidden, and a failure when the server fails', async () => {
    const cloud = await openToAll({ cloud: true, patExpiresAt: expiresAt })
    const { client } = await connected(cloud.url, signInAs(cloud, patOf(cloud)))
    cloud.faults.set([{ kind: 'forbidden', match: { endpoint: 'userPats' } }])
    expect(await client.tokenExpiresAt()).toBeNull()
    cloud.faults.set([{ kind: 'status', status: 503, html: true, match: { endpoint: 'userPats' } }])
    await expect(client.tokenExpiresAt()).rejects.toMatchObject({ code: 'server-error' })
  })

  it('refuses one that has expired', async () => {
    const cloud = await openToAll({ cloud: true, patExpiresAt: '2026-10-31T00:00:00Z' })
    await expect(connect(optionsFor(cloud.url, signInAs(cloud, patOf(cloud))))).rejects.toMatchObject({
      code: 'sign-in-refused',
      message: expect.stringContaining('token named "almanac"'),
    })
  })
})

it('escapes a name and a password', async () => {
  const site = await tinySite(usersOf(1), {
    '/serverinfo': (_, response) =>
      answerXml(response, wrap('<serverInfo><restApiVersion>3.29</restApiVersion></serverInfo>')),
  })
  const signIn = { serverUrl: site.url, contentUrl: 'demo', identity: passwordIdentity('a\\b', '<"&>') }
  await connected(site.url, { signIn })
  expect(site.signInBodies).toEqual([
    '<tsRequest><credentials name="a\\b" password="&lt;&quot;&amp;&gt;"><site contentUrl="demo"></site></credentials></tsRequest>',
  ])
})
