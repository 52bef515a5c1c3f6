import type { IncomingMessage, ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../lib/core/event.ts'
import { secretOf } from '../../lib/core/secret.ts'
import { connect } from '../../lib/tableau/client.ts'
import type { Identity } from '../../lib/tableau/identity.ts'
import { readPass } from '../../lib/tableau/paging.ts'
import {
  answerXml,
  complaint,
  optionsFor,
  PAT,
  SITE_ID,
  serveRaw,
  type TinySite,
  TOKEN,
  tinySite,
  USERS,
  usersPage,
  wrap,
} from './servers.ts'
import { appIdentity, KEYS, openToAll, passwordIdentity, rsaPair, uatIdentity } from './sign-in-identities.ts'

/** The ways in which a secret may hide in a text; of each also the parts of eight characters at its ends. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const spelt = [
    secret,
    encodeURIComponent(secret),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('|', '&#124;'),
    secret.split('').reverse().join(''),
  ]
  return spelt.flatMap((text) => [text, text.slice(0, 12), text.slice(-12)])
}

const SECRETS = [...spellings(PAT.patSecret), ...spellings(TOKEN)]

/** Everything that can be seen of a value: as JSON, in the console, its stack and all its causes. */
function seen(value: unknown): string {
  const texts = [inspect(value, { depth: 20, showHidden: true, getters: true }), String(value)]
  if (value instanceof Error)
    texts.push(value.stack ?? '', value.message, value.cause === undefined ? '' : seen(value.cause))
  texts.push(
    JSON.stringify(value, (_, inner) =>
      inner instanceof Error ? Object.getOwnPropertyDescriptors(inner) : inner,
    ) ?? '',
  )
  return texts.join('\n')
}

const leaks = (value: unknown, secrets = SECRETS): string[] => {
  const text = seen(value)
  return secrets.filter((secret) => text.includes(secret))
}

type Answer = (response: ServerResponse, site: TinySite) => void
const echo = `${TOKEN}1 ${PAT.patSecret} ${Buffer.from(TOKEN).toString('base64')} ${encodeURIComponent(TOKEN)}`
const send =
  (status: number, type: string, body: string, headers = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': type, ...headers }).end(body)
  }
const XML = 'application/xml'
const error = (code: string) =>
  wrap(`<error code="${code}"><summary>${echo}</summary><detail>${echo}</detail></error>`)

/** Servers that hand our secrets back in whatever they answer. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  'in HTML': send(200, 'text/html', `<html>${echo}</html>`),
  'in HTML, cut just there': send(200, 'text/html', `<html>${' '.repeat(1_980)}${TOKEN}`),
  'in JSON': send(200, 'application/json', JSON.stringify({ echo })),
  'in a type': send(200, echo.replaceAll(' ', '/'), 'x'),
  'in a charset': send(200, `text/xml; charset=${TOKEN}`, '<tsResponse/>'),
  'in an encoding': send(200, XML, '', { 'content-encoding': TOKEN }),
  'in a redirect': send(302, XML, '', {
    location: `https://sso.example.com/${TOKEN}?relay=${encodeURIComponent(PAT.patSecret)}`,
  }),
  'in broken XML': send(200, XML, `<tsResponse><a x="${echo}" <`),
  'in a tag': send(200, XML, `<tsResponse><A${TOKEN.replaceAll('|', '')}></B>`),
  'in a wrong root': send(200, XML, `<A${TOKEN.replaceAll('|', '')}/>`),
  'in a stranger of the list': send(200, XML, wrap(`<users><A${TOKEN.replaceAll('|', '')}/></users>`)),
  'in a total': send(
    200,
    XML,
    wrap(`<pagination pageNumber="1" pageSize="1" totalAvailable="${TOKEN}"/><users/>`),
  ),
  'in an error': send(404, XML, error('404012')),
  'in an error with 200': send(200, XML, error('400006')),
  'in a code': send(400, XML, error(TOKEN)),
  'in a failure': send(503, XML, error('503800')),
  'in a lost session': send(401, XML, error('401002')),
  'in a warning': send(
    200,
    XML,
    `${usersPage(1, 1).replace('</tsResponse>', '')}<warnings><warning message="${echo}"/></warnings></tsResponse>`,
  ),
}

async function allThatShows(url: string, identity?: Identity): Promise<unknown[]> {
  const events: RunEvent[] = []
  const shown: unknown[] = [events]
  try {
    const usual = optionsFor(url, { emit: (event) => events.push(event) })
    const signIn = { ...usual.signIn, identity: identity ?? usual.signIn.identity }
    shown.push(signIn)
    const client = await connect({ ...usual, signIn })
    shown.push(client, client.page, client.item, client.close)
    await readPass(client, USERS, () => undefined).then(
      ({ cost }) => shown.push(cost),
      (thrown) => shown.push(thrown),
    )
    await client.close()
  } catch (thrown) {
    shown.push(thrown)
  }
  return shown
}

describe('no secret shows', () => {
  it('where everything goes well', async () => {
    const site = await tinySite((_, response) => answerXml(response, usersPage(1, 3)))
    const shown = await allThatShows(site.url)
    expect(shown).toHaveLength(7)
    expect(leaks(shown)).toEqual([])
  })

  it.each(Object.entries(ANSWERS))('though a list answers with them %s', async (_, answer) => {
    const site = await tinySite((__, response, seen) => answer(response, seen))
    expect(leaks(await allThatShows(site.url))).toEqual([])
  })

  it.each(Object.entries(ANSWERS))('though the sign-in answers with them %s', async (_, answer) => {
    const site = await tinySite(() => undefined, {
      '/auth/signin': (__, response, seen) => answer(response, seen),
    })
    expect(leaks(await allThatShows(site.url))).toEqual([])
  })

  it.each(Object.entries(ANSWERS))('though the sign-out answers with them %s', async (_, answer) => {
    const site = await tinySite((__, response) => answerXml(response, complaint('404012'), 404), {
      '/auth/signout': (__, response, seen) => answer(response, seen),
    })
    expect(leaks(await allThatShows(site.url))).toEqual([])
  })

  it('though credentials come cut, or without a user', async () => {
    const whole = wrap(`<credentials token="${TOKEN}"><site id="${SITE_ID}" contentUrl=""/></credentials>`)
    for (const xml of [whole, whole.slice(0, -30), whole.slice(0, 120)]) {
      const site = await tinySite(() => undefined, {
        '/auth/signin': (_, response) => answerXml(response, xml),
      })
      expect(leaks(await allThatShows(site.url))).toEqual([])
    }
  })

  it('though no HTTP answers with them', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${echo}\r\n\r\n`))
    })
    expect(leaks(await allThatShows(url))).toEqual([])
  })

  it('and this test would see one', () => {
    for (const secret of [TOKEN, PAT.patSecret]) {
      expect(leaks(new Error('x', { cause: new Error(`a${secret}b`) }))).not.toEqual([])
      expect(leaks({ deep: [{ text: Buffer.from(secret).toString('base64') }] })).not.toEqual([])
    }
  })
})

const APP_SECRET = 'q8Zr1vT0LxYc3Wn5Bk7Hd9Sf2Gj4MpAe6Ru+Io/QzUs='
const PASSWORD = 'corr3ct-h0rse-b4ttery-stapl3'
/** The inside of a key: its first and last lines are the same for all. */
const insideOf = (pem: string): string => pem.split('\n').slice(3, -4).join('')

type Kind = 'connected-app' | 'uat' | 'password'
const KINDS: readonly (readonly [Kind, string])[] = [
  ['connected-app', APP_SECRET],
  ['uat', insideOf(KEYS.privateKey)],
  ['password', PASSWORD],
]

const identityOf = async (kind: Kind): Promise<Identity> => {
  const connectedApps = [{ clientId: 'client', secretId: 'key', secret: APP_SECRET }]
  const simulator = await openToAll({ connectedApps })
  if (kind === 'connected-app') return appIdentity(simulator)
  return kind === 'uat' ? uatIdentity(simulator) : passwordIdentity('anna', PASSWORD)
}

/** What a server makes of a body that it repeats: of each kind of answer one. */
const REPEATS: Readonly<Record<string, (said: string, response: ServerResponse) => void>> = {
  'an error': (said, response) =>
    answerXml(
      response,
      wrap(`<error code="401001"><summary>${said}</summary><detail>(16) ${said}</detail></error>`),
      401,
    ),
  'another error': (said, response) =>
    answerXml(response, wrap(`<error code="400000"><summary/><detail>${said}</detail></error>`), 400),
  'a page': (said, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<html>${said}</html>`)
  },
  'broken XML': (said, response) => answerXml(response, `<tsResponse><a x="${said}" <`),
  'a warning beside credentials': (said, response) =>
    answerXml(
      response,
      wrap(
        `<credentials token="t0"><site id="${SITE_ID}"/><user id="u"/></credentials><warnings><warning message="${said}"/></warnings>`,
      ),
    ),
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe.each(KINDS)('no secret shows of %s', (kind, secret) => {
  it.each(Object.entries(REPEATS))('though the sign-in is repeated in %s', async (_, repeat) => {
    const said: string[] = []
    const site = await tinySite(() => undefined, {
      '/auth/signin': async (request, response) => {
        const text = / (?:jwt|password)="([^"]+)"/.exec(await bodyOf(request))?.[1] ?? ''
        said.push(text)
        repeat(`${text} ${secret}`, response)
      },
    })
    const shown = await allThatShows(site.url, await identityOf(kind))
    expect(said[0]?.length).toBeGreaterThan(20)
    const secrets = [secret, ...said].flatMap(spellings)
    // What every token begins with, and the PEM, is no secret; three parts of a token are.
    const parts = said.flatMap((token) => token.split('.')).filter((part) => part.length > 40)
    expect(leaks(shown, [...secrets, ...parts])).toEqual([])
  })
})

it('no secret shows of a key that is refused', async () => {
  const simulator = await openToAll()
  const short = rsaPair(1024).privateKey
  for (const key of [insideOf(short), short, short.replace('BEGIN', 'BEGAN')]) {
    const shown = await allThatShows(simulator.url, uatIdentity(simulator, { privateKey: secretOf(key) }))
    expect(leaks(shown, spellings(insideOf(short)))).toEqual([])
  }
})
