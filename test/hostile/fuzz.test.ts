import { describe, expect, it } from 'vitest'
import { entityNamed } from '../../lib/entities/index.ts'
import { cases, figure, limitFor } from '../guarantees/proof.ts'
import { fuzz } from './fuzz-run.ts'
import { faultOfItem } from './judge-rows.ts'
import { faultOfPage } from './judge-xml.ts'
import { randomOf } from './random.ts'
import { BAD_ITEMS, BAD_PAGES } from './regressions.ts'

const CASES = cases('fuzz', { suite: 5_000, full: 200_000 })
const SEED = Number(process.env['ALMANAC_SEED'] ?? 20_261_101)

describe('mutated answers and items', () => {
  it(
    'are refused by typed errors, or read as an independent reader reads them',
    async () => {
      const { findings, pages, items, taken, slowestMs, growthMB } = await fuzz({ cases: CASES, seed: SEED })
      const told = findings.map(
        ({ number, fault, paste }) => `seed ${SEED}, case ${number}: ${fault}\n${paste}`,
      )
      expect(told).toEqual([])
      // What is never taken is never compared.
      expect(taken).toBeGreaterThan(CASES / 20)
      expect(growthMB).toBeLessThan(256)
      figure('fuzz', {
        'mutated answers': pages,
        'mutated items': items,
        'taken and compared with an independent reader': taken,
        'CPU milliseconds of the slowest': slowestMs,
        'handled wrongly': findings.length,
      })
    },
    limitFor(10, 120),
  )

  it.each(BAD_PAGES)('once: %s', (_, base64, shape) => {
    const page = { name: 'regression', bytes: Buffer.from(base64, 'base64'), shape }
    expect(faultOfPage(page, randomOf(SEED))).toBeUndefined()
  })

  it.each(BAD_ITEMS)('once: %s', (_, name, item) => {
    expect(faultOfItem({ entity: entityNamed(name), item: JSON.parse(item), parent: 'p1' })).toBeUndefined()
  })
})
