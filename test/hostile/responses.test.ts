import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cases, figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import { makeAuthority } from '../tls/certificates.ts'
import { DOOR_KINDS } from './kinds/doors.ts'
import { ENCODING_KINDS } from './kinds/encoding.ts'
import { PAGING_KINDS } from './kinds/paging.ts'
import { REDIRECT_KINDS } from './kinds/redirects.ts'
import { TROUBLE_KINDS } from './kinds/trouble.ts'
import { VALUE_KINDS } from './kinds/values.ts'
import { WIRE_KINDS } from './kinds/wire.ts'
import { XML_KINDS } from './kinds/xml.ts'
import { type Expectation, HARMLESS, type Kind, type LandedRow, once, refused, wire } from './spoil.ts'
import { expectationOf, faultsOf, type Outcome, tryOut, WRONG_ROWS } from './trial.ts'
import { ENDPOINTS, type Endpoint, endpointNamed } from './world.ts'

const TABLES: readonly (readonly [what: string, kinds: readonly Kind[]])[] = [
  ['XML', XML_KINDS],
  ['encodings', ENCODING_KINDS],
  ['trouble', TROUBLE_KINDS],
  ['redirects', REDIRECT_KINDS],
  ['paging', PAGING_KINDS],
  ['the wire', WIRE_KINDS],
  ['values', VALUE_KINDS],
  ['the doors', DOOR_KINDS],
]

/** At how many endpoints a kind is tried: some of them in the suite, another some for each kind; all of them in full. */
const ENDPOINTS_EACH = cases('hostile-responses', { suite: 1, full: ENDPOINTS.length })

/** Signing out has a test of its own. */
const placesOf = ({ on, only }: Kind): readonly Endpoint[] =>
  ENDPOINTS.filter(({ name, sort }) => name !== 'signout' && (only?.includes(name) ?? on.includes(sort)))

function chosen(kind: Kind, index: number): readonly Endpoint[] {
  const places = placesOf(kind)
  const count = Math.min(places.length, ENDPOINTS_EACH)
  return Array.from(
    { length: count },
    (_, at) => places[(index * ENDPOINTS_EACH + at) % places.length],
  ).filter((endpoint) => endpoint !== undefined)
}

const came = { named: 0, tried: 0, refused: 0, right: 0, wrong: 0 }
const seen = new Set<string>()
const control = new Map<string, readonly LandedRow[]>()

/** Judges and counts what an endpoint's answer came to; what is wrong comes back in words. */
function faultsIn(outcome: Outcome, { name }: Endpoint, expected: Expectation): string[] {
  const faults = faultsOf(outcome, expected, control.get(name) ?? [])
  came.tried += 1
  if (faults.length === 0) came[outcome.verdict === 'complete' ? 'right' : 'refused'] += 1
  if (faults.some((fault) => fault.startsWith(WRONG_ROWS))) came.wrong += 1
  seen.add(name)
  return faults.map((fault) => `${name}: ${fault}`)
}

/** Tries a kind at an endpoint. */
const faultsAt = async (kind: Kind, endpoint: Endpoint): Promise<string[]> =>
  faultsIn(await tryOut(endpoint, kind.spoil), endpoint, expectationOf(kind, endpoint))

beforeAll(async () => {
  for (const endpoint of ENDPOINTS) {
    const outcome = await tryOut(endpoint, ({ xml }) => ({ body: xml }))
    if (endpoint.name !== 'signout') expect(faultsOf(outcome, HARMLESS, outcome.rows)).toEqual([])
    control.set(endpoint.name, outcome.rows)
  }
})

afterAll(() => {
  expect(Object.prototype).not.toHaveProperty('polluted')
  figure('hostile-responses', {
    'kinds of answers': came.named,
    'answers tried': came.tried,
    endpoints: seen.size,
    'refused by a typed error with nothing landed': came.refused,
    'read to exactly the right rows': came.right,
    'complete with wrong rows': came.wrong,
  })
})

const SIGN_OUTS = TABLES.flatMap(([, kinds]) => kinds).filter(
  ({ on, only }) => on.includes('door') && only === undefined,
)

it(
  'whatever is answered to signing out, the rows are right, and the other host hears nothing',
  async () => {
    const signout = endpointNamed('signout')
    const step = IS_FULL ? 1 : 8
    for (const { name, spoil } of SIGN_OUTS.filter((_, index) => index % step === 0)) {
      expect(faultsIn(await tryOut(signout, spoil), signout, HARMLESS), name).toEqual([])
    }
  },
  limitFor(10, 60),
)

it('there are 400 kinds of hostile answers at least, each of them for some endpoint', () => {
  const kinds = TABLES.flatMap(([, each]) => each)
  expect(kinds.length).toBeGreaterThanOrEqual(400)
  expect(kinds.filter((kind) => placesOf(kind).length === 0)).toEqual([])
})

it('were the other host called but once, it would be noticed', async () => {
  const users = endpointNamed('users')
  const straying = wire((socket, { other, xml }) => {
    const head = `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(xml)}\r\n\r\n`
    void fetch(`${other}/stray`)
      .then((answer) => answer.text())
      .then(() => socket.write(head + xml))
  })
  const outcome = await tryOut(users, once(straying))
  expect(faultsOf(outcome, HARMLESS, control.get('users') ?? [])).toEqual([
    expect.stringMatching(/^the other host was called: GET \/stray/),
  ])
})

it('a redirect from https to plain http is not followed', async () => {
  const { good, root } = await makeAuthority()
  const tls = { server: good, authority: root.pem }
  for (const status of [301, 302, 307, 308])
    for (const name of ['users', 'site', 'signin', 'signout']) {
      const endpoint = endpointNamed(name)
      const outcome = await tryOut(
        endpoint,
        (asked) => ({ status, headers: { location: `${asked.other}/api/3.29/${name}` } }),
        tls,
      )
      const expected = name === 'signout' ? HARMLESS : refused('redirected')
      expect(faultsIn(outcome, endpoint, expected), `${status} at ${name}`).toEqual([])
      expect(outcome.heard.length).toBeGreaterThan(0)
    }
})

describe.each(TABLES)('%s', (_, kinds) => {
  for (const [index, kind] of kinds.entries()) {
    const each = kind.waits === true ? it.concurrent : it
    each(
      `a server that ${kind.name}`,
      async () => {
        came.named += 1
        const faults = await Promise.all(chosen(kind, index).map((endpoint) => faultsAt(kind, endpoint)))
        expect(faults.flat()).toEqual([])
      },
      limitFor(2, 10),
    )
  }
})
