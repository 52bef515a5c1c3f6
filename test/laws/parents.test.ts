import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays, dayNumber } from '../../lib/core/day.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { type Random, randomOf } from '../../lib/simulator/random.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { cases, figure, IS_FULL, limitFor } from '../guarantees/proof.ts'
import { landLinks, type ParentNight, type ParentReading } from '../load/links.ts'
import { linksHistory, type Night } from '../load/parents-oracle.ts'
import { newestReading } from '../load/readings.ts'
import { forgetDerived, LINKS } from '../load/toy.ts'
import { arrive, orderOf } from '../system/arrival.ts'
import { copyOf } from '../system/mortal.ts'
import { FIRST } from './calendar.ts'
import { PARENT_LAWS } from './laws.ts'
import { brokenLaws, type Session, silentLaws, stageDays, stageHistory, tableOf } from './stage.ts'
import { candidateOf, etagsOf } from './world.ts'

let engine: Engine
let stages: Engine
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
  stages = await openEngine({ threads: 1 })
})
afterAll(async () => {
  await engine.close()
  await stages.close()
})

const NIGHTS = 8
const BOXES = IS_FULL ? 5_000 : 1_000
const THINGS_IN_BOX = ['a', 'A', 'a '] as const

/** What a night makes of a parent: mostly it is read, with most of its children. */
function readingOf(random: Random): ParentReading | undefined {
  const luck = random.unit()
  if (luck < 0.03) return undefined
  if (luck < 0.05) return 'vanished'
  if (luck < 0.13) return 'not_read'
  if (luck < 0.2) return 'forbidden'
  if (luck < 0.22) return {}
  const there = THINGS_IN_BOX.filter(() => random.chance(0.94))
  return Object.fromEntries(there.map((thing) => [thing, random.chance(0.8) ? 'r' : 'w']))
}

/** A night of so many parents, each of which lives a life of its own. */
function nightOf(seed: number, dt: string, boxes: number): ParentNight {
  const random = randomOf(seed, 'links', dt)
  const readings = Array.from({ length: boxes }, (_, i) => [`box${i}`, readingOf(random)] as const)
  return Object.fromEntries(
    readings.flatMap(([box, reading]) => (reading === undefined ? [] : [[box, reading]])),
  )
}

/** On one night in four the role is not sent. */
const missingOf = (seed: number, dt: string): readonly string[] =>
  randomOf(seed, 'missing', dt).chance(0.25) ? ['role'] : []

const calendarOf = (seed: number, boxes: number): readonly Night[] =>
  Array.from({ length: NIGHTS }, (_, i) => addDays(FIRST, i)).map((dt) => ({
    dt,
    missing: missingOf(seed, dt),
    parents: nightOf(seed, dt, boxes),
  }))

const loadLinks = (store: ObjectStore) => load(store, engine, LINKS, 'test', 'load')

type Corrections = readonly (readonly [night: number, isWithdrawn: boolean])[]

/** Corrects nights as planned. The nights that stand in the end. */
async function correctAll(
  store: ObjectStore,
  calendar: readonly Night[],
  seed: number,
  corrections: Corrections,
): Promise<readonly Night[]> {
  const standing = new Map<string, Night | null>(calendar.map((night) => [night.dt, night]))
  for (const [i, [which, isWithdrawn]] of corrections.entries()) {
    const { dt } = calendar[which] ?? { dt: FIRST }
    const facts = { dt, run: 'correct', reason: 'test' }
    const isGone = isWithdrawn && standing.get(dt) !== null
    if (isGone) await withdrawDay(store, engine, LINKS, 'test', facts)
    const look = seed + 1 + i
    const again = isGone ? null : { dt, missing: missingOf(look, dt), parents: nightOf(look, dt, BOXES) }
    if (again !== null) {
      const observedFrom = Date.parse(`${dt}T04:00:0${i}Z`)
      await landLinks(store, dt, again.parents, { missing: again.missing, run: `look-${i}`, observedFrom })
      const replaces = await candidateOf(store, LINKS, dt)
      const named = await newestReading(store, engine, LINKS, dt)
      await replaceDay(store, engine, LINKS, 'test', { ...facts, replaces, with: named })
    }
    standing.set(dt, again)
  }
  return [...standing.values()].flatMap((each) => each ?? [])
}

const asText = (...names: readonly string[]) => names.map((name) => ({ name, type: 'text' as const }))
const DAY = { name: 'dt', type: 'date' } as const

/** What the nights listed and read, and from it what each day knew of each parent: the islands of days that list it. */
async function stageNights(session: Session, nights: readonly Night[]): Promise<void> {
  await stageDays(
    session,
    nights.map(({ dt, missing = [] }) => ({ dt, missing })),
  )
  const listed = nights.flatMap(({ dt, missing = [], parents }) =>
    Object.entries(parents).map(([box, reading]) => ({ dt: dayNumber(dt), missing, box, reading })),
  )
  await tableOf(
    session,
    'parent',
    [DAY, ...asText('box_id', 'verdict')],
    listed.map(({ dt, box, reading }) => ({
      dt,
      box_id: box,
      verdict: typeof reading === 'string' ? reading : 'read',
    })),
  )
  const links = listed.flatMap(({ dt, missing, box, reading }) =>
    typeof reading === 'string'
      ? []
      : Object.entries(reading).map(([thing, role]) => ({
          dt,
          box_id: box,
          thing_id: thing,
          role: missing.includes('role') ? null : role,
        })),
  )
  await tableOf(session, 'link', [DAY, ...asText('box_id', 'thing_id', 'role')], links)
  await session.run(`CREATE OR REPLACE TABLE known AS
    SELECT dt, box_id, verdict, max(dt) FILTER (verdict = 'read') OVER (PARTITION BY box_id, life ORDER BY dt) AS observed_on
    FROM (SELECT p.*, d.nth - row_number() OVER (PARTITION BY box_id ORDER BY dt) AS life FROM parent p JOIN day d USING (dt) WHERE verdict <> 'vanished')`)
}

async function onStage<T>(
  store: ObjectStore,
  nights: readonly Night[],
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const straight = memoryStore()
  for (const { dt, missing = [], parents } of nights) await landLinks(straight, dt, parents, { missing })
  await loadLinks(straight)
  const rebuilt = await copyOf(store)
  await forgetDerived(rebuilt)
  await loadLinks(rebuilt)
  const session = await stages.session()
  try {
    await stageNights(session, nights)
    await stageHistory(session, LINKS, { store, rebuilt, straight }, linksHistory(nights))
    await session.run('CREATE OR REPLACE TABLE covered AS FROM coverage')
    return await work(session)
  } finally {
    await session.close()
  }
}

describe('the laws of what is read parent by parent', () => {
  test(
    `${NIGHTS} nights of ${BOXES} parents each, of every verdict, in any order, corrected and withdrawn`,
    async () => {
      const wanted = cases('parent-laws', { suite: 500, full: 30_000 })
      let days = 0
      const corrections = fc.array(fc.tuple(fc.nat(NIGHTS - 1), fc.boolean()), { minLength: 1, maxLength: 2 })
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0 }),
          orderOf(NIGHTS),
          corrections,
          async (seed, [order, loads], fixes) => {
            const store = memoryStore()
            const calendar = calendarOf(seed, BOXES)
            const landOne = (i: number) => {
              const { missing = [], parents = {} } = calendar[i] ?? {}
              return landLinks(store, addDays(FIRST, i), parents, { missing })
            }
            // Few loads: each of them settles many late nights.
            await arrive(
              order,
              loads.map((isLoaded, i) => isLoaded && i % 4 === 0),
              landOne,
              () => loadLinks(store),
            )
            const nights = await correctAll(store, calendar, seed, fixes)
            const before = await etagsOf(store)
            await Promise.all([loadLinks(store), loadLinks(store)])
            expect(await etagsOf(store)).toEqual(before)
            expect(await onStage(store, nights, (session) => brokenLaws(session, PARENT_LAWS))).toEqual([])
            days += nights.length
          },
        ),
        { numRuns: Math.ceil(wanted / BOXES), endOnFailure: true },
      )
      const parents = Math.ceil(wanted / BOXES) * BOXES
      figure('parent-laws', {
        'parent calendars': parents,
        'key calendars': parents * THINGS_IN_BOX.length,
        days,
        laws: PARENT_LAWS.length,
        violations: 0,
      })
    },
    limitFor(10, 40),
  )

  test('each law speaks when its violation is planted, and none before', async () => {
    const store = memoryStore()
    const nights = calendarOf(7, 40).filter((_, night) => night !== 5)
    for (const { dt, missing = [], parents } of nights) await landLinks(store, dt, parents, { missing })
    await loadLinks(store)
    await onStage(store, nights, async (session) => {
      expect(await brokenLaws(session, PARENT_LAWS)).toEqual([])
      expect(await silentLaws(session, PARENT_LAWS)).toEqual([])
    })
  })
})
