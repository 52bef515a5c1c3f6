import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keys } from '../../lib/core/keys.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { sizes } from '../../lib/simulator/counts.ts'
import { openSite, type Site } from '../system/site.ts'
import { TRUTH } from '../system/truth.ts'
import { MOST_BYTES, passedOn, rowsIn, secretsIn } from './leaks.ts'
import { expectTruth, rowsOf, TABLES, timeless } from './tables.ts'
import { type DeployedNight, type DeployedWorld, openWorld } from './world.ts'

const DAYS = ['2026-11-01', '2026-11-02'] as const
const LONG = 300_000

let world: DeployedWorld
let site: Site
const nights: DeployedNight[] = []
const reports: RunReport[] = []
const processes: number[] = []

/** Long: two nights of the same site, deployed and on one machine. */
beforeAll(async () => {
  world = await openWorld({ counts: sizes.small, day: DAYS[0] })
  site = await openSite({ counts: sizes.small, day: DAYS[0] })
  for (const day of DAYS) {
    nights.push(await world.night(day))
    processes.push(world.lambda.processes())
    reports.push(await site.night(day))
  }
}, LONG)
afterAll(() => Promise.all([world?.close(), site?.close()]))

describe('a night as it is deployed', () => {
  test('goes from the schedule’s event to an execution that succeeded', () => {
    expect(nights.map(({ execution: { name, status } }) => [name, status])).toEqual(
      DAYS.map((day) => [`demo-${day}`, 'SUCCEEDED']),
    )
    const [{ execution } = { execution: { states: [] } }] = nights
    expect(execution.states.filter((state) => !/^(Is)?(Extract|Load)./.test(state))).toEqual([
      'Begin',
      'OpenSession',
      'IsOpen',
      'Extract',
      'CloseSession',
      'Load',
      'Report',
      'Verdict',
      'Whole',
    ])
  })

  test('works in processes that the night before left warm', () => {
    expect(processes[1]).toBe(processes[0])
  })

  test('reports what a night on one machine reports', () => {
    expect(nights.map(({ report }) => timeless(report))).toEqual(reports.map(timeless))
  })

  test.each(TABLES)('%s holds the same rows', async (table) => {
    expect(await rowsOf(world.store, table)).toEqual(await rowsOf(site.store, table))
  })

  test.each(Object.keys(TRUTH))('%s is what was true', async (entity) => {
    expect(await expectTruth(world, entity)).toEqual(DAYS)
  })

  test('signs in once, signs out, and leaves no session and no lease behind', async () => {
    const { signIns, signOut } = world.simulator.counters()
    expect([signIns, signOut]).toEqual([2, 2])
    expect(world.secrets.secrets.get(world.deployed.sessionSecret)).toEqual({
      text: '{"format":1,"kept":null}',
    })
    const [lease] = await world.store.list('lease/')
    const kept = await world.store.read(lease?.key ?? '')
    expect(JSON.parse(new TextDecoder().decode(kept?.bytes))).toMatchObject({ holder: null })
  })

  test('is not begun twice, whether it runs or is over', async () => {
    const before = { ...world.simulator.counters() }
    const again = await world.start(DAYS[1])
    expect(again).toBe(nights[1]?.execution)
    expect(world.executions.all.size).toBe(2)
    expect(world.simulator.counters()).toEqual(before)
    expect(await world.store.list(keys.runs('demo'))).toHaveLength(2)
  })

  test('says every hour how fresh it is', async () => {
    const { functionName, input } = world.deployed.hourly
    const { payload, failed } = await world.lambda.invoke(functionName, JSON.parse(input))
    expect(failed).toBe(false)
    expect(JSON.parse(payload)).toMatchObject({ snapshotAgeHours: expect.any(Number), heldDays: 0 })
  })
})

describe('what goes from state to state', () => {
  test('is small', () => {
    const sizes = passedOn(world).map((each) => Buffer.byteLength(each))
    expect(sizes.length).toBeGreaterThan(100)
    expect(Math.max(...sizes)).toBeLessThan(MOST_BYTES)
  })

  test('holds no secret and no token, nor do the logs', () => {
    expect(secretsIn(world, Buffer.from(passedOn(world).join('\n')))).toEqual([])
    expect(secretsIn(world, Buffer.concat(world.lambda.logs))).toEqual([])
    // The search finds what it is for.
    expect(world.tokens()).toHaveLength(2)
    expect(secretsIn(world, Buffer.from(world.tokens()[0] ?? ''))).toContain('session 0')
  })

  test('holds no row', () => {
    expect(rowsIn(world, passedOn(world).join('\n'))).toEqual([])
  })
})
