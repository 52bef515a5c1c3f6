import type { Asked, Echo, Reply } from './front.ts'
import { escapedXml } from './front.ts'
import { spell } from './spellings.ts'

/** How a server says a secret again: in one spelling. */
export type Say = (secret: string) => Buffer

/** How a server spells what it says again. */
export const SAYS: Readonly<Record<string, Say>> = {
  plain: (secret) => Buffer.from(secret),
  'in Base64': (secret) => Buffer.from(Buffer.from(`x${secret}`).toString('base64')),
  'in hex': (secret) => spell('hex', secret),
  'in percent': (secret) => spell('percent', secret),
  'all in percent': (secret) => spell('percent everywhere', secret),
  'in JSON': (secret) => spell('JSON, all escaped', secret),
  'in XML': (secret) => spell('XML by numbers', secret),
  backwards: (secret) => Buffer.from([...secret].reverse().join('')),
  'in part': (secret) => Buffer.from([...secret].slice(13, 24).join('')),
  'in small letters': (secret) => Buffer.from(secret.toLowerCase()),
}

const XML = { 'content-type': 'application/xml;charset=utf-8' }
const inXml = (said: Buffer): string => escapedXml(said.toString('latin1'))
const wrap = (inner: string): Buffer =>
  Buffer.from(`<tsResponse xmlns="http://tableau.com/api">${inner}</tsResponse>`, 'latin1')
/** What is left of a text where XML takes names alone. */
const nameOf = (said: Buffer): string => `A${said.toString('latin1').replaceAll(/[^A-Za-z0-9]/g, '')}`
/** The same where a header takes it. */
const inHeader = (said: Buffer): string => said.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '')

const xml = (status: number, inner: string): Reply => ({ status, headers: XML, body: wrap(inner) })
const page = (status: number, type: string, said: Buffer, headers = {}): Reply => ({
  status,
  headers: { 'content-type': type, ...headers },
  body: said,
})
const error = (status: number, code: string, said: Buffer): Reply =>
  xml(
    status,
    `<error code="${code}"><summary>${inXml(said)}</summary><detail>(${inXml(said)})</detail></error>`,
  )

/** Changes an honest answer. */
const edited = (reply: Reply, edit: (text: string) => string): Reply => ({
  ...reply,
  body: Buffer.from(edit(reply.body.toString('latin1')), 'latin1'),
})

/** Gives the first element of a list, or the only one, an attribute, instead of the one that it has. */
const withAttribute = (element: string, name: string, value: string) => (text: string) =>
  text.replace(new RegExp(`<${element}( [^>]*?)?(/?)>`), (_, attributes = '', end) => {
    const others = String(attributes).replace(new RegExp(` ${name}="[^"]*"`), '')
    return `<${element} ${name}="${value}"${others}${end}>`
  })

type Position = (asked: Asked, said: Buffer) => Reply | 'cut'

/** Answers in the place of any other. */
const INSTEAD: Readonly<Record<string, Position>> = {
  'in an error': (_, said) => error(404, '404012', said),
  'in a refusal': (_, said) => error(403, '403004', said),
  'in a bad request': (_, said) => error(400, '400000', said),
  'in an error with 200': (_, said) => error(200, '400006', said),
  'in a refused sign-in': (_, said) => error(401, '401001', said),
  'in a lost session': (_, said) => error(401, '401002', said),
  'in a failure': (_, said) => error(503, '503800', said),
  'in the code of an error': (_, said) =>
    xml(400, `<error code="${inXml(said)}"><summary/><detail/></error>`),
  'in HTML': (_, said) => page(200, 'text/html', said),
  'in HTML of a gateway': (_, said) => page(502, 'text/html', said),
  'in JSON': (_, said) => page(200, 'application/json', said),
  'in a text without a type': (_, said) => ({ status: 200, headers: {}, body: said }),
  'in a content type': ({ reply }, said) => page(200, inHeader(said), reply.body),
  'in a charset': ({ reply }, said) => page(200, `text/xml; charset=${inHeader(said)}`, reply.body),
  'in an encoding': ({ reply }, said) =>
    page(200, 'text/xml', reply.body, { 'content-encoding': inHeader(said) }),
  'in the path of a redirect': (_, said) =>
    page(302, 'text/html', Buffer.of(), { location: `https://sso.example.com/${inHeader(said)}` }),
  'in the host of a redirect': (_, said) =>
    page(302, 'text/html', Buffer.of(), { location: `https://${nameOf(said).slice(0, 60)}.example.com/` }),
  'in when to come again': (_, said) =>
    page(503, 'text/html', Buffer.of(), { 'retry-after': inHeader(said) }),
  'in broken XML': (_, said) =>
    page(200, 'application/xml', Buffer.concat([Buffer.from('<tsResponse><a x="'), said])),
  'in a tag that is not closed': (_, said) => xml(200, `<${nameOf(said)}></B>`),
  'in a wrong root': (_, said) => page(200, 'application/xml', Buffer.from(`<${nameOf(said)}/>`)),
  'in a declared encoding': ({ reply }, said) =>
    edited(
      reply,
      (text) => `<?xml version="1.0" encoding="${nameOf(said)}"?>${text.replace(/^<\?.*?\?>/, '')}`,
    ),
  'in a warning': ({ reply }, said) =>
    edited(reply, (text) =>
      text.replace('</tsResponse>', `<warnings><warning message="${inXml(said)}"/></warnings></tsResponse>`),
    ),
  'in no HTTP': () => 'cut',
}

/** What a server says of itself and of who signed in. */
const FACTS: Readonly<Record<string, readonly [what: string, position: Position]>> = {
  'as the product’s version': [
    'serverInfo',
    ({ reply }, said) =>
      edited(reply, (text) => text.replace(/(<productVersion[^>]*>)[^<]*/, `$1${inXml(said)}`)),
  ],
  'as the API’s version': [
    'serverInfo',
    ({ reply }, said) => edited(reply, (text) => text.replace(/(<restApiVersion>)[^<]*/, `$1${inXml(said)}`)),
  ],
  'as the site’s id': [
    'signIn',
    ({ reply }, said) => edited(reply, withAttribute('site', 'id', inXml(said))),
  ],
  'as a site’s id that fits a path': [
    'signIn',
    ({ reply }, said) => edited(reply, withAttribute('site', 'id', nameOf(said))),
  ],
  'as the site’s address': [
    'signIn',
    ({ reply }, said) => edited(reply, withAttribute('site', 'contentUrl', inXml(said))),
  ],
  'as the user’s id': [
    'signIn',
    ({ reply }, said) => edited(reply, withAttribute('user', 'id', nameOf(said))),
  ],
  'as the site role': [
    'me',
    ({ reply }, said) => edited(reply, withAttribute('user', 'siteRole', inXml(said))),
  ],
}

/** What a server says of the site's content: data, which Almanac keeps as it is sent. */
const DATA: Readonly<Record<string, readonly [what: string, position: Position]>> = {
  'as the name of a workbook': [
    'workbooks',
    ({ reply }, said) => edited(reply, withAttribute('workbook', 'name', inXml(said))),
  ],
  'as the id of a workbook': [
    'workbooks',
    ({ reply }, said) => edited(reply, withAttribute('workbook', 'id', inXml(said))),
  ],
  'as the size of a workbook': [
    'workbooks',
    ({ reply }, said) => edited(reply, withAttribute('workbook', 'size', inXml(said))),
  ],
  'as a date of a workbook': [
    'workbooks',
    ({ reply }, said) => edited(reply, withAttribute('workbook', 'createdAt', inXml(said))),
  ],
  'as an attribute of a workbook': [
    'workbooks',
    ({ reply }, said) => edited(reply, withAttribute('workbook', nameOf(said), inXml(said))),
  ],
  'as the id of a group': [
    'groups',
    ({ reply }, said) => edited(reply, withAttribute('group', 'id', inXml(said))),
  ],
  'as a group’s id that fits a path': [
    'groups',
    ({ reply }, said) => edited(reply, withAttribute('group', 'id', nameOf(said))),
  ],
  'as a total': [
    'workbooks',
    ({ reply }, said) => edited(reply, withAttribute('pagination', 'totalAvailable', inXml(said))),
  ],
  'as an element among workbooks': [
    'workbooks',
    ({ reply }, said) =>
      edited(reply, (text) => text.replace('<workbooks>', `<workbooks><${nameOf(said)}/>`)),
  ],
}

/** Where in a run a server answers so. */
const WHEN: Readonly<Record<string, (what: string) => boolean>> = {
  'to any list': (what) => !['serverInfo', 'signIn', 'signOut', 'me', 'expiry'].includes(what),
  'to who it is': (what) => what === 'me',
  'to the sign-in': (what) => what === 'signIn',
  'to the sign-out': (what) => what === 'signOut',
  'to when the token expires': (what) => what === 'expiry',
}

/** A hostile answer: what it is called, and what it does once it is told how to spell, and which secret. */
export interface Hostility {
  readonly name: string
  /** Whether the secret stands in the data, where Almanac keeps what Tableau sends. */
  readonly isData: boolean
  /** Whether it stands in an answer that comes after all reading is done. */
  readonly isLate: boolean
  echo(say: Say, secret: 'token' | 'said'): Echo
}

type Facts = Pick<Hostility, 'name' | 'isData' | 'isLate'>

const hostility = (facts: Facts, isMeant: (what: string) => boolean, position: Position): Hostility => ({
  ...facts,
  echo: (say, secret) => (asked) => {
    if (!isMeant(asked.what) || asked[secret] === '') return undefined
    return position(asked, say(asked[secret]))
  },
})

const ofWhat = (isData: boolean, positions: typeof DATA): readonly Hostility[] =>
  Object.entries(positions).map(([name, [what, position]]) =>
    hostility({ name, isData, isLate: false }, (asked) => asked === what, position),
  )

/** Every hostile answer there is. */
export const HOSTILITIES: readonly Hostility[] = [
  ...Object.entries(WHEN).flatMap(([when, isMeant]) =>
    Object.entries(INSTEAD).map(([name, position]) => {
      const facts = {
        name: `${name}, ${when}`,
        isData: false,
        isLate: isMeant('signOut') || isMeant('expiry'),
      }
      return hostility(facts, isMeant, position)
    }),
  ),
  ...ofWhat(false, FACTS),
  ...ofWhat(true, DATA),
]
