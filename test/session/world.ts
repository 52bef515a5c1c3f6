import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import { expect, onTestFinished } from 'vitest'
import { openSecretsManager } from '../../lib/adapters/aws/client.ts'
import { awsVault } from '../../lib/adapters/aws/vault.ts'
import type { RunEvent } from '../../lib/core/event.ts'
import type { Clock, ObjectStore, Vault } from '../../lib/core/ports.ts'
import { DIRECT } from '../../lib/network/way.ts'
import { type Closed, closeSession } from '../../lib/session/close.ts'
import type { Busy, Sighting } from '../../lib/session/execution.ts'
import { type Opened, type OpenPorts, openSession } from '../../lib/session/open.ts'
import { renewSession } from '../../lib/session/renew.ts'
import { resumeSession } from '../../lib/session/resume.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/server.ts'
import type { Client } from '../../lib/tableau/client.ts'
import { patIdentity, type SignIn, sessionName } from '../../lib/tableau/identity.ts'
import { signInToKeep, signOutKept } from '../../lib/tableau/kept.ts'
import type { Faults } from '../aws/faults.ts'
import { startS3 } from '../aws/s3-server.ts'
import { startSecrets } from '../aws/secrets-server.ts'
import { CANARY, clientOf, REGION, warehouseIn } from '../aws/warehouse.ts'

/** The machine's time, which leaps when a test says so. Short waits are shorter, long ones end by a leap. */
export interface LeapingClock extends Clock {
  pass(milliseconds: number): void
}

const LONG_MS = 5000

function leapingClock(): LeapingClock {
  let leapt = 0
  const leaps = new EventTarget()
  const leapBy = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const due = leapt + milliseconds
      leaps.addEventListener('leap', () => leapt >= due && resolve())
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
  return {
    now: () => Date.now() + leapt,
    elapsed: () => performance.now() + leapt,
    sleep: (milliseconds, signal) =>
      milliseconds >= LONG_MS
        ? leapBy(milliseconds, signal)
        : wait(5, undefined, signal === undefined ? {} : { signal }),
    pass: (milliseconds) => {
      leapt += milliseconds
      leaps.dispatchEvent(new Event('leap'))
    },
  }
}

/** A day of the simulated site. */
export const DAY = '2026-11-01'
export const MINUTE = 60_000
/** The longest that an execution takes. */
export const PERIOD = 6 * 60 * MINUTE
const SECRET = 'almanac/session/demo'

/** A site, a warehouse and a vault, each a server, and the functions of a run as its processes call them. */
export interface SessionWorld {
  readonly simulator: Simulator
  readonly store: ObjectStore
  readonly vault: Vault
  readonly clock: LeapingClock
  readonly events: RunEvent[]
  /** Executions that run; those of any other name have ended. */
  readonly running: Set<string>
  readonly faults: { readonly s3: Faults; readonly secrets: Faults }
  readonly ports: OpenPorts
  readonly signIn: SignIn
  open(
    run: string,
    more?: { seen?: Sighting | undefined; dt?: string; until?: number; ports?: Partial<OpenPorts> },
  ): Promise<Opened | Busy>
  renew(run: string, generation: number, ports?: Partial<OpenPorts>): Promise<number>
  extractor(run: string): Promise<Client>
  close(run: string, ports?: Partial<OpenPorts>): Promise<Closed>
  signIns(): number
  /** How often an extractor asked for a renewal. */
  asked(): number
  /** The token that is kept; undefined when none is. */
  token(): Promise<string | undefined>
}

async function warehouse() {
  const server = await startS3()
  const client = await clientOf(server)
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  return { store: warehouseIn(server, client, 'almanac'), faults: server.faults }
}

async function secretVault() {
  const server = await startSecrets({ [SECRET]: 'no value' })
  const settings = { way: DIRECT, region: REGION, credentials: CANARY, attempts: 1 }
  const client = await openSecretsManager({ ...settings, endpoint: server.url })
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  return { vault: awsVault(SECRET, client), faults: server.faults }
}

/** Everything that a run's session needs, gone when the test is over. */
export async function sessionWorld(options: SimulatorOptions = {}): Promise<SessionWorld> {
  const simulator = await startSimulator({ seed: 7, size: 'small', day: DAY, ...options })
  onTestFinished(() => simulator.close())
  const [{ store, faults: s3 }, { vault, faults: secrets }] = [await warehouse(), await secretVault()]
  const clock = leapingClock()
  const events: RunEvent[] = []
  const running = new Set<string>()
  const emit = (event: RunEvent): void => void events.push(event)
  const { url, site, patName, patSecret } = simulator
  const signIn: SignIn = { serverUrl: url, contentUrl: site, identity: patIdentity(patName, patSecret) }
  const line = { clock, emit, random: () => 0.5 }
  const session = sessionName(signIn)
  const ports: OpenPorts = {
    store,
    vault,
    clock,
    emit,
    signIn: (beforeSignIn, signal) => signInToKeep({ ...line, signIn, beforeSignIn, signal }),
    signOut: (kept) => signOutKept(kept, line),
    isRunning: async (holder) => running.has(holder),
  }
  let asked = 0
  const renew: SessionWorld['renew'] = (run, generation, more) =>
    renewSession({ session, run, generation }, { ...ports, ...more })
  return {
    simulator,
    store,
    vault,
    clock,
    events,
    running,
    faults: { s3, secrets },
    ports,
    signIn,
    open: (run, { seen, dt = DAY, until = Infinity, ports: more } = {}) => {
      running.add(run)
      const asked = {
        site,
        timeZone: 'UTC',
        backdate: null,
        isDayNamed: true,
        session,
        run,
        dt,
        period: PERIOD,
        until,
        seen,
      }
      return openSession(asked, { ...ports, ...more })
    },
    renew,
    extractor: async (run) => {
      const askToRenew = (generation: number) => {
        asked += 1
        return renew(run, generation)
      }
      const client = await resumeSession({ ...line, serverUrl: url, run, vault, askToRenew })
      onTestFinished(() => client.close())
      return client
    },
    close: (run, more) => closeSession({ session, run }, { ...ports, ...more }),
    asked: () => asked,
    signIns: () => simulator.counters()['signIn'] ?? 0,
    token: async () => JSON.parse((await vault.read()) ?? '{}').kept?.session.token,
  }
}

/** How a list is read that every site has. */
export const USERS = { path: 'users', list: 'users', item: 'user', query: {}, paging: 'numbered' } as const

/** What a promise was rejected with; fails when it was not. */
export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  const [settled] = await Promise.allSettled([work])
  expect(settled.status).toBe('rejected')
  return settled.status === 'rejected' ? settled.reason : undefined
}

/** Fails when anything shows a token, or the part of one that opens something. */
export function expectHidden(tokens: readonly (string | undefined)[], ...shown: readonly unknown[]): void {
  const text = shown
    .map((each) => inspect(each, { depth: 20, showHidden: true }) + JSON.stringify(each))
    .join('\n')
  const secrets = tokens.flatMap((token) => token?.split('|')[0] ?? [])
  expect(secrets).not.toEqual([])
  for (const secret of secrets) expect(text.includes(secret), 'a token shows').toBe(false)
}
