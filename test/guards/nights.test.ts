import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { addDays, type Day } from '../../lib/core/day.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { keys } from '../../lib/core/keys.ts'
import { exitOfRun, type RunReport } from '../../lib/core/report.ts'
import { sha256 } from '../../lib/core/sha256.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import type { Counts } from '../../lib/simulator/counts.ts'
import type { Fault } from '../../lib/simulator/faults.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { figure, limitFor } from '../guarantees/proof.ts'
import { FEW, openSite, outcomeOf, type Site } from '../system/site.ts'
import { currentRows, endsOf, publishedOf } from './rows.ts'

const FIRST = '2026-11-01'
/** At least 100 rows of everything that is a list. */
const COUNTS = {
  ...FEW,
  users: 110,
  groups: 105,
  projects: 105,
  workbooks: 110,
  views: 120,
  datasources: 105,
  jobsPerDay: 10,
}
/** Many users in few groups, where only the memberships matter. */
const FEW_GROUPS = { ...FEW, users: 110, groups: 14 }

/** The share of a list that is left, by what is gone. Of a fraction of nothing at all the simulator leaves none. */
const LEFT = { '21 %': 0.79, '50 %': 0.5, '99 %': 0.01, everything: 0 } as const

/** A list with this share of the rows that it had on the first day; the site goes on, and may have more by now. */
function shrunk(path: string, endpoint: string, share: number, dt: Day): Fault {
  if (share === 0) return { kind: 'emptyList', match: { endpoint } }
  const rowsOn = (day: Day): number => {
    const found = Object.entries(site.simulator.world(day)).find(([name]) => name === path)?.[1]
    return Array.isArray(found) ? found.length : 1
  }
  return { kind: 'shrink', fraction: (share * rowsOn(FIRST)) / rowsOn(dt), match: { endpoint } }
}

/** How the simulator calls the endpoint of a list below parents: groups/{parent}/users is groupUsers. */
const belowParents = ({ read }: Entity): string => {
  const last = read.path.split('/').at(-1) ?? ''
  return read.shape === 'children' ? `${read.parent.item}${last[0]?.toUpperCase()}${last.slice(1)}` : ''
}

const LISTS = ENTITIES.flatMap(({ read }) => (read.shape === 'list' ? [read.path] : []))
const PER_PARENT = ENTITIES.filter(({ read }) => read.shape === 'children')
const STATES = ENTITIES.filter(({ kind, read }) => kind === 'state' && read.shape !== 'single')
const ALWAYS_WHOLE = ENTITIES.filter((entity) => !STATES.includes(entity))

let engine: Engine
let site: Site
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())
afterEach(() => site.close())

const counted = { nights: 0, 'lists that shrank': 0, 'rows closed': 0 }
afterAll(() => figure('guarded-nights', counted))

async function afterOneNight(counts: Counts, entities: readonly Entity[]): Promise<void> {
  site = await openSite({ counts, day: FIRST }, memoryStore(), engine)
  expect(exitOfRun(await site.night(FIRST, { entities }))).toBe(0)
  for (const entity of entities.filter((each) => STATES.includes(each)))
    expect([entity.name, (await currentRows(site.store, engine, entity, 'demo')) >= 100]).toEqual([
      entity.name,
      true,
    ])
}

const published = (entities: readonly Entity[]) =>
  Promise.all(entities.map((entity) => publishedOf(site.store, entity)))

/** Holds what a night of shrunken lists came to: held, named, exit 3, and nothing of it to be seen. */
async function expectGuarded(
  report: RunReport,
  dt: Day,
  entities: readonly Entity[],
  before: readonly unknown[],
): Promise<void> {
  expect(exitOfRun(report)).toBe(3)
  for (const { name } of entities) {
    const { verdict, candidate, reason, fetched, expected } = outcomeOf(report, name)
    const why = /^(0 rows where there were \d+|\d+ of \d+ rows are gone, and \d+ may go in one night)$/
    expect([name, verdict, reason]).toEqual([name, 'guarded', expect.stringMatching(why)])
    // The reading itself agreed with what Tableau announced: nothing but the guard stood between it and history.
    if (expected !== null) expect(fetched).toBe(expected)
    const object = await site.store.read(keys.candidate({ entity: name, site: 'demo' }, dt, candidate ?? ''))
    expect(sha256(object?.bytes ?? '')).toBe(candidate)
  }
  expect(await published(entities)).toEqual(before)
  counted.nights++
  counted['lists that shrank'] += entities.length
}

async function expectHealed(dt: Day, entities: readonly Entity[]): Promise<void> {
  site.simulator.faults.clear()
  const clean = await site.night(dt, { entities })
  expect([exitOfRun(clean), clean.outcomes.filter(({ verdict }) => verdict !== 'complete')]).toEqual([0, []])
  for (const entity of entities) {
    expect(await site.store.list(keys.manifests({ entity: entity.name, site: 'demo' }))).toHaveLength(2)
    // Rows end by changing, too, and a site loses a few by itself: on the clean night, and on no other.
    const ends = await endsOf(site.store, engine, entity, 'demo')
    counted['rows closed'] += ends.filter((day) => day !== dt).length
  }
  expect(counted['rows closed']).toBe(0)
}

test(
  'no night in which every list of a site shrinks closes a row of any of them',
  async () => {
    await afterOneNight(COUNTS, ENTITIES)
    const before = await published(STATES)
    const losses = Object.values(LEFT)
    for (const [i, share] of losses.entries()) {
      const dt = addDays(FIRST, i + 1)
      const below = PER_PARENT.map((entity) => shrunk('', belowParents(entity), share, dt))
      site.simulator.faults.set([...LISTS.map((path) => shrunk(path, path, share, dt)), ...below])
      const report = await site.night(dt)
      await expectGuarded(report, dt, STATES, before)
      for (const { name } of ALWAYS_WHOLE) expect(outcomeOf(report, name).verdict).toBe('complete')
    }
    await expectHealed(addDays(FIRST, losses.length + 1), STATES)
  },
  limitFor(15, 15),
)

test.each(PER_PARENT.map((each) => [each.name, each] as const))(
  'no night in which every parent of %s is there and has lost children closes a row',
  async (_, entity) => {
    await afterOneNight(FEW_GROUPS, [entity])
    const before = await published([entity])
    const losses = Object.values(LEFT)
    for (const [i, share] of losses.entries()) {
      const dt = addDays(FIRST, i + 1)
      site.simulator.faults.set([shrunk('', belowParents(entity), share, dt)])
      const report = await site.night(dt, { entities: [entity] })
      await expectGuarded(report, dt, [entity], before)
    }
    await expectHealed(addDays(FIRST, losses.length + 1), [entity])
  },
  limitFor(15, 15),
)

test('a second reading of a held night is the one that its report names', async () => {
  const users = ENTITIES.filter(({ name }) => name === 'users')
  await afterOneNight(FEW_GROUPS, users)
  const night = addDays(FIRST, 1)
  site.simulator.faults.set([{ kind: 'emptyList', match: { endpoint: 'users' } }])
  const first = outcomeOf(await site.night(night, { entities: users }), 'users')
  site.simulator.pass(30)
  site.simulator.faults.set([{ kind: 'shrink', fraction: 0.5, match: { endpoint: 'users' } }])
  const second = outcomeOf(await site.night(night, { entities: users }), 'users')
  expect([first.fetched, second.fetched, second.verdict]).toEqual([0, 55, 'guarded'])
  expect(second.candidate).not.toBe(first.candidate)
  expect(second.reason).toMatch(/^55 of 110 rows are gone/)
})
