import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { Entity } from '../../lib/core/entity.ts'
import { trackedColumns } from '../../lib/core/entity.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { exitOfRun } from '../../lib/core/report.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { accept } from '../../lib/load/correct.ts'
import type { Counts } from '../../lib/simulator/counts.ts'
import type { Fault } from '../../lib/simulator/faults.ts'
import type { SimulatorOptions } from '../../lib/simulator/server.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import type { Finding } from '../../lib/verify/finding.ts'
import { verify } from '../../lib/verify/verify.ts'
import { CASES, DAY1, DAY2, DAY3, onUsers } from './fault-cases.ts'
import { copyOf } from './mortal.ts'
import { ask, askAll, FEW, only, openSite, outcomeOf, type PlainRow, type Site } from './site.ts'
import { TRUTH } from './truth.ts'

/** Users in three pages, where a fault needs more than one. */
const WIDE = { users: 2300 }
const NARROW = { users: 120 }
const ENTITIES = only('users', 'workbooks')

const names = (entities: readonly Entity[]): readonly string[] => entities.map(({ name }) => name)

const lines = (rows: readonly PlainRow[], columns: readonly string[]): readonly string[] =>
  rows.map((row) => JSON.stringify(columns.map((column) => row[column] ?? null))).sort()

/** Holds what is published of entities to the days that must have been committed: no other day left a trace. */
async function checkPublished(
  { store, simulator }: Site,
  daysOf: Readonly<Record<string, readonly string[]>>,
  distorted: readonly string[] = [],
): Promise<void> {
  const asOf = (name: string, days: readonly string[]): string =>
    days.map((day) => `SELECT DATE '${day}' AS dt, * FROM ${name}_at(DATE '${day}')`).join(' UNION ALL ')
  const questions = Object.entries(daysOf).flatMap(([name, days]) => [
    [`${name} read`, `SELECT * FROM ${name}_snapshots`],
    [`${name} then`, asOf(name, days)],
    [`${name} touched`, `SELECT DISTINCT unnest([valid_from, valid_to]) AS day FROM ${name}_history`],
  ])
  const answer = await askAll(store, Object.fromEntries(questions))
  for (const [name, days] of Object.entries(daysOf)) {
    const entity = entityNamed(name)
    expect([...new Set(answer(`${name} read`).map((row) => row['dt']))].sort()).toEqual(days)
    const tracked = [...entity.key, ...trackedColumns(entity)]
    for (const day of days) {
      const [rows = [], then = []] = [`${name} read`, `${name} then`].map((question) =>
        answer(question).filter((row) => row['dt'] === day),
      )
      expect(lines(then, tracked)).toEqual(lines(rows, tracked))
      const wanted = TRUTH[name]?.(simulator.world(day)) ?? []
      const columns = Object.keys(wanted[0] ?? {})
      if (!distorted.includes(day)) expect(lines(rows, columns)).toEqual(lines(wanted, columns))
    }
    for (const { day } of answer(`${name} touched`)) if (day !== null) expect(days).toContain(day)
  }
}

/** How many history rows begin or end on a day. */
async function touchedOn({ store }: Site, name: string, day: string): Promise<number> {
  const [row] = await ask(
    store,
    `SELECT count(*) AS n FROM ${name}_history WHERE valid_from = DATE '${day}' OR valid_to = DATE '${day}'`,
  )
  return Number(row?.['n'])
}

const isWide = (faults: readonly Fault[]): boolean =>
  faults.some(({ kind, match }) => kind === 'drift' || (match?.page ?? 1) > 1)

let engine: Engine
let site: Site
beforeAll(async () => {
  engine = await openEngine({ threads: 1 })
})
afterAll(() => engine.close())
afterEach(() => site.close())

/** Warehouses after a first, clean night: the same site has the same one. */
const firstNights = new Map<string, Promise<ObjectStore>>()

async function firstNight(options: SimulatorOptions, entities: readonly Entity[]): Promise<ObjectStore> {
  const first = await openSite(options, memoryStore(), engine)
  try {
    expect(exitOfRun(await first.night(DAY1, { entities }))).toBe(0)
    return first.store
  } finally {
    await first.close()
  }
}

/** A site after its first, clean night. */
async function afterOneNight(counts: Partial<Counts>, entities: readonly Entity[]): Promise<Site> {
  const options = { counts: { ...FEW, ...counts }, day: DAY1 }
  const name = JSON.stringify([counts, names(entities)])
  const kept = firstNights.get(name) ?? firstNight(options, entities)
  firstNights.set(name, kept)
  site = await openSite(options, await copyOf(await kept), engine)
  return site
}

describe('a night that', () => {
  test.each(CASES.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const { faults, verdict, entity = 'users', reason, exit, changes = {}, isDistorted = false, also } = each
    const entities = changes.entities ?? ENTITIES
    await afterOneNight(isWide(faults) ? WIDE : NARROW, entities)
    const before = site.simulator.counters()
    site.simulator.faults.set(faults)
    const report = await site.night(DAY2, { entities, ...changes })
    site.simulator.faults.clear()

    const outcome = outcomeOf(report, entity)
    const why = reason === undefined ? null : expect.stringMatching(reason)
    expect([outcome.verdict, exitOfRun(report), outcome.reason]).toEqual([verdict, exit, why])
    // What is held is named by its hash, by which it can be accepted.
    expect(outcome.candidate).toEqual(verdict === 'guarded' ? expect.stringMatching(/^[0-9a-f]{64}$/) : null)
    await also?.(report, site, before)
    const whole = report.outcomes.filter((one) => one.verdict === 'complete').map((one) => one.entity)
    const harmless = names(entities).filter((name) => !faults.some(({ match }) => match?.endpoint === name))
    if (exit !== 1) expect(whole).toEqual(expect.arrayContaining(harmless.filter((name) => name !== entity)))
    if (verdict !== 'complete') expect(await touchedOn(site, entity, DAY2)).toBe(0)

    const next = await site.night(DAY3, { entities })
    expect([exitOfRun(next), next.outcomes.filter((one) => one.verdict !== 'complete')]).toEqual([0, []])
    const days = names(entities).map((name) => [
      name,
      whole.includes(name) ? [DAY1, DAY2, DAY3] : [DAY1, DAY3],
    ])
    await checkPublished(site, Object.fromEntries(days), isDistorted ? [DAY2] : [])
  })

  test('finds a server older than a method: unsupported, which is no failure and no empty list', async () => {
    site = await openSite({ day: DAY1 }, memoryStore(), engine)
    const users = entityNamed('users')
    const future: Entity = { ...users, name: 'futures', read: { ...users.read, since: '3.99' } }
    const report = await site.night(DAY1, { entities: [users, future] })
    expect(exitOfRun(report)).toBe(0)
    expect(outcomeOf(report, 'futures')).toMatchObject({
      verdict: 'unsupported',
      fetched: null,
      reason: 'futures needs REST API 3.99, and this server has 3.29',
    })
    expect(await site.store.list('manifest/entity=futures/')).toEqual([])
    expect(await site.store.list('snapshot/entity=futures/')).toEqual([])
  })

  test('finds a server too old for tokens', async () => {
    site = await openSite({ day: DAY1, apiVersion: '3.5' }, memoryStore(), engine)
    const report = await site.night(DAY1, { entities: ENTITIES })
    expect([exitOfRun(report), report.failure?.code]).toEqual([1, 'sign-in-refused'])
    expect(report.failure?.message).toContain('REST API 3.5')
  })

  test('finds one parent less than announced, and configuration accepts it: the day is proven, and says so', async () => {
    const members = only('group_members')
    await afterOneNight({}, members)
    site.simulator.faults.set([{ kind: 'lieTotal', by: 1, match: { endpoint: 'groups' } }])
    const report = await site.night(DAY2, { entities: members, acceptSurplus: ['group_members'] })
    expect(report.outcomes).toMatchObject([{ verdict: 'complete' }])
    expect(site.events).toContainEqual({
      type: 'warned',
      entity: 'group_members',
      message: '1 parents announced beyond those delivered, accepted by configuration',
    })
    const wrong: Finding[] = []
    for await (const finding of verify(site.store, engine, members, undefined))
      if (finding.level === 'wrong') wrong.push(finding)
    expect(wrong).toEqual([])
  })

  test('finds a real purge, twice: guarded both nights; accepting the second lets the first pass', async () => {
    const users = only('users')
    await afterOneNight(NARROW, users)
    site.simulator.faults.set([onUsers({ kind: 'shrink', fraction: 0.5 })])
    const second = outcomeOf(await site.night(DAY2, { entities: users }), 'users')
    const third = outcomeOf(await site.night(DAY3, { entities: users }), 'users')
    expect([second.verdict, third.verdict]).toEqual(['guarded', 'guarded'])
    expect((await ask(site.store, 'SELECT count(*) AS n FROM users'))[0]?.['n']).toBe(120)
    const accepted = await accept(site.store, site.engine, entityNamed('users'), 'demo', {
      sha256prefix: third.candidate?.slice(0, 12) ?? '',
      run: 'accept-1',
      reason: 'a purge',
    })
    expect(accepted.held).toEqual([])
    expect(accepted.committed).toEqual([{ dt: DAY2, version: 1 }])
    await checkPublished(site, { users: [DAY1, DAY2, DAY3] }, [DAY2, DAY3])
    const gone = await ask(
      site.store,
      `SELECT valid_to, count(*) AS n FROM users_history WHERE gone_after IS NOT NULL GROUP BY valid_to ORDER BY 1`,
    )
    expect(Number(gone[0]?.['n'])).toBeGreaterThan(50)
    expect(gone[0]?.['valid_to']).toBe(DAY2)
  })

  test('was guarded for nothing: the day stays held, and the days after it know nothing of it', async () => {
    const users = only('users')
    await afterOneNight(NARROW, users)
    site.simulator.faults.set([onUsers({ kind: 'shrink', fraction: 0.5 })])
    await site.night(DAY2, { entities: users })
    site.simulator.faults.clear()
    await site.night(DAY3, { entities: users })
    expect(await site.store.list(`manifest/entity=users/site=demo/dt=${DAY2}/`)).toEqual([])
    const gone = await ask(site.store, 'SELECT count(*) AS n FROM users_history WHERE gone_after IS NOT NULL')
    expect(Number(gone[0]?.['n'])).toBeLessThan(10)
  })
})

test('the default site, whose content URL is empty, has a whole night', async () => {
  site = await openSite({ day: DAY1, site: '' }, memoryStore(), engine)
  const report = await site.night(DAY1)
  expect([exitOfRun(report), report.outcomes.filter((each) => each.verdict !== 'complete')]).toEqual([0, []])
  expect(await ask(site.store, 'SELECT content_url, name FROM site')).toEqual([
    { content_url: '', name: 'Default' },
  ])
})
