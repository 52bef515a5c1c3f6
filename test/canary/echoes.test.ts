import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseKey } from '../../lib/core/keys.ts'
import { secretOf } from '../../lib/core/secret.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import type { Identity } from '../../lib/tableau/identity.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { rsaPair } from '../tableau/sign-in-identities.ts'
import { HOSTILITIES, type Hostility, SAYS, type Say } from './echoes.ts'
import { openFront } from './front.ts'
import { seenNight } from './night.ts'
import { type Hit, hitText, scanWorld } from './scan.ts'
import { keyCanary, mintOf } from './secrets.ts'
import { type Canary, SPELLINGS } from './spellings.ts'

const mint = mintOf(process.env['ALMANAC_SEED'] ?? 'canary')
const COUNTS = { users: 5, groups: 2, projects: 2, workbooks: 4, views: 4, datasources: 1, jobsPerDay: 1 }
const APP = { clientId: 'client', secretId: 'key' }
const UAT = { issuer: 'https://keys.example.com', keyId: 'k', tenantId: 't', userClaim: 'email' }
const SCOPES = ['tableau:content:read', 'tableau:groups:read', 'tableau:users:read']

/** A way to sign in, and what of it must not show. */
interface Way {
  readonly identity: (user: string) => Identity
  readonly canary: Canary
}

const [pat, app, password] = [
  mint.special('PAT secret'),
  mint.special('app secret'),
  mint.special('password'),
]
const pair = rsaPair()
const key = keyCanary('private key', pair.privateKey)
const WAYS: Readonly<Record<string, Way>> = {
  pat: { canary: pat, identity: () => ({ kind: 'pat', name: 'almanac', secret: secretOf(pat.value) }) },
  app: {
    canary: app,
    identity: (user) => ({
      kind: 'connected-app',
      ...APP,
      secret: secretOf(app.value),
      user,
      scopes: SCOPES,
    }),
  },
  password: {
    canary: password,
    identity: (user) => ({ kind: 'password', user, password: secretOf(password.value) }),
  },
  uat: {
    canary: key,
    identity: (user) => ({
      kind: 'uat',
      ...UAT,
      privateKey: secretOf(pair.privateKey),
      user,
      scopes: SCOPES,
    }),
  },
}
const CANARIES = Object.values(WAYS).map(({ canary }) => canary)

let engine: Engine
let sim: Simulator
let user: string
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  const look = await startSimulator({ counts: COUNTS })
  user = look.world().users[0]?.name ?? ''
  await look.close()
  sim = await startSimulator({
    counts: COUNTS,
    patSecret: pat.value,
    passwords: [{ user, password: password.value }],
    connectedApps: [{ ...APP, secret: app.value }],
    uat: [{ ...UAT, publicKey: pair.publicKey }],
  })
})
afterAll(async () => {
  await engine.close()
  await sim.close()
})

/** One hostile answer, once told which secret and in which spelling, to who signs in in one way. */
interface Case {
  readonly name: string
  readonly hostility: Hostility
  readonly say: Say
  readonly secret: 'token' | 'said'
  readonly way: Way
}

/** The nth round of cases: each hostile answer once, each round with another secret, spelling and way. */
function round(n: number): Case[] {
  return HOSTILITIES.map((hostility, i) => {
    const at = i + n
    const [spelling = '', say = SAYS['plain'] as Say] = Object.entries(SAYS)[(at * 7) % 10] ?? []
    const [kind = '', way = WAYS['pat'] as Way] = Object.entries(WAYS)[(at >> 1) % 4] ?? []
    const secret = at % 2 === 0 ? 'token' : 'said'
    return { name: `${hostility.name}: ${secret} of ${kind}, ${spelling}`, hostility, say, secret, way }
  })
}

/** Every `step`-th case in the suite, so that each kind of answer and each moment has its turn. */
const wanted = cases('secret-canary', { suite: 24, full: 2 * HOSTILITIES.length })
const all = Array.from({ length: Math.ceil(wanted / HOSTILITIES.length) }, (_, n) => round(n)).flat()
const CASES = Array.from({ length: wanted }, (_, i) => all[Math.floor((i * all.length) / wanted)] as Case)

/**
 * What Tableau sends as data is kept as it is sent: cells, and in receipts and manifests the names of attributes that no
 * column names. Everything that Almanac itself says must be clean.
 */
const isKept = (place: string): boolean =>
  place.includes('.parquet') || ['landing', 'candidate', 'manifest'].includes(parseKey(place)?.area ?? '')

const count = { nights: 0, bytes: 0, places: 0, kept: 0, leaks: 0, secrets: new Set<string>() }

/** Reads a site whose server is hostile, and looks at everything that is left of it. */
async function hitsOf({ hostility, say, secret, way }: Case): Promise<readonly Hit[]> {
  const front = await openFront(sim, mint)
  front.echo = hostility.echo(say, secret)
  const lists = hostility.isLate ? ['groups'] : ['groups', 'group_members', 'workbooks']
  const { store, values } = await seenNight(front.url, way.identity(user), engine, lists)
  const secrets = [...CANARIES, ...front.canaries]
  const { hits, unread, places, bytes } = await scanWorld(secrets, { store, values })
  expect(unread).toEqual([])
  count.nights += 1
  count.bytes += bytes
  count.places += places
  for (const { value } of secrets) count.secrets.add(value)
  return hits
}

describe('a server that repeats secrets', () => {
  it.each(CASES.map((each) => [each.name, each] as const))(
    '%s',
    async (_, each) => {
      const hits = await hitsOf(each)
      const isAllowed = ({ place }: Hit): boolean => each.hostility.isData && isKept(place)
      const leaks = hits.filter((hit) => !isAllowed(hit)).map(hitText)
      count.kept += hits.length - leaks.length
      count.leaks += leaks.length
      expect(leaks).toEqual([])
    },
    limitFor(3, 3),
  )
})

afterAll(() => {
  if (count.nights < CASES.length) return
  // Were nothing kept, nothing would have been said.
  expect(count.kept).toBeGreaterThan(0)
  figure('secret-canary-echoes', {
    nights: count.nights,
    'kinds of hostile answers': HOSTILITIES.length,
    secrets: count.secrets.size,
    spellings: SPELLINGS.length,
    'places searched': count.places,
    'bytes searched': count.bytes,
    'hits in what Almanac says': count.leaks,
  })
})
