import type { LoadEngine } from '../../lib/load/transforms.ts'
import type { EngineName } from './engines.ts'
import { playSeed, type SeedResult, type Size } from './seed.ts'

/** What a run over many seeds came to. */
export interface Simulated {
  readonly seeds: number
  readonly operations: number
  readonly processes: number
  /** The first seed that was wrong, with all that was; empty when none was. */
  readonly wrong: readonly SeedResult[]
}

/**
 * The size of a seed's world. Every other one is small, over DuckDB all but every fortieth: what goes wrong with one table
 * goes wrong there, too, and sooner.
 */
export function sizeOf(seed: number, name: EngineName = 'plain'): Size {
  // Over DuckDB a large one takes four times as long.
  return seed % (name === 'duckdb' ? 40 : 2) === 0 ? 'large' : 'small'
}

/** Plays seeds one after the other until one is wrong or all are done, over the engine of that name. */
export async function simulate(
  start: number,
  seeds: number,
  engine: LoadEngine,
  name: EngineName = 'plain',
): Promise<Simulated> {
  let [operations, processes] = [0, 0]
  for (let seed = start; seed < start + seeds; seed++) {
    const result = await playSeed(seed, engine, sizeOf(seed, name))
    operations += result.operations
    processes += result.processes
    if (result.wrongs.length > 0) return { seeds: seed - start + 1, operations, processes, wrong: [result] }
  }
  return { seeds, operations, processes, wrong: [] }
}
