import { expect } from 'vitest'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { ask, type PlainRow } from '../system/site.ts'
import { TRUTH } from '../system/truth.ts'
import type { DeployedWorld } from './world.ts'

/** Tables that say the same of the same days, whoever made them: runs and their times are their own. */
export const TABLES: readonly string[] = relationsOf(ENTITIES, VIEWS)
  .filter(({ name, kind }) => kind === 'view' && !['runs', 'run_entities'].includes(name))
  .map(({ name }) => name)

/** All rows of a table but when they were looked at, in an order of their own. */
export async function rowsOf(store: ObjectStore, table: string): Promise<readonly string[]> {
  const rows = await ask(store, `SELECT * FROM ${table}`)
  return rows.map(({ observed_at: _, ...row }) => JSON.stringify(row)).sort()
}

/** A report without what two runs of the same day never share. */
export function timeless({
  outcomes,
  run: _,
  startedAt: __,
  endedAt: ___,
  server: ____,
  ...report
}: RunReport) {
  return { ...report, outcomes: outcomes.map(({ milliseconds: _____, ...outcome }) => outcome) }
}

const lines = (rows: readonly PlainRow[], columns: readonly string[]): readonly string[] =>
  rows.map((row) => JSON.stringify(columns.map((column) => row[column] ?? null))).sort()

/** Fails where the snapshots of an entity are not what was true on their days, cell for cell. Gives the days. */
export async function expectTruth(
  { store, simulator }: DeployedWorld,
  entity: string,
): Promise<readonly string[]> {
  const truth = TRUTH[entity]
  const days = new Map<string, PlainRow[]>()
  for (const row of await ask(store, `SELECT * EXCLUDE (site) FROM ${entity}_snapshots`)) {
    const day = String(row['dt'])
    days.set(day, [...(days.get(day) ?? []), row])
  }
  for (const [day, rows] of days) {
    const wanted = truth?.(simulator.world(day)) ?? []
    const columns = [...new Set([...Object.keys(wanted[0] ?? {}), ...Object.keys(rows[0] ?? {})])]
    const own = columns.filter((column) => column !== 'dt').sort()
    expect([day, lines(rows, own)]).toEqual([day, lines(wanted, own)])
  }
  return [...days.keys()].sort()
}
