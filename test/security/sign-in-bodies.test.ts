import { SaxesParser } from 'saxes'
import { describe, expect, test } from 'vitest'
import { secretOf } from '../../lib/core/secret.ts'
import { type Identity, patIdentity } from '../../lib/tableau/identity.ts'
import { figure } from '../guarantees/proof.ts'
import {
  answerXml,
  connected,
  SITE_ID,
  type TinySite,
  TOKEN,
  tinySite,
  USER_ID,
  usersOf,
  wrap,
} from '../tableau/servers.ts'
import { UNFIT_TEXTS, XML_TEXTS } from './sign-in-texts.ts'

type Attributes = Readonly<Record<string, string>>
interface Element {
  readonly name: string
  readonly attributes: Attributes
}

/** A body as a strict reader of XML sees it: its elements, and what is wrong with it. */
function readBody(body: string): {
  readonly elements: readonly Element[]
  readonly flaws: readonly string[]
} {
  const elements: Element[] = []
  const flaws: string[] = []
  const parser = new SaxesParser()
  parser.on('opentag', ({ name, attributes }) => void elements.push({ name, attributes: { ...attributes } }))
  parser.on('error', ({ message }) => void flaws.push(message))
  parser.write(body).close()
  return { elements, flaws }
}

/** Every identity that is sent as it is; tokens minted here are letters and digits. */
const IDENTITIES: readonly (readonly [string, (text: string) => Identity, (text: string) => Attributes])[] = [
  [
    'a personal access token',
    (text) => patIdentity(text, `x${text}`),
    (text) => ({ personalAccessTokenName: text, personalAccessTokenSecret: `x${text}` }),
  ],
  [
    'a password',
    (text) => ({ kind: 'password', user: text, password: secretOf(`x${text}`) }),
    (text) => ({ name: text, password: `x${text}` }),
  ],
]

/** A text of XML, letter by letter, so that nothing in it is taken for anything but itself. */
const spelt = (text: string): string => [...text].map((each) => `&#${each.codePointAt(0)};`).join('')

/** A server that keeps what signing in sends, and leads to the site that is asked for. */
const openSite = (): Promise<TinySite> =>
  tinySite(usersOf(1), {
    '/auth/signin': async (request, response, site) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const body = Buffer.concat(chunks).toString()
      site.signInBodies.push(body)
      site.token = TOKEN
      const asked = readBody(body).elements.find(({ name }) => name === 'site')?.attributes['contentUrl']
      const inside = `<site id="${SITE_ID}" contentUrl="${spelt(asked ?? '')}"/><user id="${USER_ID}"/>`
      answerXml(response, wrap(`<credentials token="${TOKEN}">${inside}</credentials>`))
    },
  })

/** What a server is sent by a real client that signs in so. */
async function sent(site: TinySite, identity: Identity, contentUrl: string) {
  const { client } = await connected(site.url, { signIn: { serverUrl: site.url, contentUrl, identity } })
  await client.close()
  return readBody(site.signInBodies.at(-1) ?? '')
}

describe.each(IDENTITIES)('signing in with %s', (_, identityOf, attributesOf) => {
  test('carries every text that XML can hold to the server as it is', async () => {
    const site = await openSite()
    for (const text of XML_TEXTS) {
      const { elements, flaws } = await sent(site, identityOf(text), text)
      expect(flaws).toEqual([])
      expect(elements).toEqual([
        { name: 'tsRequest', attributes: {} },
        { name: 'credentials', attributes: attributesOf(text) },
        { name: 'site', attributes: { contentUrl: text } },
      ])
    }
  })

  test('sends nothing of a text that XML cannot hold: it is refused, and a secret is not repeated', async () => {
    const site = await openSite()
    for (const text of UNFIT_TEXTS) {
      const inEither = [
        [identityOf(text), ''],
        [identityOf('plain'), text],
      ] as const
      for (const [identity, contentUrl] of inEither)
        await expect(sent(site, identity, contentUrl)).rejects.toMatchObject({
          code: 'bad-configuration',
          message: expect.not.stringContaining(`x${text}`),
        })
    }
    expect(site.signInBodies).toEqual([])
  })
})

test('what it came to', () => {
  expect(XML_TEXTS.length).toBeGreaterThan(30)
  figure('sign-in-bodies', { texts: XML_TEXTS.length + UNFIT_TEXTS.length, identities: IDENTITIES.length })
})
