import { createServer, type Server } from 'node:http'
import { clockOf } from './clock.ts'
import { countersOf } from './counters.ts'
import { type Counts, countsOf, type Size } from './counts.ts'
import type { World } from './facts.ts'
import { type Fault, faultsOf } from './faults.ts'
import { handlerOf, type Machine } from './handler.ts'
import { pageCacheOf } from './page-cache.ts'
import { luids } from './random.ts'
import { type Pat, sessionsOf } from './sessions.ts'
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
  /** Further personal access tokens. */
  morePats?: readonly Pat[]
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
  day(): string
  /** Goes to another day; throws RangeError for one before the first. */
  setDay(day: string): void
  /** Lets minutes pass on the simulated clock, within the day. */
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

const patOf = (options: SimulatorOptions): Pat => {
  const make = luids(options.seed ?? 7, 'secret')
  const secret = `${make(1).replaceAll('-', '')}:${make(2).replaceAll('-', '')}`
  return { name: options.patName ?? 'almanac', secret: options.patSecret ?? secret }
}

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
  pat: Pat,
): Machine => {
  const [main] = sites
  let today = options.day ?? DAY
  main.on(today)
  const clock = clockOf(today)
  const idleMinutes = options.sessionMinutes ?? 240
  const pats = [pat, ...(options.morePats ?? [])]
  const sessions = sessionsOf(options.seed ?? 7, pats, clock.now, idleMinutes)
  const [faults, counters, pages] = [faultsOf(), countersOf(), pageCacheOf(CACHED_BYTES)]
  const day = (): string => today
  const setDay = (next: string): void => {
    main.on(next)
    today = next
    clock.setDay(next)
    pages.clear()
  }
  return {
    parts: { apiVersion: options.apiVersion ?? '3.29', day, idleMinutes, sessions, sites },
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
 * Starts a simulated Tableau server on loopback. Throws RangeError for counts or days that cannot be, and what
 * the network says when the port is taken.
 */
export const startSimulator = async (options: SimulatorOptions = {}): Promise<Simulator> => {
  const sites = sitesOf(options, options.firstDay ?? options.day ?? DAY)
  const [main] = sites
  const pat = patOf(options)
  const machine = machineOf(options, sites, pat)
  const { controls, faults, counters, clock } = machine
  const server = createServer(handlerOf(machine))
  server.keepAliveTimeout = KEEP_ALIVE_MS
  const port = await listen(server, options.port ?? 0)
  return {
    url: `http://127.0.0.1:${port}`,
    site: main.contentUrl,
    patName: pat.name,
    patSecret: pat.secret,
    day: controls.day,
    setDay: controls.setDay,
    pass: clock.pass,
    world: (day = controls.day()) => main.world(day),
    faults: { set: faults.set, clear: faults.clear },
    counters: counters.all,
    close: () => close(server),
  }
}
