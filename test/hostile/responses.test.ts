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
import { HARMLESS, type Kind, type LandedRow, refused } from './spoil.ts'
import { expectationOf, faultsOf, tryOut } from './trial.ts'
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

const came = { named: 0, tried: 0, refused: 0, right: 0 }
const seen = new Set<string>()
const control = new Map<string, readonly LandedRow[]>()

/** Tries a kind at an endpoint; what is wrong comes back in words. */
async function faultsAt(kind: Kind, endpoint: Endpoint): Promise<string[]> {
  const outcome = await tryOut(endpoint, kind.spoil)
  came.tried += 1
  came[outcome.verdict === 'complete' ? 'right' : 'refused'] += 1
  seen.add(endpoint.name)
  const faults = faultsOf(outcome, expectationOf(kind, endpoint), control.get(endpoint.name) ?? [])
  return faults.map((fault) => `${endpoint.name}: ${fault}`)
}

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
    'complete with wrong rows': 0,
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
      const outcome = await tryOut(signout, spoil)
      came.tried += 1
      came.right += 1
      expect(faultsOf(outcome, HARMLESS, control.get('signout') ?? []), name).toEqual([])
    }
    seen.add('signout')
  },
  limitFor(10, 60),
)

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
      came.tried += 1
      const expected = name === 'signout' ? HARMLESS : refused('redirected')
      expect(faultsOf(outcome, expected, control.get(name) ?? []), `${status} at ${name}`).toEqual([])
      expect(outcome.heard.length).toBeGreaterThan(0)
    }
})

describe.each(TABLES)('%s', (_, kinds) => {
  for (const [index, kind] of kinds.entries()) {
    it(
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
