import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addDays } from '../../lib/core/day.ts'
import { READING_MS } from '../../lib/steps/limits.ts'
import { openEngine } from '../../lib/transform/engine.ts'
import { verify } from '../../lib/verify/verify.ts'
import { ACCESS_DENIED, type FaultRule } from '../aws/faults.ts'
import { FEW, only, outcomeOf } from '../system/site.ts'
import type { Invocation } from './lambda.ts'
import { MOST_BYTES, passedOn, rowsIn, secretsIn } from './leaks.ts'
import { expectTruth } from './tables.ts'
import { type DeployedNight, type DeployedWorld, openWorld, until } from './world.ts'

const ENTITIES = ['users', 'groups', 'group_members', 'workbooks', 'jobs']
const LONG = 300_000

let world: DeployedWorld
let day = '2026-11-01'
const wholeDays: string[] = []
/** Days that were committed by nights that were not whole. */
const otherDays: string[] = []

/** Long: everything is bundled, and every function starts. */
beforeAll(async () => {
  world = await openWorld({ counts: FEW, day, entities: ENTITIES })
  await whole(day)
}, LONG)
afterAll(() => world?.close())
beforeEach(() => {
  day = addDays(day, 1)
})
/** Whatever happened: the next night is whole, unless the trouble was over before the night was. */
afterEach(async () => {
  clear()
  if (wholeDays.at(-1) === day) return
  day = addDays(day, 1)
  await whole(day)
}, LONG)

function clear(): void {
  for (const { faults } of [world.simulator, world.s3, world.secrets, world.calls]) faults.clear()
  world.lambda.unusual = () => undefined
  world.executions.earlier = () => 0
}

/** A night that ends well. */
async function whole(dt: string, rerun?: number): Promise<DeployedNight> {
  const night = await world.night(dt, rerun)
  const { execution, report } = night
  const bad = report.outcomes.filter(({ verdict }) => verdict !== 'complete')
  expect([execution.name, execution.status, execution.cause, report.failure, bad]).toEqual([
    execution.name,
    'SUCCEEDED',
    undefined,
    null,
    [],
  ])
  wholeDays.push(dt)
  return night
}

const isExtract = ({ name }: Invocation, entity: string): boolean => name === world.deployed.nameOf(entity)
const isLoad = ({ name, event }: Invocation, entity: string): boolean =>
  name === world.deployed.nameOf('Load') && event['entity'] === entity
const isRenewal = ({ event }: Invocation): boolean => event['action'] === 'renew'

/** The invocations of a day's runs that are meant. */
const invocationsOf = (dt: string, isMeant: (invocation: Invocation) => boolean): readonly Invocation[] =>
  world.lambda.invocations.filter((each) => each.event['dt'] === dt && isMeant(each))

/** Kills who writes below a prefix, at its first writes there. */
const killing =
  (prefix: string, isMeant: (invocation: Invocation) => boolean, times = 1): FaultRule =>
  ({ operation, subject }) => {
    if (operation !== 'PutObject' || !subject.startsWith(prefix) || times <= 0) return undefined
    times -= 1
    world.lambda.kill(isMeant)
    return { kind: 'reset' }
  }

/** A gate that stays shut until it is opened. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

const counted = (name: string): number => world.simulator.counters()[name] ?? 0
const manifestsOf = (entity: string, dt: string) =>
  world.store.list(`manifest/entity=${entity}/site=demo/dt=${dt}/`)

describe('an extractor', () => {
  test('that Tableau refuses: its entity is not there, the others are, and the run says so', async () => {
    world.simulator.faults.set([{ kind: 'forbidden', match: { endpoint: 'workbooks' } }])
    const { execution, report } = await world.night(day)
    expect([execution.status, execution.error, execution.cause]).toEqual([
      'FAILED',
      'not-complete',
      'not complete: workbooks (forbidden)',
    ])
    const verdicts = report.outcomes.map(({ entity, verdict }) => [entity, verdict])
    expect(Object.fromEntries(verdicts)).toEqual({
      ...Object.fromEntries(ENTITIES.map((entity) => [entity, 'complete'])),
      workbooks: 'forbidden',
    })
    expect(await manifestsOf('workbooks', day)).toEqual([])
    clear()
    const again = await whole(day, 2)
    expect(again.report.outcomes.map(({ already }) => already)).toEqual([true, true, true, false, true])
  })

  test('that may not write: the run fails with the reason, and the others are whole', async () => {
    world.s3.faults.set(({ operation, subject }) =>
      operation === 'PutObject' && subject.startsWith('landing/entity=groups/') ? ACCESS_DENIED : undefined,
    )
    const { execution, report } = await world.night(day)
    expect([execution.status, execution.error]).toEqual(['FAILED', 'store-failed'])
    expect(report.failure).toMatchObject({ code: 'store-failed' })
    expect(outcomeOf(report, 'groups').verdict).toBe('incomplete')
    expect(outcomeOf(report, 'users').verdict).toBe('complete')
    // It is tried again, since a store may fail now and then.
    expect(invocationsOf(day, (each) => isExtract(each, 'groups'))).toHaveLength(5)
  })

  test('that is killed half-way is called again', async () => {
    world.s3.faults.set(killing('landing/entity=workbooks/', (each) => isExtract(each, 'workbooks')))
    await whole(day)
    expect(invocationsOf(day, (each) => isExtract(each, 'workbooks'))).toHaveLength(2)
  })

  test('that is invoked twice reads and lands as one', async () => {
    world.lambda.unusual = (each) => ({ isTwice: isExtract(each, 'users') || isExtract(each, 'jobs') })
    await whole(day)
    expect(await manifestsOf('users', day)).toHaveLength(1)
  })

  test('that runs out of time goes on where it stopped', async () => {
    const before = counted('groupUsers')
    world.lambda.unusual = (each) =>
      isExtract(each, 'group_members') ? { time: { milliseconds: 95_000, perLook: 1_000 } } : undefined
    await whole(day)
    const calls = invocationsOf(day, (each) => isExtract(each, 'group_members')).length
    expect(calls).toBeGreaterThan(1)
    // Every group was asked once.
    expect(counted('groupUsers') - before).toBe(world.simulator.world(day).groups.length)
  })
})

describe('a run that takes too long', () => {
  test('to read an entity leaves it, and loads and reports the others', async () => {
    const isSlow = (each: Invocation): boolean => isExtract(each, 'group_members')
    world.lambda.unusual = (each) =>
      isSlow(each) ? { time: { milliseconds: 95_000, perLook: 2_500 } } : undefined
    // It stops once, and when it is called again the time is over.
    world.executions.earlier = ({ entity }) =>
      entity === 'group_members' && invocationsOf(day, isSlow).length > 0 ? READING_MS : 0
    const { execution, report } = await world.night(day)
    expect([execution.status, execution.cause]).toEqual([
      'FAILED',
      'not complete: group_members (incomplete)',
    ])
    expect(outcomeOf(report, 'group_members').reason).toContain('reads for 6 hours')
    expect(invocationsOf(day, isSlow)).toHaveLength(2)
    expect(await manifestsOf('users', day)).toHaveLength(1)
    clear()
    await whole(day, 2)
  })

  test('to wait for its session ends with a report, and leaves the session to whom it is', async () => {
    const held = gate()
    world.lambda.unusual = (each) => (isExtract(each, 'users') ? { after: held.passed } : undefined)
    const first = await world.start(day)
    await until(() => first.states.includes('Extract'))
    world.executions.earlier = ({ run }) => (run === first.name ? 0 : READING_MS)
    const { execution, report } = await world.night(day, 2)
    expect([execution.error, report.failure?.code]).toEqual(['lease-busy', 'lease-busy'])
    held.open()
    await first.ended
    expect(first.status).toBe('SUCCEEDED')
    wholeDays.push(day)
  })
})

describe('a load', () => {
  test('that is invoked twice commits once', async () => {
    world.lambda.unusual = (each) => ({ isTwice: isLoad(each, 'users') || isLoad(each, 'jobs') })
    await whole(day)
    expect(await manifestsOf('users', day)).toHaveLength(1)
  })

  test('that dies after its commit is called again, and publishes', async () => {
    world.s3.faults.set(killing('snapshot/entity=users/', (each) => isLoad(each, 'users')))
    await whole(day)
    expect(invocationsOf(day, (each) => isLoad(each, 'users'))).toHaveLength(2)
  })

  test('that dies after its commit whenever it is called: the next night publishes', async () => {
    world.s3.faults.set(killing('snapshot/entity=users/', (each) => isLoad(each, 'users'), Infinity))
    const { execution, report } = await world.night(day)
    expect([execution.status, execution.error]).toEqual(['FAILED', 'internal'])
    expect(outcomeOf(report, 'users').reason).toContain('Runtime.ExitError')
    expect(await manifestsOf('users', day)).toHaveLength(1)
    expect(await world.store.list(`snapshot/entity=users/site=demo/dt=${day}/`)).toEqual([])
    otherDays.push(day)
  })

  test('that is ended at its time while its commit is on the way is called again', async () => {
    let late = 0
    world.s3.faults.set(({ operation, subject }) => {
      if (operation !== 'PutObject' || !subject.startsWith('manifest/entity=users/') || late > 0)
        return undefined
      late += 1
      return { kind: 'late', milliseconds: 2_000 }
    })
    let first = true
    world.lambda.unusual = (each) => {
      if (!isLoad(each, 'users') || !first) return undefined
      first = false
      return { time: { milliseconds: 1_500, perLook: 0 } }
    }
    await whole(day)
    expect(await manifestsOf('users', day)).toHaveLength(1)
  })
})

describe('the session', () => {
  test('that Tableau ends is renewed once for all who lost it, though the function is busy', async () => {
    const [before, both] = [counted('signIns'), gate()]
    world.simulator.faults.set([{ kind: 'endSession', match: { endpoint: 'groupUsers', times: 1 } }])
    const asked = (): number => invocationsOf(day, isRenewal).length
    world.calls.faults.set(({ count }) =>
      count === 1 ? { kind: 'error', status: 429, code: 'TooManyRequestsException' } : undefined,
    )
    world.lambda.unusual = (each) => {
      // Workbooks begin with the session that group_members has just seen end; nobody renews it before both have asked.
      if (isExtract(each, 'workbooks')) return { after: until(() => asked() > 0) }
      if (!isRenewal(each)) return undefined
      if (asked() > 0) both.open()
      return { after: both.passed }
    }
    await whole(day)
    expect(asked()).toBeGreaterThan(1)
    expect(counted('signIns') - before).toBe(2)
  })

  test('whose function dies after the sign-in is asked for again, and is another run’s when this one is given up', async () => {
    const isOpening = ({ event }: Invocation): boolean => event['action'] === 'open'
    world.secrets.faults.set(({ operation }) => {
      if (operation !== 'PutSecretValue') return undefined
      world.secrets.faults.clear()
      world.lambda.kill(isOpening)
      return { kind: 'reset' }
    })
    const dead = await world.start(day)
    // Whether the first is dead or still signs in is known after two minutes.
    await until(() => dead.states.includes('WaitForSession'))
    dead.stop()
    await whole(day, 2)
  })

  test('that cannot be signed out is left to end by itself', async () => {
    world.simulator.faults.set([{ kind: 'forbidden', match: { endpoint: 'signOut' } }])
    await whole(day)
    expect(world.secrets.secrets.get(world.deployed.sessionSecret)).toEqual({
      text: '{"format":1,"kept":null}',
    })
  })

  test('that another run holds is waited for', async () => {
    const [held, before] = [gate(), counted('unauthorized')]
    world.lambda.unusual = (each) => (isExtract(each, 'users') ? { after: held.passed } : undefined)
    const first = await world.start(day)
    await until(() => first.states.includes('Extract'))
    const second = await world.start(day, 2)
    await until(() => second.states.filter((state) => state === 'WaitForSession').length > 1)
    held.open()
    await Promise.all([first.ended, second.ended])
    expect([first.status, second.status]).toEqual(['SUCCEEDED', 'SUCCEEDED'])
    // Neither ended the other's session.
    expect(counted('unauthorized')).toBe(before)
  })

  test('of a run that died is taken over, and what still works for that one is stopped', async () => {
    const held = gate()
    const dead = await world.start(day)
    world.lambda.unusual = (each) =>
      isExtract(each, 'users') && each.event['run'] === dead.name ? { after: held.passed } : undefined
    await until(() => dead.states.includes('ExtractEntity'))
    dead.stop()
    const asked = world.stepFunctions.counts['DescribeExecution'] ?? 0
    await whole(day, 2)
    expect(world.stepFunctions.counts['DescribeExecution'] ?? 0).toBeGreaterThan(asked)
    held.open()
  })
})

test('a start by hand that fails does not cost the day its scheduled night', async () => {
  world.simulator.faults.set([{ kind: 'forbidden', match: { endpoint: 'users' } }])
  const byHand = await world.night(day)
  expect(byHand.execution.status).toBe('FAILED')
  clear()
  // The schedule calls later the same day, and says no number.
  const { report } = await whole(day)
  expect(report.run).toBe(`${byHand.report.run}-r2`)
  // A call that comes twice starts nothing.
  expect((await world.start(day)).name).toBe(report.run)
})

describe('an execution with a name of the console’s own', () => {
  const name = '1f0c9f2e-5a1b-4a57-9a51-0e2a7f6f2c11'

  test('holds nothing: it fails before it signs in, says how to start, and the night of its day is whole', async () => {
    const before = counted('signIns')
    const own = world.executions.start(name, JSON.stringify({ dt: day }))
    await own?.ended
    expect([own?.status, own?.error, counted('signIns')]).toEqual(['FAILED', 'usage', before])
    expect(own?.cause).toContain('“start”')
    await whole(day)
  })

  test('keeps nobody waiting with a lease that it took before such names were refused', async () => {
    const [lease] = await world.store.list('lease/')
    const found = await world.store.read(lease?.key ?? '')
    if (lease === undefined || found === undefined) throw new Error('there is no lease')
    const state = JSON.parse(new TextDecoder().decode(found.bytes))
    const held = JSON.stringify({ ...state, holder: name, period: 8 * 3_600_000 })
    await world.store.write(lease.key, new TextEncoder().encode(held), { etag: found.etag })
    await whole(day)
  })
})

test('a report that dies before it is written is called again', async () => {
  world.s3.faults.set(killing('runs/', ({ name }) => name === world.deployed.nameOf('Report')))
  await whole(day)
})

describe('after all of it', () => {
  test('no secret, token or row went from state to state, nor stands in the logs, and no state was large', () => {
    const passed = passedOn(world)
    expect(secretsIn(world, Buffer.from(passed.join('\n')))).toEqual([])
    expect(secretsIn(world, Buffer.concat(world.lambda.logs))).toEqual([])
    expect(rowsIn(world, passed.join('\n'))).toEqual([])
    expect(Math.max(...passed.map((each) => Buffer.byteLength(each)))).toBeLessThan(MOST_BYTES)
  })

  test.each(['users', 'groups', 'group_members', 'workbooks'])('%s is what was true', async (entity) => {
    const days = await expectTruth(world, entity)
    expect(days).toEqual(expect.arrayContaining([...wholeDays, ...otherDays]))
  })

  test('what was tried hardest is well: every object, every proof, and history against the snapshots', async () => {
    const engine = await openEngine({ threads: 1 })
    const findings: unknown[] = []
    const registry = only('users')
    for await (const finding of verify(world.store, engine, registry, undefined))
      if (finding.level !== 'ok') findings.push(finding)
    await engine.close()
    expect(findings).toEqual([])
  })
})
