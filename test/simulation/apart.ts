import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { EngineName } from './engines.ts'
import type { Mutant } from './mutants.ts'
import { bundleSimulation } from './mutated.ts'
import type { Simulated } from './simulate.ts'

const run = promisify(execFile)
/** What a seed that is wrong says may be long. */
const MOST_BYTES = 64 * 1024 * 1024

/** Plays seeds, with a mutant in the source when one is given, in a process of its own: bundled, they take less time. */
export async function simulateApart(
  start: number,
  seeds: number,
  mutant?: Mutant,
  engine: EngineName = 'plain',
): Promise<Simulated> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-simulation-'))
  try {
    const file = join(folder, 'simulation.mjs')
    await bundleSimulation(file, mutant)
    const { stdout } = await run(process.execPath, [file, String(start), String(seeds), engine], {
      maxBuffer: MOST_BYTES,
    })
    return JSON.parse(stdout)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
