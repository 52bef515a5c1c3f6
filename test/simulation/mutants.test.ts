import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import { MUTANTS } from './mutants.ts'
import { bundleMutant, edited } from './mutated.ts'

const run = promisify(execFile)
/** A mutant that lives longer is not found often enough to be found by anybody. */
const MOST_SEEDS = 5000

let folder = ''
const seedsNeeded: number[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-mutants-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  figure('mutants', {
    mutants: MUTANTS.length,
    found: seedsNeeded.length,
    'most seeds needed': Math.max(0, ...seedsNeeded),
  })
})

test.each(MUTANTS.map((mutant, i) => [mutant.name, mutant, i] as const))(
  'the simulation finds out when %s',
  async (_, mutant, i) => {
    const file = join(folder, `mutant-${i}.mjs`)
    await bundleMutant(mutant, file)
    const from = IS_FULL ? 1 : (mutant.from ?? 1)
    const { stdout } = await run(process.execPath, [file, String(from), String(MOST_SEEDS)])
    const { seeds, wrong } = JSON.parse(stdout)
    expect(wrong).not.toBeNull()
    seedsNeeded.push(seeds)
  },
  limitFor(20, 20),
)

test('a mutant whose text is not in the source any more is refused', () => {
  const [mutant] = MUTANTS
  if (mutant === undefined) throw new Error('there are no mutants')
  expect(() => edited('something else', mutant)).toThrow(/stands 0 times/)
})
