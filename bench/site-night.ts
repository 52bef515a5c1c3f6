import { randomBytes } from 'node:crypto'
import { systemClock } from '../lib/adapters/local/clock.ts'
import { diskStore } from '../lib/adapters/local/store.ts'
import { entityNamed } from '../lib/entities/index.ts'
import { nightly } from '../lib/nightly/nightly.ts'
import { connect } from '../lib/tableau/client.ts'
import { patIdentity, sessionName } from '../lib/tableau/identity.ts'
import { openEngine } from '../lib/transform/engine.ts'

/** One night in a process of its own: bench/site.ts builds this file to one and measures it from start to end. */
interface Night {
  readonly signIn: { serverUrl: string; contentUrl: string; patName: string; patSecret: string }
  readonly root: string
  readonly day: string
  readonly entities: readonly string[]
}

const night = JSON.parse(process.argv[2] ?? '') as Night
const { root, day, entities } = night
const { serverUrl, contentUrl, patName, patSecret } = night.signIn
const signIn = { serverUrl, contentUrl, identity: patIdentity(patName, patSecret) }
const [store, engine, clock, emit] = [diskStore(root), await openEngine(), systemClock, () => undefined]
const report = await nightly(
  {
    site: 'model',
    timeZone: 'UTC',
    session: sessionName(signIn),
    entities: entities.map(entityNamed),
    run: `bench-${randomBytes(3).toString('hex')}`,
    dt: day,
    backdate: null,
    acceptSurplus: [],
    acceptNarrowed: [],
  },
  {
    store,
    engine,
    clock,
    emit,
    newAttempt: () => randomBytes(4).toString('hex'),
    connect: (beforeSignIn, signal) =>
      connect({ signIn, clock, random: Math.random, emit, beforeSignIn, signal }),
  },
)
await engine.close()

const { user, system } = process.cpuUsage()
const facts = {
  failure: report.failure?.message ?? null,
  notComplete: report.outcomes.filter(({ verdict }) => verdict !== 'complete').map((each) => each.entity),
  rows: report.outcomes.reduce((sum, { fetched }) => sum + (fetched ?? 0), 0),
  calls: report.outcomes.reduce((sum, { calls }) => sum + calls, 0),
  wall: performance.now() / 1000,
  cpu: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
}
process.stdout.write(`${JSON.stringify(facts)}\n`)
