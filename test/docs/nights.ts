import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '../../lib/adapters/local/clock.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { addDays, type Day } from '../../lib/core/day.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { nightly } from '../../lib/nightly/nightly.ts'
import { query, type Shelf } from '../../lib/questions/query.ts'
import type { SimulatorOptions } from '../../lib/simulator/server.ts'
import { startSimulator } from '../../lib/simulator/server.ts'
import { connect } from '../../lib/tableau/client.ts'
import { patIdentity, sessionName } from '../../lib/tableau/identity.ts'
import type { Relation } from '../../lib/tables/relation.ts'
import type { Engine } from '../../lib/transform/engine.ts'

/** A warehouse folder as queries need it. */
export function shelfAt(root: string): Shelf {
  const store = diskStore(root)
  return { store, folders: [root], file: async ({ key }) => join(root, key) }
}

/** The rows that a question has. Throws what the question throws. */
export async function ask(root: string, relations: readonly Relation[], sql: string) {
  const { answer, reader } = await query(shelfAt(root), relations, sql)
  try {
    const rows = []
    for await (const chunk of answer.chunks) rows.push(...chunk)
    return { columns: answer.columns.map(({ name }) => name), rows }
  } finally {
    reader.close()
  }
}

/** Runs nights of a simulated site into a folder; throws when one is not wholly complete. */
export async function runNights(
  root: string,
  engine: Engine,
  counts: NonNullable<SimulatorOptions['counts']>,
  first: Day,
  nights: number,
): Promise<void> {
  const simulator = await startSimulator({ counts, day: first })
  const { url, site, patName, patSecret } = simulator
  const signIn = { serverUrl: url, contentUrl: site, identity: patIdentity(patName, patSecret) }
  const [store, clock, emit] = [diskStore(root), systemClock, () => undefined]
  try {
    for (let night = 0; night < nights; night++) {
      const dt = addDays(first, night)
      simulator.setDay(dt)
      const report = await nightly(
        {
          site: 'demo',
          timeZone: 'UTC',
          session: sessionName(signIn),
          entities: ENTITIES,
          run: `docs-${randomBytes(3).toString('hex')}`,
          dt,
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
      const wrong = report.outcomes.filter(({ verdict }) => verdict !== 'complete')
      if (report.failure !== null || wrong.length > 0)
        throw new Error(`night ${dt}: ${report.failure?.message ?? JSON.stringify(wrong)}`)
    }
  } finally {
    await simulator.close()
  }
}
