import type { SiteConfiguration } from '../config/configuration.ts'
import { connectTo } from '../connection/connection.ts'
import { newAttempt } from '../connection/run-id.ts'
import { type AlmanacError, asAlmanacError } from '../core/errors.ts'
import { keys } from '../core/keys.ts'
import type { DatabaseLimits } from '../engine/database.ts'
import type { NightlyInput, NightlyPorts } from '../nightly/input.ts'
import type { Engine } from '../transform/engine.ts'
import type { Call } from './command.ts'
import { interruptible } from './interrupt.ts'
import { isClosedPipe } from './io.ts'
import { openReporter } from './reporter.ts'
import { type SiteRun, siteRuns } from './site-run.ts'
import { isBucket, openWarehouseAt, type Warehouse } from './warehouse.ts'

/** Does work with an engine that is closed again whatever happens. */
export async function withEngine<T>(
  work: (engine: Engine) => Promise<T>,
  limits: DatabaseLimits = {},
): Promise<T> {
  const { openEngine } = await import('../transform/engine.ts')
  const engine = await openEngine(limits)
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

/** What became of one site's run: its result, or what kept it from having one. */
export type Ended<T> = { readonly site: SiteConfiguration; readonly input: NightlyInput } & (
  | { readonly result: T; readonly warehouse: Warehouse; readonly error?: undefined }
  | { readonly error: AlmanacError; readonly warehouse: Warehouse | undefined; readonly result?: undefined }
)

interface RunPorts {
  readonly call: Call
  readonly engine: Engine
  readonly signal: AbortSignal
}

const beginning = (slug: string, warehouse: string): string =>
  `nothing was known of the site "${slug}" before: a new history begins in ${warehouse}`

async function runOn<T>(
  { site, input }: SiteRun,
  warehouse: Warehouse,
  { call, engine, signal }: RunPorts,
  work: (input: NightlyInput, ports: NightlyPorts) => Promise<T>,
): Promise<T> {
  const { systemClock: clock } = await import('../adapters/local/clock.ts')
  const reporter = openReporter(call)
  const { emit } = reporter
  const { store } = warehouse
  const connect: NightlyPorts['connect'] = (beforeSignIn, stop) =>
    connectTo(site, call.io, { clock, emit, beforeSignIn, signal: stop })
  const isBound = async (): Promise<boolean> => (await store.head(keys.site(site.slug))) !== undefined
  const wasBound = await isBound()
  try {
    const result = await work(input, { store, engine, clock, emit, newAttempt, connect, signal })
    // A disk that is not mounted must not pass for a normal night.
    if (!wasBound && (await isBound()))
      emit({ type: 'warned', entity: null, message: beginning(site.slug, warehouse.name) })
    return result
  } finally {
    reporter.close()
  }
}

/** One site's run. What fails here is this site's alone: the others have theirs all the same. */
async function runSite<T>(
  run: SiteRun,
  ports: RunPorts,
  work: (input: NightlyInput, ports: NightlyPorts) => Promise<T>,
): Promise<Ended<T>> {
  let warehouse: Warehouse | undefined
  try {
    warehouse = await openWarehouseAt(run.site.warehouse, ports.call.io)
    return { ...run, warehouse, result: await runOn(run, warehouse, ports, work) }
  } catch (thrown) {
    ports.signal.throwIfAborted()
    return { ...run, warehouse, error: asAlmanacError(thrown) }
  }
}

/** Of loads into a bucket, most wait for it most of the time: eight at once take half as long as two (docs/benchmarks.md). */
const limitsFor = (runs: readonly SiteRun[]): DatabaseLimits =>
  runs.some(({ site }) => isBucket(site.warehouse)) ? { sessions: 8 } : {}

/** The exit code of several: a failure wins, then a matter of usage, then data that is not there. */
export const worstOf = (exits: readonly number[]): number =>
  [1, 2, 3].find((exit) => exits.includes(exit)) ?? 0

/** How a call takes a site's run that ended. */
export interface Taking<T> {
  exitOf(ended: Ended<T>): number
  /** Says what came of it; `several` when the call has more than one site. */
  tell(ended: Ended<T>, several: boolean): Promise<void>
}

/**
 * Does the runs that a call asks for, one site after the other: told as they go, stopped in order by Ctrl-C. The worst exit
 * code is the call's. An output that cannot be written keeps no site from its run; it is thrown in the end, unless merely
 * nobody listens any more.
 */
export async function doRuns<T>(
  call: Call,
  work: (input: NightlyInput, ports: NightlyPorts) => Promise<T>,
  { exitOf, tell }: Taking<T>,
): Promise<number> {
  const runs = await siteRuns(call)
  return interruptible(call.io, (signal) =>
    withEngine(async (engine) => {
      const exits: number[] = []
      let unwritable: unknown
      for (const run of runs) {
        const ended = await runSite(run, { call, engine, signal }, work)
        exits.push(exitOf(ended))
        await tell(ended, runs.length > 1).catch((thrown: unknown) => {
          unwritable ??= thrown
        })
      }
      if (unwritable !== undefined && !isClosedPipe(unwritable)) throw unwritable
      return worstOf(exits)
    }, limitsFor(runs)),
  )
}
