import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keys } from '../../lib/core/keys.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { sizes } from '../../lib/simulator/counts.ts'
import { linesOf, valuesOf } from '../lambda/lines.ts'
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

describe('what the functions write', () => {
  const written = () => linesOf(Buffer.concat(world.lambda.logs).toString())
  const RUNS = DAYS.map((day) => `demo-${day}`)

  test('names in every line of a step its run, and in those of an entity the entity', () => {
    const lines = written()
    expect(lines.length).toBeGreaterThan(100)
    const ofRuns = lines.filter(({ step }) => step !== 'start' && step !== 'freshness')
    expect(new Set(ofRuns.map((line) => line['correlation_id']))).toEqual(new Set(RUNS))
    const ofEntities = lines.filter(({ step }) => step === 'extract' || step === 'load')
    expect(new Set(ofEntities.map(({ entity }) => entity))).toEqual(new Set(world.entities))
    for (const { step, site } of lines) expect([step, site]).toEqual([expect.any(String), expect.any(String)])
  })

  test('says of each invocation what it took, and of each night that it was whole', async () => {
    const invoked = world.lambda.invocations.length
    // What a process wrote may arrive after what it answered.
    await expect.poll(() => valuesOf(written(), 'TimeUsedPercent').length).toBe(invoked)
    const lines = written()
    expect(valuesOf(lines, 'MemoryUsedPercent').length).toBe(invoked)
    expect(valuesOf(lines, 'RunSucceeded')).toEqual([1, 1])
    expect(valuesOf(lines, 'Rows')).toEqual(
      reports.map(({ outcomes }) => outcomes.reduce((sum, { fetched }) => sum + (fetched ?? 0), 0)),
    )
    for (const name of ['RunFailed', 'EntityNotComplete', 'GuardTripped', 'SessionsLost'])
      expect(valuesOf(lines, name)).toEqual([])
  })

  test('says of a night that failed which entities it lacks, and how long the token lasts', async () => {
    const [dt] = DAYS
    const run = `demo-${dt}-r2`
    const { payload, failed } = await world.lambda.invoke(world.deployed.nameOf('Report'), {
      run,
      dt,
      startedAt: `${dt}T04:30:00.000Z`,
      opening: { tokenExpiresAt: Date.now() + 20.5 * 86_400_000 },
      failure: { Error: 'session-lost', Cause: '{"errorMessage":"the session ended twice"}' },
      extracted: [{ entity: 'users', error: 'unreachable' }],
      loaded: [],
    })
    expect(failed).toBe(false)
    expect(JSON.parse(payload)).toEqual({
      exit: 1,
      error: 'session-lost',
      cause: 'the session ended twice',
    })
    await expect.poll(() => valuesOf(written(), 'RunFailed')).toEqual([1])
    const lines = written().filter((line) => line['correlation_id'] === run)
    expect(valuesOf(lines, 'RunSucceeded')).toEqual([])
    const [days] = valuesOf(lines, 'TokenDaysLeft')
    expect(Math.floor(Number(days))).toBe(20)
    const lacking = lines.filter((line) => 'EntityNotComplete' in line).map(({ entity }) => entity)
    expect(lacking).toEqual(world.entities)
  })
})

describe('an event that is not valid', () => {
  const RUN = { run: `demo-${DAYS[0]}`, dt: DAYS[0] }

  test.each([
    ['users', { ...RUN, run: 'a/b', entity: 'users' }, 'extract: "run"'],
    ['users', { ...RUN, entity: 'users' }, 'extract: "startedAt"'],
    ['Load', RUN, 'load: "entity"'],
    ['Session', { ...RUN, action: 'steal' }, 'session: "action"'],
    ['Session', { ...RUN, action: 'renew', generation: -1 }, 'session: "generation"'],
    ['Session', { ...RUN, action: 'open', startedAt: '2026-11-01T04:30:00Z' }, 'session: "opening"'],
    ['Report', { ...RUN, startedAt: 'yesterday' }, 'report: "startedAt"'],
    ['Start', { scheduledAt: 'at noon' }, 'start: "scheduledAt"'],
    ['Start', { rerun: '2' }, 'start: "rerun"'],
    ['Start', { rerun: 100 }, '"rerun" is 100'],
  ])('of %s fails with what is wrong', async (name, event, says) => {
    const { payload, failed } = await world.lambda.invoke(world.deployed.nameOf(name), event)
    expect(failed).toBe(true)
    const { errorType, errorMessage } = JSON.parse(payload)
    expect([errorType, String(errorMessage).slice(0, says.length)]).toEqual(['usage', says])
  })
})
