import type { LoadEngine } from '../../lib/load/transforms.ts'
import { playSeed, type SeedResult, type Size } from './seed.ts'

/** What a run over many seeds came to. */
export interface Simulated {
  readonly seeds: number
  readonly operations: number
  readonly processes: number
  /** The first seed that was wrong, with all that was; empty when none was. */
  readonly wrong: readonly SeedResult[]
}

/** Every other world is small: what goes wrong with one table goes wrong there, too, and sooner. */
const sizeOf = (seed: number): Size => (seed % 2 === 0 ? 'large' : 'small')

/** Plays seeds one after the other until one is wrong or all are done, each in a world of its own size if none is given. */
export async function simulate(
  start: number,
  seeds: number,
  engine: LoadEngine,
  size?: Size,
): Promise<Simulated> {
  let [operations, processes] = [0, 0]
  for (let seed = start; seed < start + seeds; seed++) {
    const result = await playSeed(seed, engine, size ?? sizeOf(seed))
    operations += result.operations
    processes += result.processes
    if (result.wrongs.length > 0) return { seeds: seed - start + 1, operations, processes, wrong: [result] }
  }
  return { seeds, operations, processes, wrong: [] }
}
