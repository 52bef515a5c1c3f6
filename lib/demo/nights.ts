import { addDays, type Day } from '../core/day.ts'
import type { Entity } from '../core/entity.ts'
import type { Emit } from '../core/event.ts'
import type { Clock, ObjectStore } from '../core/ports.ts'
import { exitOfRun, type RunReport } from '../core/report.ts'
import { nightly } from '../nightly/nightly.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { connect } from '../tableau/client.ts'
import { patIdentity, sessionName } from '../tableau/identity.ts'
import type { Engine } from '../transform/engine.ts'
import { type DayClock, dayClock } from './clock.ts'
import { nextDay } from './next-day.ts'
import { DEMO_SITE } from './site.ts'

/** What the demo's nights work with. */
export interface DemoPorts {
  readonly store: ObjectStore
  readonly engine: Engine
  readonly entities: readonly Entity[]
  /** The machine's own clock. */
  readonly clock: Clock
  readonly emit: Emit
  readonly newRun: (now: number) => string
  readonly newAttempt: () => string
  readonly signal: AbortSignal
}

/** The demo's warehouse is for the simulated site alone; `nights` runs that many and answers each one's report. */
export interface DemoRun {
  readonly from: Day
  readonly nights: AsyncIterable<RunReport>
}

function night(day: Day, simulator: Simulator, clock: DayClock, ports: DemoPorts): Promise<RunReport> {
  const { store, engine, entities, emit, newRun, newAttempt, signal } = ports
  simulator.setDay(day)
  clock.setDay(day)
  const { url, site, patName, patSecret } = simulator
  const signIn = { serverUrl: url, contentUrl: site, identity: patIdentity(patName, patSecret) }
  const input = {
    site: DEMO_SITE.slug,
    timeZone: 'UTC',
    session: sessionName(signIn),
    entities,
    run: newRun(clock.now()),
    dt: day,
    backdate: null,
    acceptSurplus: [],
    acceptNarrowed: [],
  }
  return nightly(input, {
    store,
    engine,
    clock,
    emit,
    newAttempt,
    signal,
    connect: (beforeSignIn, stop) =>
      connect({ signIn, clock, random: Math.random, emit, beforeSignIn, signal: stop }),
  })
}

async function* nightsFrom(from: Day, nights: number, ports: DemoPorts): AsyncGenerator<RunReport> {
  const { seed, size, firstDay } = DEMO_SITE
  const simulator = await startSimulator({ seed, size, firstDay, day: from })
  const clock = dayClock(from, ports.clock)
  try {
    for (let done = 0; done < nights; done++) {
      const report = await night(addDays(from, done), simulator, clock, ports)
      yield report
      // A day on top of one that is not whole would hide what went wrong.
      if (exitOfRun(report) !== 0) return
    }
  } finally {
    await simulator.close()
  }
}

/**
 * The simulated site's next nights, over real HTTP on loopback, through the same steps as a real site's: from the day
 * after the last committed one, until so many are done or one is not complete. Throws the signal's reason when aborted.
 */
export async function demoRun(nights: number, ports: DemoPorts): Promise<DemoRun> {
  const { slug, firstDay } = DEMO_SITE
  const from = await nextDay(ports.store, ports.entities, slug, firstDay)
  return { from, nights: nightsFrom(from, nights, ports) }
}
