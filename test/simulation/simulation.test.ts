import { expect, test } from 'vitest'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { simulateApart } from './apart.ts'
import { plainEngine } from './plain-engine.ts'
import { regressionsOver } from './regressions.ts'
import { playSeed } from './seed.ts'

const SEEDS = cases('simulation', { suite: 100, full: 20_000 })

for (const { seed, size, found } of regressionsOver('plain'))
  test(`${size} seed ${seed}, which found that ${found}`, async () => {
    expect((await playSeed(seed, plainEngine, size)).wrongs).toEqual([])
  })

test(
  `${SEEDS} seeds of processes that fail, die and come between one another lose nothing and fake nothing`,
  async () => {
    const { seeds, operations, processes, wrong } = await simulateApart(1, SEEDS)
    expect(wrong).toEqual([])
    figure('simulation', { seeds, processes, 'store operations': operations, 'seeds wrong': wrong.length })
  },
  limitFor(20, 600),
)

test('one seed is one order of events', async () => {
  const [once, again] = [await playSeed(11, plainEngine, 'large'), await playSeed(11, plainEngine, 'large')]
  expect(once).toEqual(again)
  expect(once.operations).toBeGreaterThan(100)
})
