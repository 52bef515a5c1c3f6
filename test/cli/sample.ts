import { join } from 'node:path'
import type { Simulator } from '../../lib/simulator/server.ts'
import { almanac, environmentOf, type Outcome, smallSite, temporaryFolder } from './terminal.ts'

/** A warehouse of two simulated sites, made by the nightly command itself. */
export interface SampleWarehouse {
  readonly root: string
  readonly folder: string
  /** The site `demo`. */
  readonly sim: Simulator
  /** The site `other-site`: users and workbooks of the first day alone. */
  readonly other: Simulator
  /** Runs a night of `demo`. */
  night(day: string, ...more: string[]): Promise<Outcome>
  /** Runs a command on this warehouse. */
  ask(...args: string[]): Promise<Outcome>
  /** The rows of a query. */
  rows(sql: string, ...more: string[]): Promise<Record<string, unknown>[]>
  remove(): Promise<void>
}

/** Makes a warehouse of these nights and entities of `demo`; the first also of `other-site`. */
export async function sampleWarehouse(days: readonly string[], entities: string): Promise<SampleWarehouse> {
  const folder = await temporaryFolder()
  // A path that is a pattern to whoever forgets to quote it.
  const root = join(folder.path, 'ware[1]house')
  const first = days[0] ?? ''
  const [sim, other] = await Promise.all([
    smallSite(first),
    smallSite(first, { site: 'Other_Site', seed: 8 }),
  ])
  const nightOf = (of: Simulator, day: string, ...more: string[]): Promise<Outcome> => {
    of.setDay(day)
    return almanac(['nightly', '--warehouse', root, '--date', day, '--quiet', ...more], environmentOf(of))
  }
  const ask = (...args: string[]): Promise<Outcome> => almanac([...args, '--warehouse', root])
  for (const day of days) await nightOf(sim, day, '--select', entities)
  await nightOf(other, first, '--select', 'users,workbooks')
  return {
    root,
    folder: folder.path,
    sim,
    other,
    night: (day, ...more) => nightOf(sim, day, ...more),
    ask,
    rows: async (sql, ...more) => JSON.parse((await ask('query', sql, '--output', 'json', ...more)).out),
    remove: async () => {
      await Promise.all([sim.close(), other.close()])
      await folder.remove()
    },
  }
}
