import { describe, expect, it } from 'vitest'
import { AlmanacError } from '../../lib/core/errors.ts'
import { connect } from '../../lib/tableau/client.ts'
import { patIdentity } from '../../lib/tableau/identity.ts'
import {
  answerXml,
  complaint,
  connected,
  optionsFor,
  SITE_ID,
  serve,
  tinySite,
  USER_ID,
  usersOf,
  wrap,
} from './servers.ts'

const serverInfo = (version: string) =>
  wrap(
    `<serverInfo><productVersion build="1">x</productVersion><restApiVersion>${version}</restApiVersion></serverInfo>`,
  )

describe('connect', () => {
  it('asks for the version, signs in once, and looks who it is', async () => {
    const site = await tinySite(usersOf(2))
    const { client, events } = await connected(site.url)
    expect(client).toMatchObject({
      server: site.url,
      productVersion: '2026.2',
      apiVersion: '3.29',
      site: { id: SITE_ID, contentUrl: 'demo' },
      user: { id: USER_ID, siteRole: 'SiteAdministratorExplorer' },
      observedAt: Date.UTC(2026, 10, 1, 2),
    })
    expect(site.paths).toEqual([
      '/api/2.4/serverinfo',
      '/api/3.29/auth/signin',
      `/api/3.29/sites/${SITE_ID}/users/${USER_ID}`,
    ])
    expect(events).toEqual([
      {
        type: 'signed-in',
        server: site.url,
        contentUrl: 'demo',
        apiVersion: '3.29',
        siteRole: 'SiteAdministratorExplorer',
      },
    ])
  })

  it('escapes what it sends', async () => {
    const site = await tinySite(usersOf(2))
    const signIn = { serverUrl: site.url, contentUrl: '', identity: patIdentity('a "b" <c> & d', 'true') }
    await connected(site.url, { signIn })
    expect(site.signInBodies).toEqual([
      '<tsRequest><credentials personalAccessTokenName="a &quot;b&quot; &lt;c&gt; &amp; d" personalAccessTokenSecret="true"><site contentUrl=""></site></credentials></tsRequest>',
    ])
  })

  it.each([
    ['3.6', '3.6'],
    ['3.9', '3.9'],
    ['3.10', '3.10'],
    ['3.29', '3.29'],
    ['3.30', '3.29'],
    ['4.0', '3.29'],
  ])('speaks with a server of version %s in version %s', async (spoken, used) => {
    const site = await tinySite(usersOf(2), {
      '/serverinfo': (_, response) => answerXml(response, serverInfo(spoken)),
    })
    expect((await connected(site.url)).client.apiVersion).toBe(used)
    expect(site.paths[1]).toBe(`/api/${used}/auth/signin`)
  })

  it.each([
    ['3.5', serverInfo('3.5'), 200],
    ['2.8', serverInfo('2.8'), 200],
    ['2.3 or older', complaint('404003'), 404],
    ['2.3 or older', complaint('404001'), 404],
  ])(
    'says that a server of version %s is too old for personal access tokens',
    async (spoken, xml, status) => {
      const site = await tinySite(usersOf(2), {
        '/serverinfo': (_, response) => answerXml(response, xml, status),
      })
      const failed = expect(connect(optionsFor(site.url))).rejects
      await failed.toMatchObject({
        code: 'sign-in-refused',
        message: expect.stringContaining(`REST API ${spoken};`),
        next: expect.stringContaining('2019.4'),
      })
      expect(site.signIns).toBe(0)
    },
  )

  it('says that a version is none', async () => {
    const site = await tinySite(usersOf(2), {
      '/serverinfo': (_, response) => answerXml(response, serverInfo('new')),
    })
    await expect(connect(optionsFor(site.url))).rejects.toMatchObject({ code: 'malformed-response' })
  })

  it('says that a web page is not Tableau, and asks once only', async () => {
    let calls = 0
    const url = await serve((_, response) => {
      calls += 1
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>')
    })
    await expect(connect(optionsFor(url))).rejects.toMatchObject({
      code: 'not-tableau',
      message: expect.stringContaining('answered HTML'),
    })
    expect(calls).toBe(1)
  })

  it.each(['401001', '401002', '401003'])(
    'does not retry a sign-in that is refused with %s',
    async (code) => {
      const site = await tinySite(usersOf(2), {
        '/auth/signin': (_, response, counted) => {
          counted.signIns += 1
          answerXml(response, complaint(code), 401)
        },
      })
      const failed = expect(connect(optionsFor(site.url))).rejects
      await failed.toMatchObject({
        code: 'sign-in-refused',
        tableauCode: code,
        message: expect.stringContaining('site "demo" with the token named "nightly"'),
      })
      expect(site.signIns).toBe(1)
    },
  )

  it('points to the pod when Cloud refuses the method', async () => {
    const site = await tinySite(usersOf(2), {
      '/auth/signin': (_, response) => answerXml(response, complaint('405000'), 405),
    })
    await expect(connect(optionsFor(site.url))).rejects.toMatchObject({
      code: 'sign-in-refused',
      next: expect.stringContaining('pod'),
    })
  })

  it('signs in again after an answer that got lost', async () => {
    const site = await tinySite(usersOf(2))
    const lossy = await serve((request, response) => {
      if (request.url?.endsWith('/signin') && site.signIns++ === 0) return request.socket.destroy()
      if (request.url?.endsWith('/signin'))
        return answerXml(
          response,
          wrap(
            `<credentials token="t0ken"><site id="${SITE_ID}" contentUrl="demo"/><user id="${USER_ID}"/></credentials>`,
          ),
        )
      if (request.url?.endsWith('/serverinfo')) return answerXml(response, serverInfo('3.29'))
      answerXml(response, wrap('<user siteRole="Viewer"/>'))
    })
    const { client, events } = await connected(lossy)
    expect(client.user.siteRole).toBe('Viewer')
    expect(events.map((event) => event.type)).toEqual(['retried', 'signed-in'])
  })

  it.each([
    ['a token', `<credentials><site id="${SITE_ID}" contentUrl=""/><user id="u"/></credentials>`],
    [
      'a token fit for a header',
      `<credentials token="a&#10;b"><site id="${SITE_ID}" contentUrl=""/><user id="u"/></credentials>`,
    ],
    ['a site', '<credentials token="t"><user id="u"/></credentials>'],
    ['a user', `<credentials token="t"><site id="${SITE_ID}"/></credentials>`],
  ])('refuses credentials without %s', async (_, xml) => {
    const site = await tinySite(usersOf(2), {
      '/auth/signin': (__, response) => answerXml(response, wrap(xml)),
    })
    await expect(connect(optionsFor(site.url))).rejects.toMatchObject({ code: 'malformed-response' })
  })

  it.each(['', 'other'])('refuses to read the site "%s" for the one it asked for', async (name) => {
    const credentials = `<credentials token="t0ken"><site id="${SITE_ID}" contentUrl="${name}"/><user id="${USER_ID}"/></credentials>`
    const site = await tinySite(usersOf(2), {
      '/auth/signin': (__, response) => answerXml(response, wrap(credentials)),
    })
    await expect(connect(optionsFor(site.url))).rejects.toMatchObject({
      code: 'malformed-response',
      message: `Signing in to site "demo" was answered with site "${name}"`,
    })
  })

  it('signs out when the user cannot be read', async () => {
    const site = await tinySite(usersOf(2), {
      [`/users/${USER_ID}`]: (_, response) => answerXml(response, complaint('403004'), 403),
    })
    await expect(connect(optionsFor(site.url))).rejects.toMatchObject({
      code: 'forbidden',
      tableauCode: '403004',
    })
    expect(site.signOuts).toBe(1)
  })

  it('looks at the lease before it signs in', async () => {
    const site = await tinySite(usersOf(2))
    const beforeSignIn = () => Promise.reject(new AlmanacError('lease-lost', 'taken over'))
    await expect(connect(optionsFor(site.url, { beforeSignIn }))).rejects.toMatchObject({
      code: 'lease-lost',
    })
    expect(site.signIns).toBe(0)
  })

  it('does nothing once its signal is aborted', async () => {
    const site = await tinySite(usersOf(2))
    const reason = new Error('Ctrl-C')
    await expect(connect(optionsFor(site.url, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
    expect(site.paths).toEqual([])
  })
})
