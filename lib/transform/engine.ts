import type { Shape } from '../core/shape.ts'
import { type Database, type DatabaseLimits, openDatabase, type Session } from '../engine/database.ts'
import type { LoadEngine, Transforms } from '../load/transforms.ts'
import { sorted, tally } from './canonical.ts'
import { compare, differences } from './comparing.ts'
import { current, parentDay, readOn, snapshot } from './days.ts'
import { fold } from './history.ts'
import { month, months, newestEvent } from './months.ts'

/** The database as a load works with it: it computes what a load needs of rows. */
export interface Engine extends Database, LoadEngine {}

/** The transforms of one entity in a session of the database, which they close. */
const transformsIn = (session: Session, shape: Shape): Transforms => ({
  stage: session.stage,
  collect: session.collect,
  tally: (files) => tally(session, shape, files),
  sorted: (files, columns, metadata) => sorted(session, shape, files, columns, metadata),
  compare: (sides) => compare(session, shape, sides),
  snapshot: (rows, inputs) => snapshot(session, shape, rows, inputs),
  parentDay: (dt, candidate, before, inputs) => parentDay(session, shape, dt, candidate, before, inputs),
  current: (last, inputs) => current(session, shape, last, inputs),
  readOn: (coverage) => readOn(session, coverage),
  fold: (from) => fold(session, shape, from),
  months: (file, facts) => months(session, file, facts),
  newestEvent: (file, facts) => newestEvent(session, shape, file, facts),
  month: (which, readings, facts, inputs) => month(session, shape, which, readings, facts, inputs),
  differences: (a, b, columns) => differences(session, a, b, columns),
  close: session.close,
})

/** Opens DuckDB for loads. */
export async function openEngine(limits: DatabaseLimits = {}): Promise<Engine> {
  const database = await openDatabase(limits)
  return { ...database, transforms: async (shape) => transformsIn(await database.session(), shape) }
}
