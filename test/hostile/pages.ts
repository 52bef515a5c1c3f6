import { readdirSync, readFileSync } from 'node:fs'
import type { Shape } from '../../lib/tableau/answer.ts'

/** A whole answer of one type, and where its payload stands. */
export interface PageType {
  readonly name: string
  readonly bytes: Buffer
  readonly shape: Shape
}

const FOLDER = new URL('../fixtures/entities/', import.meta.url)

/** The list and its item, or the only item, by what stands first in an answer. */
function shapeIn(xml: string): Shape {
  const [, first = ''] = /<tsResponse[^>]*>\s*<(\w+)/.exec(xml) ?? []
  if (first !== 'pagination') return { list: null, item: first }
  const [, list = '', item = ''] = /<(\w+)>\s*<(\w+)[ />]/.exec(xml) ?? []
  return { list, item }
}

const wrap = (inner: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><tsResponse xmlns="http://tableau.com/api">${inner}</tsResponse>`

/** What the doors of a site answer. */
const DOORS: readonly (readonly [name: string, list: string | null, item: string, inner: string])[] = [
  [
    'serverinfo',
    null,
    'serverInfo',
    '<serverInfo><productVersion build="1">2026.2</productVersion><restApiVersion>3.29</restApiVersion></serverInfo>',
  ],
  [
    'signin',
    null,
    'credentials',
    '<credentials token="t|1"><site id="s1" contentUrl="demo"/><user id="u1"/></credentials>',
  ],
  ['me', null, 'user', '<user id="u1" name="a" siteRole="SiteAdministratorCreator"/>'],
  [
    'tokens',
    'personalAccessTokens',
    'personalAccessToken',
    '<personalAccessTokens><personalAccessToken tokenName="a" expiresAt="2027-01-01T00:00:00Z"/></personalAccessTokens>',
  ],
]

/** Every recorded page of an entity, and what the doors of a site answer. */
export const PAGE_TYPES: readonly PageType[] = [
  ...readdirSync(FOLDER).map((name) => {
    const bytes = readFileSync(new URL(name, FOLDER))
    return { name, bytes, shape: shapeIn(bytes.toString()) }
  }),
  ...DOORS.map(([name, list, item, inner]) => ({
    name,
    bytes: Buffer.from(wrap(inner)),
    shape: { list, item },
  })),
]
