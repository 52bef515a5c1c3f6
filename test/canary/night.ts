import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { RunEvent } from '../../lib/core/event.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { allWithoutSecrets } from '../../lib/core/redact.ts'
import type { NightlyPorts } from '../../lib/nightly/input.ts'
import { nightly } from '../../lib/nightly/nightly.ts'
import { type Client, connect } from '../../lib/tableau/client.ts'
import { type Identity, sessionName } from '../../lib/tableau/identity.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { impatientClock, only } from '../system/site.ts'

/** A night, and everything that can be seen of it. */
export interface SeenNight {
  readonly store: ObjectStore
  readonly values: Readonly<Record<string, unknown>>
}

/** Keeps what is thrown on its way through. */
const overhearing =
  (thrown: unknown[]) =>
  async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      thrown.push(error)
      throw error
    }
  }

function overheard(client: Client, thrown: unknown[]): Client {
  const listen = overhearing(thrown)
  return {
    ...client,
    page: (read, number, signal) => listen(() => client.page(read, number, signal)),
    item: (read, signal) => listen(() => client.item(read, signal)),
    tokenExpiresAt: () => listen(() => client.tokenExpiresAt()),
  }
}

/** One night of a server as this identity, into a warehouse in memory; it need not end well. */
export async function seenNight(
  serverUrl: string,
  identity: Identity,
  engine: Engine,
  lists: readonly string[],
): Promise<SeenNight> {
  const store = memoryStore()
  const [events, thrown, clients]: [RunEvent[], unknown[], Client[]] = [[], [], []]
  // As the command line hands events on.
  const emit = (event: RunEvent): void => void events.push(allWithoutSecrets(event))
  const signIn = { serverUrl, contentUrl: 'demo', identity }
  const connected: NightlyPorts['connect'] = (beforeSignIn, signal) =>
    overhearing(thrown)(async () => {
      const client = await connect({
        signIn,
        clock: impatientClock,
        random: () => 0,
        emit,
        beforeSignIn,
        signal,
      })
      clients.push(client)
      return overheard(client, thrown)
    })
  const input = {
    site: 'demo',
    timeZone: 'UTC',
    session: sessionName(signIn),
    entities: only(...lists),
    run: 'r1',
    dt: '2026-11-01',
    backdate: null,
    acceptSurplus: [],
    acceptNarrowed: [],
  } as const
  const ports = {
    store,
    engine,
    clock: impatientClock,
    emit,
    newAttempt: () => 'abcdef01',
    connect: connected,
  }
  const report = await nightly(input, ports).catch((error: unknown) => error)
  const settings = { signIn, input }
  return { store, values: { events, thrown, clients, report, settings } }
}
