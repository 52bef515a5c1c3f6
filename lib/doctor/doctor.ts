import { isError } from '../core/errors.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Client } from '../tableau/client.ts'
import { attempt, type Check, failedBy, follow, ok, type Step, skipped, skippedFor } from './check.ts'
import { entities, entityCheck } from './entities.ts'
import { limited } from './limit.ts'
import { destinationOf, name, proxy, tcp } from './network.ts'
import { notification, testMessages } from './notification.ts'
import { server, version } from './server.ts'
import { type Borrowed, borrowSession } from './session.ts'
import {
  configuration,
  type MissingSecret,
  owner,
  type SecretUse,
  secrets,
  signInWords,
  siteWords,
} from './setup.ts'
import { type DoctorPorts, type DoctorSubject, entitiesOn } from './subject.ts'
import { tls } from './tls.ts'
import { token } from './token.ts'
import { clock, person, role } from './user.ts'
import { probeStore, slug } from './warehouse.ts'

/** How long signing in, and the probe of the warehouse, may take, in ms. */
const LIMIT = 60_000

/** What is read once and used by several checks. */
interface Ground {
  readonly subject: DoctorSubject
  readonly ports: DoctorPorts
  readonly secrets: Step<readonly MissingSecret[]>
  readonly store: Step<ObjectStore>
}

const isMissing = ({ secrets: { found } }: Ground, use: SecretUse): boolean =>
  found?.some((missing) => missing.use === use) === true

/** From here to a server that speaks Tableau’s REST API, each step upon the one before. */
async function* theWay(ground: Ground): AsyncGenerator<Check, Step<true>> {
  const { subject, ports } = ground
  const { signal } = ports
  const to = destinationOf(subject.site)
  const way = isMissing(ground, 'proxy')
    ? skipped('proxy', ground.secrets)
    : await attempt('proxy', signal, () => proxy(subject, ports))
  yield way.check
  const named = await follow(way, 'name', signal, (found) => name(to, found, ports))
  yield named.check
  const reached = await follow(named, 'tcp', signal, (found) => tcp(to, found, ports))
  yield reached.check
  const secured = await follow(reached, 'tls', signal, (found) => tls(to, found, ports))
  yield secured.check
  const info = await follow(secured, 'server', signal, (found) => server(subject, found.way, ports))
  yield info.check
  const spoken = await follow(info, 'version', signal, async (found) => version(subject, found))
  yield spoken.check
  return spoken
}

/** The warehouse, where the leases are, if a sign-in can be tried at all; else the step for want of which it cannot. */
function readyFor(ground: Ground, before: Step<true>): Step<ObjectStore> {
  if (before.found === undefined) return { ...before, found: undefined }
  return isMissing(ground, 'sign-in') ? { ...ground.secrets, found: undefined } : ground.store
}

async function borrowed({ subject, ports }: Ground, store: ObjectStore): Promise<Step<Borrowed>> {
  const { site, session } = subject
  const connect = (before: () => Promise<void>): Promise<Client> =>
    limited('signing in', LIMIT, ports, (signal) => ports.connect(before, signal))
  const found = await borrowSession(session, { ...ports, store, connect })
  const { user, site: reached } = found.client
  const where = `${siteWords(reached.contentUrl)} (${reached.id})`
  return ok('sign-in', `${signInWords(site.signIn)} signs in to ${where} as user ${user.id}`, found)
}

/** Signs in, unless a run is at work; what keeps the lease from being looked at is the warehouse’s failure. */
async function signIn(ground: Ground, before: Step<true>): Promise<Step<Borrowed>> {
  const ready = readyFor(ground, before)
  if (ready.found === undefined) return skipped('sign-in', ready)
  try {
    return await borrowed(ground, ready.found)
  } catch (thrown) {
    ground.ports.signal?.throwIfAborted()
    const failed = failedBy('sign-in', thrown)
    if (isError(thrown, 'lease-busy')) return { ...failed, check: { ...failed.check, verdict: 'warn' } }
    return isError(thrown, 'store-failed', 'store-locked') ? skippedFor('sign-in', 'warehouse') : failed
  }
}

/** What the signed-in user sees, and how long it will. */
async function* theUser({ subject, ports }: Ground, client: Step<Client>): AsyncGenerator<Check> {
  const { signal } = ports
  const asked = <T>(name: string, work: (stop: AbortSignal) => Promise<T>): Promise<T> =>
    limited(name, LIMIT, ports, work)
  yield (await follow(client, 'role', signal, async (found) => role(subject, found))).check
  const owning = (found: Client): Promise<Step<true>> => asked('person', (stop) => person(found, stop))
  yield (await follow(client, 'person', signal, owning)).check
  yield (await follow(client, 'clock', signal, async (found) => clock(found))).check
  const lasting = (): Promise<Step<true>> => token(subject.site, client, ports.clock.now())
  yield (await attempt('token', signal, () => asked('token', lasting))).check
}

/** Signs in, looks, and signs out at the end, whatever happens. */
async function* signedIn(ground: Ground, before: Step<true>): AsyncGenerator<Check, Step<Client>> {
  const step = await signIn(ground, before)
  const client: Step<Client> = { ...step, found: step.found?.client }
  try {
    yield step.check
    yield* theUser(ground, client)
    yield* theEntities(ground, client)
    return client
  } finally {
    await step.found?.close()
  }
}

async function* theEntities({ subject, ports }: Ground, client: Step<Client>): AsyncGenerator<Check> {
  if (client.found === undefined)
    for (const each of entitiesOn(subject)) yield skipped(entityCheck(each), client).check
  else for await (const { check } of entities(subject, client.found, ports)) yield check
}

/** Whether the warehouse keeps what a store promises. */
async function theWarehouse({ subject, ports, store }: Ground): Promise<Check> {
  const { warehouse } = subject.site
  const probed = await follow(store, 'warehouse', ports.signal, (found) =>
    limited(warehouse, LIMIT, ports, async () => {
      await probeStore(found, ports.run)
      return ok('warehouse', `${warehouse} can be written to, and lets one writer win`, true)
    }),
  )
  return (store.found === undefined ? store : probed).check
}

/** Whether the warehouse means this site by the slug. */
async function theSlug({ subject, ports, store }: Ground, client: Step<Client>): Promise<Check> {
  const ready = client.found === undefined ? skipped('slug', client) : store
  const step = await follow(ready, 'slug', ports.signal, async (found) =>
    client.found === undefined ? skipped('slug', client) : slug(found, subject.site.slug, client.found),
  )
  return step.check
}

/** Who answers, and who is told. */
async function* thePeople({
  subject,
  ports,
  secrets: { found: missing = [] },
}: Ground): AsyncGenerator<Check> {
  yield owner(subject).check
  yield notification(subject.site, missing).check
  const { sendTest, signal } = ports
  if (sendTest === undefined) return
  yield (await attempt('notify-test', signal, async () => testMessages(await sendTest()))).check
}

/**
 * Looks at everything that a night of one site needs, in the order in which a night needs it: configuration, secrets, the
 * way, the server, the warehouse, the sign-in, what its user sees, and the people. A check whose ground failed is skipped
 * and says which. It signs in once, under the lease of the runs, reads little, and writes nothing but the warehouse’s probe.
 * Throws the signal’s reason when aborted, and `bad-configuration` for an address that is none.
 */
export async function* doctor(subject: DoctorSubject, ports: DoctorPorts): AsyncGenerator<Check> {
  yield configuration(subject).check
  const found = await secrets(subject, ports)
  yield found.check
  const store = await attempt('warehouse', ports.signal, async () =>
    ok('warehouse', subject.site.warehouse, await ports.openStore()),
  )
  const ground: Ground = { subject, ports, secrets: found, store }
  const way = yield* theWay(ground)
  // Before the sign-in, which takes its lease there: the cause is told before what is skipped for it.
  yield await theWarehouse(ground)
  const client = yield* signedIn(ground, way)
  yield await theSlug(ground, client)
  yield* thePeople(ground)
}
