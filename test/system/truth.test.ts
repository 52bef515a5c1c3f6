import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDays } from '../../lib/core/day.ts'
import { trackedColumns } from '../../lib/core/entity.ts'
import { ENTITIES, entityNamed } from '../../lib/entities/index.ts'
import { verify } from '../../lib/verify/verify.ts'
import { ask, openSite, type PlainRow, type Site } from './site.ts'
import { jobsOf, TRUTH } from './truth.ts'

const NIGHTS = 30
const FIRST = '2026-11-01'
const DAYS = Array.from({ length: NIGHTS }, (_, i) => addDays(FIRST, i))

let site: Site
beforeAll(async () => {
  site = await openSite({ day: FIRST })
  for (const day of DAYS) {
    const report = await site.night(day)
    const bad = report.outcomes.filter(({ verdict }) => verdict !== 'complete')
    if (report.failure !== null || bad.length > 0) throw new Error(JSON.stringify([day, report.failure, bad]))
  }
}, 120_000)
afterAll(() => site.close())

const grouped = (rows: readonly PlainRow[], by: string): ReadonlyMap<string, PlainRow[]> => {
  const groups = new Map<string, PlainRow[]>()
  for (const { site: _, [by]: of, ...row } of rows)
    groups.set(String(of), [...(groups.get(String(of)) ?? []), row])
  return groups
}

/** Rows as sorted lines: one comparison shows every cell that differs. */
const lines = (rows: readonly PlainRow[], columns: readonly string[]): readonly string[] =>
  rows.map((row) => JSON.stringify(columns.map((column) => [column, row[column] ?? null]))).sort()

describe(`${NIGHTS} nights are what was true`, () => {
  test.each(Object.entries(TRUTH))('%s: every cell of every day', async (name, truth) => {
    const days = grouped(await ask(site.store, `SELECT * FROM ${name}_snapshots`), 'dt')
    expect([...days.keys()].sort()).toEqual(DAYS)
    for (const [day, rows] of days) {
      const wanted = truth(site.simulator.world(day))
      const columns = [...new Set([...Object.keys(rows[0] ?? {}), ...Object.keys(wanted[0] ?? {})])].sort()
      expect(lines(rows, columns)).toEqual(lines(wanted, columns))
    }
  })

  test.each(Object.keys(TRUTH))(
    '%s: as of every past day equals that day’s snapshot on tracked columns',
    async (name) => {
      const entity = entityNamed(name)
      const columns = [...entity.key, ...trackedColumns(entity)]
      const asOf = DAYS.map((day) => `SELECT DATE '${day}' AS dt, * FROM ${name}_at(DATE '${day}')`).join(
        ' UNION ALL ',
      )
      const [found, snapshots] = await Promise.all([
        ask(site.store, asOf),
        ask(site.store, `SELECT * FROM ${name}_snapshots`),
      ])
      const [then, days] = [grouped(found, 'dt'), grouped(snapshots, 'dt')]
      for (const day of DAYS)
        expect(lines(then.get(day) ?? [], columns)).toEqual(lines(days.get(day) ?? [], columns))
    },
  )

  test.each(Object.keys(TRUTH))('%s: current is the last day, and says so', async (name) => {
    const rows = await ask(site.store, `SELECT * FROM ${name}`)
    const wanted = TRUTH[name]?.(site.simulator.world(DAYS.at(-1))) ?? []
    const last = wanted.map((row) => ({ ...row, as_of: DAYS.at(-1), unknown: null }))
    const columns = [...new Set([...Object.keys(rows[0] ?? {}), ...Object.keys(last[0] ?? {})])]
      .filter((each) => each !== 'site')
      .sort()
    expect(lines(rows, columns)).toEqual(lines(last, columns))
  })

  test('something happened in these nights', async () => {
    const [counts] = await ask(
      site.store,
      `SELECT count(*) FILTER (WHERE kind = 'gone') AS gone, count(*) FILTER (WHERE kind = 'new') AS new,
         count(*) FILTER (WHERE "column" = 'owner_id') AS owners FROM workbooks_changes`,
    )
    for (const count of Object.values(counts ?? {})) expect(Number(count)).toBeGreaterThan(0)
  })

  test('jobs: the union of what could be seen, each as it was seen last', async () => {
    const seen = new Map<unknown, PlainRow>()
    for (const day of DAYS) for (const job of jobsOf(site.simulator.world(day))) seen.set(job['id'], job)
    const rows = await ask(site.store, 'SELECT * FROM jobs')
    const columns = Object.keys(rows[0] ?? {}).filter(
      (column) => column !== 'site' && column !== 'observed_at',
    )
    expect(lines(rows, columns)).toEqual(lines([...seen.values()], columns))
    // Some were first seen while they ran: their end was learned from a later night.
    const open = DAYS.flatMap((day) =>
      site.simulator.world(day).jobs.filter(({ endedAt }) => endedAt === undefined),
    )
    expect(open.length).toBeGreaterThan(0)
    const ended = new Set(rows.filter((row) => row['ended_at'] !== null).map((row) => row['id']))
    expect(open.some(({ id }) => ended.has(id))).toBe(true)
  })

  test('verify finds nothing wrong', async () => {
    const findings = []
    for await (const finding of verify(site.store, site.engine, ENTITIES, undefined)) findings.push(finding)
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([])
    expect(findings.map(({ entity }) => entity)).toEqual(ENTITIES.map(({ name }) => name))
  })

  test('coverage: every group of every day was read that day', async () => {
    const rows = grouped(await ask(site.store, `SELECT * FROM coverage WHERE entity = 'group_members'`), 'dt')
    expect([...rows.keys()].sort()).toEqual(DAYS)
    for (const [day, found] of rows) {
      const wanted = site.simulator
        .world(day)
        .groups.map(({ id }) => ({ parent_id: id, verdict: 'read', observed_on: day }))
      expect(lines(found, ['parent_id', 'verdict', 'observed_on'])).toEqual(
        lines(wanted, ['parent_id', 'verdict', 'observed_on']),
      )
    }
  })

  test('view_usage: the difference of the counts of two days', async () => {
    const rows = grouped(await ask(site.store, 'SELECT * FROM view_usage'), 'dt')
    const before = new Map<string, number>()
    for (const day of DAYS) {
      const wanted = site.simulator.world(day).views.map(({ id, totalViewCount }) => {
        const last = before.get(id)
        const isReset = last !== undefined && totalViewCount < last
        return {
          view_id: id,
          delta: last === undefined ? null : isReset ? totalViewCount : totalViewCount - last,
          is_reset: isReset,
        }
      })
      expect(lines(rows.get(day) ?? [], ['view_id', 'delta', 'is_reset'])).toEqual(
        lines(wanted, ['view_id', 'delta', 'is_reset']),
      )
      for (const { id, totalViewCount } of site.simulator.world(day).views) before.set(id, totalViewCount)
    }
  })

  test('every report says how many were new, changed and gone, as the days themselves tell', async () => {
    const rows = await ask(
      site.store,
      `SELECT dt, new, changed, gone, expected, fetched FROM run_entities WHERE entity = 'users'`,
    )
    for (const row of rows) {
      const day = String(row['dt'])
      const ids = (of: string): readonly string[] => site.simulator.world(of).users.map(({ id }) => id)
      const [now, before] = [new Set(ids(day)), new Set(day === FIRST ? [] : ids(addDays(day, -1)))]
      expect([row['new'], row['gone'], row['expected'], row['fetched']].map(Number)).toEqual([
        [...now].filter((id) => !before.has(id)).length,
        [...before].filter((id) => !now.has(id)).length,
        now.size,
        now.size,
      ])
    }
    expect(rows).toHaveLength(NIGHTS)
  })
})
