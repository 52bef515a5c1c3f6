import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays } from '../../lib/core/day.ts'
import { keys } from '../../lib/core/keys.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { load } from '../../lib/load/load.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { land } from '../load/land.ts'
import { placeOf, publishedRows, shownRows } from '../load/toy.ts'
import { arrive, orderOf } from './arrival.ts'

const FIRST = '2026-11-01'
let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())

const JOBS = entityNamed('jobs')

/** One sight of a job. */
interface Sight {
  readonly id: number
  readonly status: string | null
  readonly title: string | null
  readonly ended: boolean
}

const sight: fc.Arbitrary<Sight> = fc.record({
  id: fc.nat(4),
  status: fc.constantFrom('Pending', 'InProgress', 'Failed', 'Lost', null),
  title: fc.constantFrom(null, 't1', 't2'),
  ended: fc.boolean(),
})

const MICROS = 1000n
/** Before the first reading, whichever it is: no reading knows what is to come. */
const created = (id: number): number => Date.parse('2026-10-28T12:00:00Z') + id * 86_400_000
const cellsOf = ({ id, status, title, ended }: Sight) => ({
  status,
  title,
  ended_at: ended ? BigInt(created(id) + 3_600_000) * MICROS : null,
})

/** The latest value of each column that is not null, finished sights before all others. */
function jobOracle(
  observations: readonly { readonly at: number; readonly sights: readonly Sight[] }[],
): ReadonlyMap<number, Record<string, unknown>> {
  const rank = ({ status, ended }: Sight): number => (ended ? 2 : status === 'Lost' ? 1 : 0)
  const all = observations
    .flatMap(({ at, sights }) => sights.map((each) => ({ at, each })))
    .sort((a, b) => rank(a.each) - rank(b.each) || a.at - b.at)
  const jobs = new Map<number, Record<string, unknown>>()
  for (const { each } of all) {
    const known = Object.entries(cellsOf(each)).filter(([, value]) => value !== null)
    jobs.set(each.id, { ...jobs.get(each.id), ...Object.fromEntries(known) })
  }
  return jobs
}

describe('events', () => {
  test('any order of observations, any of them twice: the newest of each column, in the month of creation', async () => {
    const observation = fc.uniqueArray(sight, { selector: ({ id }) => id, minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(observation, { minLength: 2, maxLength: 4 }),
        orderOf(4),
        async (sights, [order, loads]) => {
          const store = memoryStore()
          const at = (i: number): number => Date.parse(`${addDays(FIRST, i)}T22:00:00Z`)
          const landOne = async (i: number): Promise<void> => {
            const rows = (sights[i] ?? []).map((each) => ({
              id: `job-${each.id}`,
              created_at: BigInt(created(each.id)) * MICROS,
              ...cellsOf(each),
            }))
            await land(store, JOBS, addDays(FIRST, i), rows, {
              observedFrom: at(i),
              source: i % 2 === 0 ? 'nightly' : 'monitor',
            })
          }
          await arrive(
            order.filter((i) => i < sights.length),
            loads,
            landOne,
            () => load(store, engine, JOBS, 'test', 'load'),
          )
          const found = new Map<string, unknown>()
          for (const month of ['2026-10', '2026-11']) {
            for (const row of shownRows(
              await publishedRows(store, engine, keys.event(placeOf(JOBS), month)),
            )) {
              expect(String(row['created_at']).slice(0, 7)).toBe(month)
              expect(found.has(String(row['id']))).toBe(false)
              found.set(String(row['id']), [
                row['status'] ?? null,
                row['title'] ?? null,
                row['ended_at'] !== null,
              ])
            }
          }
          const wanted = jobOracle(sights.map((each, i) => ({ at: at(i), sights: each })))
          expect(found).toEqual(
            new Map(
              [...wanted].map(([id, job]) => [
                `job-${id}`,
                [job['status'] ?? null, job['title'] ?? null, job['ended_at'] !== undefined],
              ]),
            ),
          )
          expect(await load(store, engine, JOBS, 'test', 'again')).toMatchObject({
            committed: [],
            held: [],
            published: 0,
          })
        },
      ),
      { numRuns: 20 },
    )
  }, 120_000)
})
