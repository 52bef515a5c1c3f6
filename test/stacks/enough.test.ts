import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { memoryVault } from '../../lib/adapters/memory/vault.ts'
import { lastWholeDay } from '../../lib/connection/people.ts'
import type { Day } from '../../lib/core/day.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { ENTITIES } from '../../lib/entities/index.ts'
import { withdrawDay } from '../../lib/load/correct.ts'
import { changeNotice } from '../../lib/notify/memory.ts'
import { closeSession } from '../../lib/session/close.ts'
import { openSession } from '../../lib/session/open.ts'
import { resumeSession } from '../../lib/session/resume.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import { extractStep } from '../../lib/steps/extract.ts'
import { freshnessStep } from '../../lib/steps/freshness.ts'
import { RUN_TIMEOUT_MS } from '../../lib/steps/limits.ts'
import { loadStep } from '../../lib/steps/load.ts'
import { reportStep } from '../../lib/steps/report.ts'
import { sessionName } from '../../lib/tableau/identity.ts'
import { signInToKeep, signOutKept } from '../../lib/tableau/kept.ts'
import { type Engine, openEngine } from '../../lib/transform/engine.ts'
import { FEW, impatientClock, signInTo } from '../system/site.ts'
import { decide, matches, type Statement } from './iam.ts'
import { bucketPolicy, rolesOf } from './roles.ts'
import { synthesize } from './templates.ts'

const SITE = 'marketing'
/** So many pieces of work has an invocation time for. */
const FEW_PARENTS = 5
const BUCKET = 'arn:aws:s3:::almanac-prod-123456789012-eu-central-1'
const synthesis = synthesize()
const ofBucket = bucketPolicy(synthesis, 'Almanac-prod-State')
const roles = rolesOf(synthesis, 'Almanac-prod-marketing-Pipeline')

/** What of a role’s rights to objects was used. */
const used = new Set<string>()

/** A store that refuses what the bucket would refuse to a function. */
function storeAs(who: string, store: ObjectStore): ObjectStore {
  const role: readonly Statement[] = roles.get(who) ?? []
  const ask = (action: string, resource: string, context = {}): void => {
    const decision = decide(
      { action, resource, context: { 's3:TlsVersion': '1.3', ...context } },
      role,
      ofBucket,
    )
    if (decision !== 'allowed') throw new Error(`${who} is ${decision} to ${action} ${resource}`)
    for (const { Action, Resource } of role)
      if ([Action].flat().includes(action))
        for (const each of [Resource].flat())
          if (matches(each, resource)) used.add(`${who} ${action} ${each}`)
  }
  const object = (key: string): string => `${BUCKET}/${key}`
  /** Who may not list is told of what is not there that it is forbidden. */
  const unlessForbidden = <T>(key: string, found: T | undefined): T | undefined => {
    ask('s3:GetObject', object(key))
    if (found === undefined) ask('s3:ListBucket', BUCKET)
    return found
  }
  return {
    read: async (key) => unlessForbidden(key, await store.read(key)),
    head: async (key) => unlessForbidden(key, await store.head(key)),
    write: async (key, bytes, condition) => {
      const header = condition === 'absent' ? { 's3:if-none-match': '*' } : { 's3:if-match': condition.etag }
      // S3 asks for the right to read, too, where a write depends on what is there.
      ask('s3:GetObject', object(key))
      ask('s3:PutObject', object(key), { 's3:ObjectCreationOperation': 'true', ...header })
      return store.write(key, bytes, condition)
    },
    list: async (prefix) => {
      ask('s3:ListBucket', BUCKET)
      return store.list(prefix)
    },
    remove: async (key) => {
      ask('s3:DeleteObject', object(key))
      return store.remove(key)
    },
  }
}

const store = memoryStore()
const vault = memoryVault()
const [clock, emit] = [impatientClock, () => undefined]
const line = { clock, emit, random: Math.random }
let simulator: Simulator
let engine: Engine
beforeAll(async () => {
  simulator = await startSimulator({ seed: 'rights', counts: FEW, day: '2026-11-01' })
  engine = await openEngine()
})
afterAll(async () => {
  await engine.close()
  await simulator.close()
})

/** One run, each step with the rights of its function: in pieces, and with the load of one entity lost. */
async function run(dt: Day, name: string, { pieces = false, lost = '' } = {}): Promise<RunReport> {
  const signIn = signInTo(simulator)
  const session = sessionName(signIn)
  const ports = {
    ...line,
    vault,
    store: storeAs('session', store),
    isRunning: async () => false,
    signIn: (beforeSignIn: () => Promise<void>, signal: AbortSignal) =>
      signInToKeep({ ...line, signIn, beforeSignIn, signal }),
    signOut: (kept: Parameters<typeof signOutKept>[0]) => signOutKept(kept, line),
  }
  const asked = {
    session,
    run: name,
    dt,
    site: SITE,
    timeZone: 'UTC',
    backdate: null,
    isDayNamed: true,
    period: RUN_TIMEOUT_MS,
    until: Infinity,
  }
  expect(await openSession(asked, ports)).toMatchObject({ verdict: 'opened' })
  const resume = () =>
    resumeSession({ ...line, serverUrl: simulator.url, run: name, vault, askToRenew: async () => 0 })
  for (const entity of ENTITIES) {
    const input = { site: SITE, run: name, backdate: null, acceptSurplus: [], acceptNarrowed: [] }
    let time = 0
    const mayGoOn = (): boolean => !pieces || --time > 0
    const own = {
      ...line,
      store: storeAs(`extract ${entity.name}`, store),
      mayGoOn,
      isOver,
      resume,
      newAttempt,
    }
    const { signal } = new AbortController()
    do time = FEW_PARENTS
    while (!(await extractStep(entity, input, dt, { ...own, signal })).done)
  }
  await closeSession({ session, run: name }, ports)
  for (const entity of ENTITIES.filter((each) => each.name !== lost))
    await loadStep(entity, { site: SITE, run: name }, dt, { ...line, engine, store: storeAs('load', store) })
  const told = { site: SITE, dt, run: name, entities: ENTITIES, startedAt: 0, tokenExpiresAt: null }
  const telling = storeAs('report', store)
  const report = await reportStep({ ...told, failure: null, troubles: {} }, { clock, emit, store: telling })
  await lastWholeDay(telling, SITE, ENTITIES)
  await changeNotice(
    telling,
    SITE,
    (notice) => ({ notice: { ...notice, mailboxes: { [name]: null } }, result: 0 }) as never,
  )
  await freshnessStep({ site: SITE, timeZone: 'UTC', entities: ENTITIES }, storeAs('freshness', store), 0)
  return report
}

const isOver = (): boolean => false
const newAttempt = (): string => randomBytes(4).toString('hex')
const verdicts = ({ outcomes }: RunReport) => new Set(outcomes.map(({ verdict }) => verdict))

describe('the rights of each function are enough', () => {
  test('for a first night', async () => {
    expect(verdicts(await run('2026-11-01', 'marketing-2026-11-01'))).toEqual(new Set(['complete']))
  })

  test('for a second run of the day', async () => {
    expect(verdicts(await run('2026-11-01', 'marketing-2026-11-01-r2'))).toEqual(new Set(['complete']))
  })

  test('for a night that finds changes, goes on in pieces, and loses a load', async () => {
    simulator.setDay('2026-11-02')
    const report = await run('2026-11-02', 'marketing-2026-11-02', { pieces: true, lost: 'views' })
    expect(verdicts(report)).toEqual(new Set(['complete']))
    expect((await store.list('landing/')).some(({ key }) => key.includes('/checkpoint-'))).toBe(true)
  })

  test('for a night after a day was taken out, with something held', async () => {
    const [users] = ENTITIES.filter(({ name }) => name === 'users')
    if (users === undefined) throw new Error('there are no users')
    await withdrawDay(store, engine, users, SITE, { dt: '2026-11-01', run: 'r1', reason: 'a test' })
    simulator.setDay('2026-11-03')
    simulator.faults.set([{ kind: 'shrink', fraction: 0.5, match: { endpoint: 'workbooks' } }])
    const report = await run('2026-11-03', 'marketing-2026-11-03')
    simulator.faults.set([])
    expect(verdicts(report)).toEqual(new Set(['complete', 'guarded']))
  })
})

test('every right to objects was used', () => {
  const granted = [...roles].flatMap(([who, statements]) =>
    statements.flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          action.startsWith('s3:') ? [Resource].flat().map((each) => `${who} ${action} ${each}`) : [],
        ),
    ),
  )
  expect(granted.filter((right) => !used.has(right))).toEqual([])
})
