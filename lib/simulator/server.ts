import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type Clock, clockOf, realClock } from './clock.ts'
import { countersOf } from './counters.ts'
import { type Counts, countsOf, type Size } from './counts.ts'
import { doorOf, type Password, type Pat } from './door.ts'
import type { SiteRole, World } from './facts.ts'
import { type Fault, faultsOf } from './faults.ts'
import { handlerOf, type Machine } from './handler.ts'
import type { ConnectedApp, Uat } from './jwt.ts'
import { keysOf, type MainKeys } from './keys.ts'
import { pageCacheOf } from './page-cache.ts'
import { sessionsOf } from './sessions.ts'
import { type SimulatedSite, simulatedSite } from './site.ts'
import { worldOf } from './world.ts'

/** How a simulated server is to be. All can be left out. */
export type SimulatorOptions = {
  /** Decides everything about the sites (default 7). */
  seed?: string | number
  /** The main site's size (default small). */
  size?: Size
  /** Changes to the size's counts. */
  counts?: Partial<Counts>
  /** Today, `YYYY-MM-DD` (default 2026-11-01). */
  day?: string
  /** The sites' first day (default: today). */
  firstDay?: string
  /** Port on loopback (default 0: any free one). */
  port?: number
  /** Key and certificate chain in PEM: the server then speaks https. */
  tls?: { key: string; cert: string }
  /** Wait before every answer, in milliseconds. */
  latencyMs?: number
  /** Whether `/control/` is answered. */
  control?: boolean
  /** Content URL of the main site (default demo; '' is Tableau Server's default site). */
  site?: string
  /** Further sites, by content URL, with changes to the counts of a small one. */
  moreSites?: Readonly<Record<string, Partial<Counts>>>
  patName?: string
  patSecret?: string
  /** When the token expires, ISO text (default: never, and not told). */
  patExpiresAt?: string
  /** The token belongs to the main site's first user of this role (default: the first user, an administrator). */
  siteRole?: SiteRole
  /** Further personal access tokens. */
  morePats?: readonly Pat[]
  /** Connected apps with direct trust (default one, see `Simulator.connectedApp`). */
  connectedApps?: readonly ConnectedApp[]
  /** Configurations for unified access tokens (default none). */
  uat?: readonly Uat[]
  /** Users who may sign in by password (default none). */
  passwords?: readonly Password[]
  /** Whether it is Tableau Cloud: no passwords, and tokens can be listed. */
  cloud?: boolean
  /** The server's clock is ahead of its day's time by so many minutes (negative: behind). */
  clockSkewMinutes?: number
  /** Whether the server's clock is this machine's, instead of moving with requests (default false). */
  realTime?: boolean
  /** REST API version of the server (default 3.29). */
  apiVersion?: string
  /** Idle minutes, by the simulated clock, after which a session ends (default 240, as Tableau Server). */
  sessionMinutes?: number
}

/** A running simulated server. */
export type Simulator = {
  url: string
  site: string
  patName: string
  patSecret: string
  /** The first connected app; undefined when the options say that there is none. */
  connectedApp: ConnectedApp | undefined
  day(): string
  /** Goes to another day; throws RangeError for one before the first. */
  setDay(day: string): void
  /** Lets minutes pass on the simulated clock; within the day, unless it follows real time. */
  pass(minutes: number): void
  /** The truth of the main site, today or on a day. */
  world(day?: string): World
  faults: { set(faults: readonly Fault[]): void; clear(): void }
  counters(): Record<string, number>
  close(): Promise<void>
}

const CACHED_BYTES = 64_000_000
const KEEP_ALIVE_MS = 60_000
const DAY = '2026-11-01'

const sitesOf = (
  options: SimulatorOptions,
  firstDay: string,
): readonly [SimulatedSite, ...SimulatedSite[]] => {
  const seed = options.seed ?? 7
  const make = (contentUrl: string, counts: Counts): SimulatedSite =>
    simulatedSite(seed, contentUrl, worldOf({ seed, counts, firstDay, contentUrl }))
  const more = Object.entries(options.moreSites ?? {})
  return [
    make(options.site ?? 'demo', countsOf(options.size ?? 'small', options.counts)),
    ...more.map(([contentUrl, changes]) => make(contentUrl, countsOf('small', changes))),
  ]
}

const skewed = (clock: Clock, minutes: number): Clock => ({
  ...clock,
  now: () => clock.now() + minutes * 60_000,
})

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address !== null) resolve(address.port)
      else reject(new Error('simulator: the server listens on no port'))
    })
  })

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

/** What a simulated server is made of, with the means to move its day. */
const machineOf = (
  options: SimulatorOptions,
  sites: readonly [SimulatedSite, ...SimulatedSite[]],
  keys: MainKeys,
): Machine => {
  const [main] = sites
  let today = options.day ?? DAY
  main.on(today)
  const clock = skewed(
    options.realTime === true ? realClock() : clockOf(today),
    options.clockSkewMinutes ?? 0,
  )
  const idleMinutes = options.sessionMinutes ?? 240
  const { pats, cloud } = keys
  const sessions = sessionsOf(options.seed ?? 7, clock.now, idleMinutes)
  const door = doorOf(keys, clock.now)
  const [faults, counters, pages] = [faultsOf(), countersOf(), pageCacheOf(CACHED_BYTES)]
  const day = (): string => today
  const setDay = (next: string): void => {
    main.on(next)
    today = next
    clock.setDay(next)
    pages.clear()
  }
  return {
    parts: { apiVersion: options.apiVersion ?? '3.29', day, idleMinutes, sessions, door, pats, cloud, sites },
    clock,
    faults,
    counters,
    pages,
    controls: { day, setDay, setFaults: faults.set, counters: counters.all },
    controlled: options.control === true,
    latencyMs: options.latencyMs ?? 0,
  }
}

/**
 * Starts a simulated Tableau server on loopback. Throws RangeError for counts, days or roles that cannot be, and what
 * the network says when the port is taken.
 */
export const startSimulator = async (options: SimulatorOptions = {}): Promise<Simulator> => {
  const sites = sitesOf(options, options.firstDay ?? options.day ?? DAY)
  const [main] = sites
  const keys = keysOf(options, main.on(options.day ?? DAY).world)
  const [pat] = keys.pats
  const machine = machineOf(options, sites, keys)
  const { controls, faults, counters, clock } = machine
  const { tls } = options
  const handler = handlerOf(machine)
  const server = tls === undefined ? createServer(handler) : createTlsServer(tls, handler)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  const port = await listen(server, options.port ?? 0)
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    site: main.contentUrl,
    patName: pat.name,
    patSecret: pat.secret,
    connectedApp: keys.connectedApps[0],
    day: controls.day,
    setDay: controls.setDay,
    pass: clock.pass,
    world: (day = controls.day()) => main.world(day),
    faults: { set: faults.set, clear: faults.clear },
    counters: counters.all,
    close: () => close(server),
  }
}
