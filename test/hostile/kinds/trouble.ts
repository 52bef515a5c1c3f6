import { complaint, wrap } from '../../tableau/servers.ts'
import {
  body,
  either,
  HARMLESS,
  type Kind,
  kindsOn,
  type Line,
  MALFORMED,
  once,
  READ,
  refused,
  SAME_IDS,
  type Spoil,
  seenAs,
  status,
  text,
  times,
} from '../spoil.ts'
import { FIRST_GROUP } from '../world.ts'

const HTML = '<html><head><title>Sorry</title></head></html>'
const html = (code: number): Spoil => status(code, HTML, { 'content-type': 'text/html' })
const said = (code: string, http: number): Spoil => status(http, complaint(code))
const NOT_TABLEAU = refused('not-tableau')
const ERROR = refused('tableau-error')
const SERVER = refused('server-error')
const LIMITED = refused('rate-limited')
const LOST = refused('session-lost')
const FORBIDDEN = refused('forbidden')
const REFUSED = refused('sign-in-refused')

/** Tableau forgot the job: its row says that it is lost. */
const LOST_JOB = SAME_IDS

/** A group that may not be read is told so, and hides none of the others. */
const OTHER_GROUPS = seenAs((rows) => rows.filter((row) => row['group_id'] !== FIRST_GROUP))

/** What a refusal means at a door: a server that is too old, a sign-in that fails, a token list that is not told. */
const atDoors = (serverinfo: Line[2], signin: Line[2], tokens: Line[2]) => ({
  but: { serverinfo, signin, tokens },
})

const limited = (retryAfter: string | null): Spoil =>
  status(429, '', retryAfter === null ? {} : { 'retry-after': retryAfter })
const RETRY_AFTER: readonly (readonly [what: string, header: string | null])[] = [
  ['names no time', null],
  ['asks for a second', '1'],
  ['asks for no time', '0'],
  ['asks for time that is negative', '-1'],
  ['asks for a day', '86400'],
  ['asks for ages', '99999999999999999999'],
  ['asks for half a second', '0.5'],
  ['asks in words', 'soon'],
  ['asks in hexadecimal', '0x10'],
  ['asks for endless time', 'Infinity'],
  ['asks by an empty header', ''],
  ['asks by a date that is past', 'Sun, 06 Nov 1994 08:49:37 GMT'],
  ['asks by a date to come', 'Fri, 31 Dec 2100 23:59:59 GMT'],
  ['asks by a date beyond all', 'Fri, 31 Dec 999999 23:59:59 GMT'],
  ['asks by a date that is none', 'Sun, 99 Foo 2026 99:99:99 GMT'],
  ['asks by a date of another form', '2026-11-01T00:00:00Z'],
]
const PASSING: readonly Line[] = RETRY_AFTER.flatMap(([what, header]): Line[] => [
  [`slows us down once and ${what}`, once(limited(header)), HARMLESS],
  [`slows us down for ever and ${what}`, limited(header), LIMITED],
])

const FAILING: readonly Line[] = [500, 502, 503, 504, 408, 520, 599].flatMap((code): Line[] => [
  [`answers ${code} once`, once(html(code)), HARMLESS],
  [`answers ${code} four times`, times(4, status(code)), HARMLESS],
  [`answers ${code} for ever`, html(code), SERVER],
])

const STATUSES: readonly Line[] = [
  ...[400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 413, 418, 421, 451, 499].map(
    (code): Line => [`answers ${code} with a page for people`, html(code), NOT_TABLEAU],
  ),
  ['answers 404 with the good list', ({ xml }) => ({ status: 404, body: xml }), ERROR],
  ['answers 403 with the good list', ({ xml }) => ({ status: 403, body: xml }), ERROR],
  ['answers 500 with the good list', ({ xml }) => ({ status: 500, body: xml }), SERVER],
  ['answers 429 with the good list', ({ xml }) => ({ status: 429, body: xml }), LIMITED],
  ['answers 404 with nothing', status(404), MALFORMED],
  ['answers 999', status(999, HTML), SERVER],
  ['answers 600', status(600), SERVER],
  ['answers 201 with the good list', ({ xml }) => ({ status: 201, body: xml }), HARMLESS],
  ['answers 202 with nothing', status(202), MALFORMED],
  ['answers 204', status(204), refused('malformed-response')],
  ['answers 205', status(205), refused('malformed-response')],
  [
    'answers 206 with half of it',
    ({ xml }) => ({
      status: 206,
      body: xml.slice(0, xml.length / 2),
      headers: { 'content-range': 'bytes 0-99/200' },
    }),
    MALFORMED,
  ],
  [
    'answers 206 with all of it',
    ({ xml }) => ({ status: 206, body: xml, headers: { 'content-range': 'bytes 0-199/200' } }),
    either('malformed-response'),
  ],
  ['answers 304', status(304), refused('redirected')],
]

const inAnswer = (change: (xml: string, error: string) => string): Spoil =>
  text((xml) => change(xml, '<error code="500000"><summary>s</summary><detail>d</detail></error>'))

const COMPLAINTS: readonly Line[] = [
  ['says 401000 once', once(said('401000', 401)), HARMLESS, atDoors(LOST, REFUSED, HARMLESS)],
  ['says 401002 once', once(said('401002', 401)), HARMLESS, atDoors(LOST, REFUSED, HARMLESS)],
  ['says 401002 once, with 200', once(said('401002', 200)), HARMLESS, atDoors(LOST, REFUSED, HARMLESS)],
  ['says 401002 once, with 403', once(said('401002', 403)), HARMLESS, atDoors(LOST, REFUSED, HARMLESS)],
  ['says 401000 for ever', said('401000', 401), LOST, atDoors(LOST, REFUSED, LOST)],
  ['says 401002 for ever', said('401002', 401), LOST, atDoors(LOST, REFUSED, LOST)],
  ['says 401999 for ever', said('401999', 401), LOST, atDoors(LOST, REFUSED, LOST)],
  ['says 401001', said('401001', 401), REFUSED],
  ['says 401003', said('401003', 401), REFUSED],
  ['says 403004', said('403004', 403), FORBIDDEN, { but: { tokens: HARMLESS, members: OTHER_GROUPS } }],
  [
    'says 403004 with 200',
    said('403004', 200),
    FORBIDDEN,
    { but: { tokens: HARMLESS, members: OTHER_GROUPS } },
  ],
  ['says 403014', said('403014', 403), ERROR],
  [
    'says 404000',
    said('404000', 404),
    refused('unknown-site'),
    { but: { serverinfo: refused('unknown-site', 'sign-in-refused') } },
  ],
  [
    'says 404018',
    said('404018', 404),
    ERROR,
    { but: { serverinfo: REFUSED, tokens: HARMLESS, members: refused('incomplete'), job: LOST_JOB } },
  ],
  ['says 400000', said('400000', 400), ERROR],
  ['says 400006 from the first page on', said('400006', 400), ERROR],
  ['says 405000', said('405000', 405), ERROR, { but: { signin: REFUSED } }],
  ['says 409000', said('409000', 409), ERROR],
  ['says 429000 for ever', said('429000', 429), LIMITED],
  ['says 429000 with 200', said('429000', 200), LIMITED],
  ['says 500000 once', once(said('500000', 500)), HARMLESS],
  ['says 500000 with 200', said('500000', 200), SERVER],
  ['says 503000 for ever', said('503000', 503), SERVER],
  ['says a code of no digits', said('XX', 400), ERROR],
  ['says no code', status(400, wrap('<error><summary>s</summary></error>')), ERROR],
  ['says a code of seven digits', said('4010021', 400), ERROR],
  ['complains with 200 and nothing else', body(wrap('<error/>')), ERROR],
  [
    'complains after its good list',
    inAnswer((xml, error) => xml.replace('</tsResponse>', `${error}</tsResponse>`)),
    SERVER,
  ],
  [
    'complains before its good list',
    inAnswer((xml, error) => xml.replace(/(<tsResponse[^>]*>)/, `$1${error}`)),
    SERVER,
  ],
  ['complains twice', body(wrap('<error code="500000"/><error code="500000"/>')), SERVER],
  ['complains and is cut', text(() => complaint('404018').slice(0, -9)), MALFORMED],
  ['complains and is cut, with 404', status(404, complaint('404018').slice(0, -9)), MALFORMED],
]

/** Servers that are busy, broken, or have something against us. */
export const TROUBLE_KINDS: readonly Kind[] = kindsOn(READ, [
  ...PASSING,
  ...FAILING,
  ...STATUSES,
  ...COMPLAINTS,
])
