import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { plainEngine } from './plain-engine.ts'
import { regressionsOver } from './regressions.ts'
import { playSeed } from './seed.ts'
import { simulate } from './simulate.ts'

const SEEDS = cases('simulation-duckdb', { suite: 200, full: 250, largest: 2000 })

let engine: Engine
beforeAll(async () => {
  // A process that waits for its turn keeps its session: with fewer, all would wait for one another.
  engine = await openEngine({ threads: 1, sessions: 256 })
})
afterAll(() => engine.close())

for (const { seed, size, found } of regressionsOver('duckdb'))
  test(`${size} seed ${seed}, which found that ${found}`, async () => {
    expect((await playSeed(seed, engine, size)).wrongs).toEqual([])
  })

test(
  `${SEEDS} seeds over DuckDB itself lose nothing and fake nothing`,
  async () => {
    // Other seeds than those of the plain engine.
    const { seeds, operations, processes, wrong } = await simulate(1_000_001, SEEDS, engine, 'duckdb')
    expect(wrong).toEqual([])
    figure('simulation-duckdb', {
      seeds,
      processes,
      'store operations': operations,
      'seeds wrong': wrong.length,
    })
  },
  limitFor(60, 900),
)

// Their bytes differ, and so do hashes: of seeds in which the order of two hashes decides who is read first, none is here.
test('both engines play seeds alike, operation by operation', async () => {
  for (const seed of [42, 44, 45, 46])
    expect(await playSeed(seed, engine, 'small')).toEqual(await playSeed(seed, plainEngine, 'small'))
})
