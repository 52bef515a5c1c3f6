import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Row } from '../../lib/core/column.ts'
import { dayNumber } from '../../lib/core/day.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { load } from '../../lib/load/load.ts'
import type { Engine } from '../../lib/transform/engine.ts'
import { historyOracle, type Reading } from '../load/oracle.ts'
import { forgetDerived, THINGS } from '../load/toy.ts'
import { copyOf } from '../system/mortal.ts'
import { TRACKED } from './calendar.ts'
import { landReading } from './land-things.ts'
import { cellOf, type Session, stageDays, stageHistory, tableOf } from './stage.ts'

const COLUMNS = [
  { name: 'dt', type: 'date' },
  { name: 'id', type: 'text' },
  { name: 'name', type: 'text' },
  { name: 'size', type: 'integer' },
  { name: 'tags', type: 'list' },
  { name: 'views', type: 'integer' },
  { name: 'raw_extra', type: 'text' },
] as const

/** What was really read, as the table `read`; what a night does not know is nothing. */
async function stageReadings(session: Session, readings: readonly Reading[]): Promise<void> {
  await stageDays(session, readings)
  const rows = readings.flatMap(({ dt, rows: read }): Row[] =>
    [...read].map(([id, { size, views, ...cells }]) => ({
      ...(cells as Row),
      id,
      dt: dayNumber(dt),
      size: cellOf('integer', size),
      views: cellOf('integer', views),
    })),
  )
  await tableOf(session, 'read', COLUMNS, rows)
}

/** The readings that stand, loaded in order at once. */
async function straightStore(engine: Engine, readings: readonly Reading[]): Promise<ObjectStore> {
  const store = memoryStore()
  for (const reading of readings) await landReading(store, reading)
  await load(store, engine, THINGS, 'test', 'load')
  return store
}

/** The same store with everything derived thrown away and made again. */
async function rebuiltStore(engine: Engine, store: ObjectStore): Promise<ObjectStore> {
  const rebuilt = await copyOf(store)
  await forgetDerived(rebuilt)
  await load(rebuilt, engine, THINGS, 'test', 'load')
  return rebuilt
}

/** Puts a store of things, and the readings that stand in it, before the laws. `stages` is an engine for the laws alone. */
export async function onStage<T>(
  engine: Engine,
  stages: Engine,
  store: ObjectStore,
  readings: readonly Reading[],
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const straight = await straightStore(engine, readings)
  const rebuilt = await rebuiltStore(engine, store)
  const session = await stages.session()
  try {
    await stageReadings(session, readings)
    const told = historyOracle(readings, TRACKED).versions
    await stageHistory(session, THINGS, { store, rebuilt, straight }, told)
    await session.run('CREATE OR REPLACE TABLE newest AS FROM things')
    await session.run('CREATE OR REPLACE VIEW changes AS FROM things_changes')
    return await work(session)
  } finally {
    await session.close()
  }
}
