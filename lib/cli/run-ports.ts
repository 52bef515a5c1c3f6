import type { Engine } from '../engine/engine.ts'
import type { NightlyInput, NightlyPorts } from '../nightly/input.ts'
import type { Call } from './command.ts'
import { interruptible } from './interrupt.ts'
import { openReporter } from './reporter.ts'
import { newAttempt } from './run-id.ts'
import { siteRun, TIME_ZONE } from './site-run.ts'

/** Does work with an engine that is closed again whatever happens. */
export async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const { openEngine } = await import('../engine/engine.ts')
  const engine = await openEngine()
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

/** Composes a run of the configured site and does it: told as it goes, stopped in order by Ctrl-C. */
export async function doRun<T>(
  call: Call,
  work: (input: NightlyInput, ports: NightlyPorts) => Promise<T>,
  tell: (result: T) => Promise<number>,
): Promise<number> {
  const asked = await siteRun(call)
  const { slug: site, signIn, entities, dt, backdate, run, warehouse, clock } = asked
  const day = dt === undefined ? {} : { dt }
  const input = { site, timeZone: TIME_ZONE, signIn, entities, run, ...day, backdate, acceptSurplus: [] }
  return interruptible(call.io, (signal) =>
    withEngine(async (engine) => {
      const reporter = openReporter(call)
      const { emit } = reporter
      const connect: NightlyPorts['connect'] = (before, stop) => asked.connect(emit, before, stop)
      const { store } = warehouse
      try {
        const result = await work(input, { store, engine, clock, emit, newAttempt, connect, signal })
        reporter.close()
        return await tell(result)
      } finally {
        reporter.close()
      }
    }),
  )
}
