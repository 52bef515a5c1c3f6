import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dayNumber } from '../../lib/core/day.ts'
import { ENTITIES, VIEWS } from '../../lib/entities/index.ts'
import {
  type Example,
  examplesOf,
  RUN_EXAMPLES,
  UNKNOWN_EXAMPLE,
  viewExamples,
} from '../../lib/questions/examples.ts'
import { relationsOf } from '../../lib/tables/relation.ts'
import { openEngine } from '../../lib/transform/engine.ts'
import { ask } from './nights.ts'
import { loadSmallSites, VIEWS_READ } from './small-sites.ts'

const RELATIONS = relationsOf(ENTITIES, VIEWS)

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'almanac-answers-'))
  const engine = await openEngine()
  await loadSmallSites(root, engine)
  await engine.close()
}, 60_000)
afterAll(() => rm(root, { recursive: true, force: true }))

const examplesFor = (entity: string): readonly [Example, Example] => {
  const found = ENTITIES.find(({ name }) => name === entity)
  return found === undefined ? viewExamples(entity) : examplesOf(found)
}

/** The answer to a question, its rows as texts of these columns, in the order of the texts. */
async function answer({ sql }: Example, ...wanted: string[]): Promise<readonly string[]> {
  const { columns, rows } = await ask(root, RELATIONS, sql)
  const places = wanted.map((column) => columns.indexOf(column))
  return rows.map((row) => places.map((place) => String(row[place])).join(' ')).sort()
}

/** What was seen of each view from one of its readings to the next. */
const usage = Object.entries(VIEWS_READ).flatMap(([site, nights]) => {
  const read = Object.entries(nights).map(([dt, views]) => ({ dt, views }))
  const last = read.at(-1)
  return read.slice(1).flatMap(({ dt, views }, i) =>
    Object.entries(views).flatMap(([id, [, opened]]) => {
      const before = read[i]?.views[id]?.[1]
      const days = dayNumber(dt) - dayNumber(read[i]?.dt ?? dt)
      const age = dayNumber(last?.dt ?? dt) - dayNumber(dt)
      const isThere = last?.views[id] !== undefined
      return before === undefined ? [] : [{ site, dt, id, days, age, isThere, delta: opened - before }]
    }),
  )
})

type Usage = (typeof usage)[number]

/** Sums of what was seen, by what `by` names. */
function sums(seen: readonly Usage[], by: (each: Usage) => string) {
  return [...new Set(seen.map(by))].map((key) => {
    const own = seen.filter((each) => by(each) === key)
    const opened = own.reduce((sum, { delta }) => sum + delta, 0)
    return { key, opened, days: own.reduce((sum, { days }) => sum + days, 0) }
  })
}

describe('over two sites with namesakes, a refused group and a gap, the examples answer what they ask:', () => {
  const ofView = ({ site, id }: Usage): string => `${site} ${id}`

  test('views that nobody was seen to open, each by itself, and none that was read once', async () => {
    const never = sums(
      usage.filter(({ isThere }) => isThere),
      ofView,
    ).filter(({ opened }) => opened === 0)
    expect(never.map(({ key }) => key).sort()).toEqual(['lag v6', 'main v1', 'main v4'])
    expect(await answer(examplesFor('view_usage')[0], 'site', 'id', 'watched_days')).toEqual(
      never.map(({ key, days }) => `${key} ${days}`).sort(),
    )
  })

  test('views opened most in the last week of each site, and over how many days that is counted', async () => {
    const week = sums(
      usage.filter(({ isThere, age }) => isThere && age < 7),
      ofView,
    ).filter(({ opened }) => opened > 0)
    expect(week.map(({ key }) => key).sort()).toEqual(['lag v1', 'main v2'])
    expect(await answer(examplesFor('views')[0], 'site', 'id', 'opened', 'over_days')).toEqual(
      week.map(({ key, opened, days }) => `${key} ${opened} ${days}`).sort(),
    )
  })

  test('the use of each site, and how many days lie between its readings', async () => {
    const used = sums(usage, ({ site, dt, days }) => `${site} ${dt} ${days}`)
    expect(await answer(examplesFor('view_usage')[1], 'site', 'dt', 'days', 'opened')).toEqual(
      used.map(({ key, opened }) => `${key} ${opened}`).sort(),
    )
  })

  test('how many views there were on each day of each site', async () => {
    const days = Object.entries(VIEWS_READ).flatMap(([site, nights]) =>
      Object.entries(nights).map(([dt, views]) => `${site} ${dt} ${Object.keys(views).length}`),
    )
    expect(await answer(examplesFor('views')[1], 'site', 'dt', 'how_many')).toEqual(days.sort())
  })

  test('groups with nobody in them: none that was refused, not read, or made since', async () => {
    expect(await answer(examplesFor('groups')[1], 'site', 'id', 'read_on')).toEqual([
      'lag idle 2026-10-20',
      'main empty 2026-10-31',
    ])
  })

  test('groups that came and went, but for those of the first day', async () => {
    expect(await answer(examplesFor('groups')[0], 'site', 'changed_on', 'kind', 'name')).toEqual([
      'main 2026-10-31 gone Closed',
      'main 2026-11-01 new Made',
    ])
  })

  test('who joined or left a group, those too whose group went with them, and nobody of a group that was read for the first time', async () => {
    const [, joined] = examplesFor('group_members')
    expect(await answer(joined, 'site', 'changed_on', 'kind', 'group_name', 'user_id')).toEqual([
      'main 2026-10-31 gone All Users ann',
      'main 2026-10-31 gone Closed ann',
      'main 2026-10-31 new All Users cy',
    ])
  })

  test('who left, and how many workbooks they own: nobody who returned, each person once, and those too who own none', async () => {
    const [left] = examplesFor('users')
    expect(await answer(left, 'site', 'id', 'left_on', 'workbooks')).toEqual([
      'lag ann 2026-10-20 1',
      'main cy 2026-11-01 2',
      'main dee 2026-10-31 1',
      'main fay 2026-10-29 0',
    ])
  })

  test('where permissions were unlocked, not where a lock became another', async () => {
    expect(await answer(examplesFor('projects')[1], 'site', 'changed_on', 'id')).toEqual([
      'main 2026-10-31 opened',
    ])
  })

  test('what no run of a day committed: nothing that another run did, nothing that the server cannot do', async () => {
    expect(await answer(RUN_EXAMPLES[0], 'site', 'dt', 'run', 'entity', 'verdict')).toEqual([
      'lag 2026-10-31 first users forbidden',
      'main 2026-10-30 first users incomplete',
    ])
  })

  test('groups whose members are older than the last complete day', async () => {
    expect(await answer(RUN_EXAMPLES[1], 'site', 'parent_id', 'verdict', 'observed_on')).toEqual([
      'main refused forbidden null',
      'main stale not_read 2026-10-29',
      'main unread not_read 2026-10-29',
    ])
  })

  test('names that a snapshot was not sent, not one that was read and is null', async () => {
    expect(await answer(UNKNOWN_EXAMPLE, 'site', 'dt', 'id', 'last_known')).toEqual([
      'quiet 2026-10-30 ida Ida',
      'quiet 2026-10-30 kim null',
    ])
  })
})

test('an example that shows no more than twenty rows says so', () => {
  // Those that any entity has, too.
  const toys = ENTITIES.map((entity) => ({ ...entity, name: 'toy' }))
  const views = [...VIEWS.map(({ name }) => name), 'toy']
  const examples = [
    ...[...ENTITIES, ...toys].flatMap(examplesOf),
    ...views.flatMap(viewExamples),
    ...RUN_EXAMPLES,
  ]
  const limited = examples.filter(({ sql }) => /\bLIMIT\b/.test(sql))
  expect(limited.length).toBeGreaterThan(4)
  for (const { asks, sql } of limited)
    expect([asks, sql]).toEqual([expect.stringMatching(/\btwenty\b/), expect.stringMatching(/ LIMIT 20$/)])
})
