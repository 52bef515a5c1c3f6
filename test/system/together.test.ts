import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diskStore } from '../../lib/adapters/local/store.ts'
import { addDays } from '../../lib/core/day.ts'
import { committedDays } from '../../lib/core/manifest.ts'
import type { RunReport } from '../../lib/core/report.ts'
import { type Simulator, startSimulator } from '../../lib/simulator/server.ts'
import type { NightTask } from './night-process.ts'
import { ask, FEW, scratchFolder } from './site.ts'

const CHILD = fileURLToPath(new URL('./night-process.ts', import.meta.url))
const FIRST = '2026-11-01'
const ENTITIES = ['users', 'groups', 'group_members', 'workbooks', 'jobs']
/** Once in the suite; as often as is asked for otherwise. */
const ROUNDS = Number(process.env['ALMANAC_TOGETHER_ROUNDS'] ?? 1)

let folder: Awaited<ReturnType<typeof scratchFolder>>
let simulator: Simulator
beforeAll(async () => {
  folder = await scratchFolder()
  simulator = await startSimulator({
    seed: 'together',
    counts: FEW,
    day: FIRST,
    latencyMs: 5,
    morePats: [{ name: 'second', secret: 'of:its-own' }],
  })
})
afterAll(async () => {
  await simulator.close()
  await folder.remove()
})

/** A night in a process of its own: its exit code (null when killed), its report, and what it said in distress. */
async function nightProcess(task: Partial<NightTask> & Pick<NightTask, 'warehouse' | 'day'>) {
  const { url: serverUrl, site: contentUrl, patName, patSecret } = simulator
  const whole: NightTask = { serverUrl, contentUrl, patName, patSecret, entities: ENTITIES, ...task }
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = await once(child, 'close')
  const text = Buffer.concat(out).toString()
  return {
    code,
    report: text === '' ? null : (JSON.parse(text) as RunReport),
    distress: Buffer.concat(err).toString(),
  }
}

/** One commit per entity and day, the truth in every table, and both runs content. */
async function checkRound(warehouse: string, days: readonly string[]): Promise<void> {
  const store = diskStore(warehouse)
  for (const entity of ENTITIES.filter((name) => name !== 'jobs')) {
    expect([entity, await committedDays(store, { entity, site: 'demo' })]).toEqual([
      entity,
      days.map((dt) => ({ dt, version: 1 })),
    ])
    const manifests = await store.list(`manifest/entity=${entity}/`)
    expect(manifests).toHaveLength(days.length)
  }
  for (const day of days) {
    const world = simulator.world(day)
    const [row] = await ask(
      store,
      `SELECT (SELECT count(*) FROM users_at(DATE '${day}')) AS a, (SELECT count(*) FROM users_snapshots WHERE dt = DATE '${day}') AS b,
         (SELECT count(*) FROM group_members_at(DATE '${day}')) AS c, (SELECT count(*) FROM workbooks_at(DATE '${day}')) AS d`,
    )
    const { users, memberships, workbooks } = world
    expect(Object.values(row ?? {}).map(Number)).toEqual([
      users.length,
      users.length,
      memberships.length,
      workbooks.length,
    ])
  }
  const [jobs] = await ask(store, 'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM jobs')
  expect(Number(jobs?.['n'])).toBe(Number(jobs?.['ids']))
  expect(Number(jobs?.['n'])).toBeGreaterThanOrEqual(simulator.world().jobs.length)
}

describe('two nights of the same day at once, in two processes', () => {
  test.each([
    ['one token: the lease lets one after the other in', {}],
    ['two tokens', { patName: 'second', patSecret: 'of:its-own' }],
  ])(
    `%s, ${ROUNDS} times`,
    async (name, second) => {
      const warehouse = `${folder.path}/${name.split(' ')[0]}`
      const days: string[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const day = addDays(FIRST, round)
        if (simulator.day() !== day) simulator.setDay(day)
        days.push(day)
        const before = simulator.counters()
        const both = await Promise.all([
          nightProcess({ warehouse, day }),
          nightProcess({ warehouse, day, ...second }),
        ])
        expect(both.map(({ code, distress }) => [round, code, distress])).toEqual([
          [round, 0, ''],
          [round, 0, ''],
        ])
        for (const { report } of both) {
          expect(report?.failure).toBeNull()
          expect(report?.outcomes.map(({ entity, verdict }) => [entity, verdict])).toEqual(
            ENTITIES.map((entity) => [entity, 'complete']),
          )
        }
        const since = (counter: string): number =>
          (simulator.counters()[counter] ?? 0) - (before[counter] ?? 0)
        // No session ever ended under the other's feet; with one token, whoever came second had nothing left to sign in for.
        expect(since('unauthorized')).toBe(0)
        if (Object.keys(second).length === 0) expect(since('signIns')).toBe(1)
        await checkRound(warehouse, days)
      }
    },
    60_000 + ROUNDS * 20_000,
  )
})

describe('a night killed with SIGKILL', () => {
  test('after the manifest and before the publishing: the next night heals it, at once', async () => {
    const warehouse = `${folder.path}/killed`
    const day = simulator.day()
    const killed = await nightProcess({ warehouse, day, entities: ['users'], diesBefore: 'snapshot/' })
    expect([killed.code, killed.report]).toEqual([null, null])
    const store = diskStore(warehouse)
    expect(await committedDays(store, { entity: 'users', site: 'demo' })).toEqual([{ dt: day, version: 1 }])
    expect(await store.list('snapshot/')).toEqual([])
    const next = await nightProcess({ warehouse, day, entities: ['users'] })
    expect([next.code, next.distress, next.report?.outcomes[0]?.already]).toEqual([0, '', true])
    const [row] = await ask(store, `SELECT count(*) AS n FROM users_at(DATE '${day}')`)
    expect(Number(row?.['n'])).toBe(simulator.world(day).users.length)
  })
})
