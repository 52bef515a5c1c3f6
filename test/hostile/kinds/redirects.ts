import { type Good, HARMLESS, type Kind, kindsOn, type Line, READ, refused, status } from '../spoil.ts'

const REDIRECTED = refused('redirected')
const STATUSES = [300, 301, 302, 303, 305, 306, 307, 308] as const

/** Where a redirect may lead, by what the good request and the other host are. */
const LOCATIONS: readonly (readonly [
  what: string,
  location: (good: Good) => string | readonly string[] | null,
])[] = [
  ['to another host', ({ other }) => `${other}/api/3.29/steal`],
  ['to another host with a query', ({ other }) => `${other}/login?SAMLRequest=${'x'.repeat(60)}&next=/`],
  ['to another host without a scheme', ({ other }) => other.replace('http:', '')],
  ['to another host by a name of loopback', ({ other }) => other.replace('127.0.0.1', 'localhost')],
  ['to another host with a user', ({ other }) => other.replace('//', '//user:password@')],
  [
    'to another host that looks like this one',
    ({ other, own }) => other.replace('//', `//${own.slice(7).replace(':', '.')}@`),
  ],
  ['to another host with backslashes', ({ other }) => other.replace('//', '\\\\')],
  ['to another host in capitals', ({ other }) => other.toUpperCase()],
  ['to another host after spaces', ({ other }) => `   ${other}/`],
  ['to an address of metadata', () => 'http://169.254.169.254/latest/meta-data/iam/security-credentials/'],
  ['to an address of metadata, as a number', () => 'http://2852039166/latest/'],
  ['to https', () => 'https://tableau.example.com/'],
  ['to ftp', () => 'ftp://127.0.0.1/'],
  ['to a file', () => 'file:///etc/passwd'],
  ['to a script', () => 'javascript:alert(1)'],
  ['to data', () => 'data:text/xml,<tsResponse/>'],
  ['to a sign-in page of its own', () => '/auth/login'],
  ['to itself', ({ own }) => `${own}/api/3.29/sites`],
  ['to nowhere', () => null],
  ['to an empty address', () => ''],
  ['to two addresses', ({ other }) => [`${other}/a`, `${other}/b`]],
]

const BY_STATUS: readonly Line[] = STATUSES.map((code) => [
  `redirects by ${code} to another host`,
  (good) => ({ status: code, headers: { location: `${good.other}/api/3.29/steal` } }),
  REDIRECTED,
])

const BY_LOCATION: readonly Line[] = LOCATIONS.map(([what, location]) => [
  `redirects ${what}`,
  (good) => ({ status: 302, headers: { location: location(good) } }),
  REDIRECTED,
])

const OTHERWISE: readonly Line[] = [
  [
    'redirects with the good list in its body',
    (good) => ({ status: 302, body: good.xml, headers: { location: good.other } }),
    REDIRECTED,
  ],
  [
    'refreshes to another host',
    (good) => ({ body: good.xml, headers: { refresh: `0;url=${good.other}/` } }),
    HARMLESS,
  ],
  [
    'names another host in its Location with 200',
    (good) => ({
      body: good.xml,
      headers: { location: `${good.other}/`, 'content-location': `${good.other}/` },
    }),
    HARMLESS,
  ],
  [
    'offers another host as its alternative',
    (good) => ({
      body: good.xml,
      headers: { 'alt-svc': `h2="${good.other.slice(7)}"; ma=99`, link: `<${good.other}/>; rel=preconnect` },
    }),
    HARMLESS,
  ],
  [
    'sends a page that leads to another host',
    (good) =>
      status(200, `<html><meta http-equiv="refresh" content="0;url=${good.other}/"/></html>`, {
        'content-type': 'text/html',
      })(good),
    refused('not-tableau'),
  ],
]

/** Servers that send us elsewhere: nothing is ever followed. */
export const REDIRECT_KINDS: readonly Kind[] = kindsOn(READ, [...BY_STATUS, ...BY_LOCATION, ...OTHERWISE])
