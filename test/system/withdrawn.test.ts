import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { EntityOutcome } from '../../lib/core/event.ts'
import { keys } from '../../lib/core/keys.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { exitOfRun } from '../../lib/core/report.ts'
import { replaceDay, withdrawDay } from '../../lib/load/correct.ts'
import { load } from '../../lib/load/load.ts'
import { loadEntity, settle } from '../../lib/nightly/entity-night.ts'
import { extractStep } from '../../lib/steps/extract.ts'
import { loadStep } from '../../lib/steps/load.ts'
import { readOutcome } from '../../lib/steps/outcome.ts'
import { reportStep } from '../../lib/steps/report.ts'
import { land } from '../load/land.ts'
import { things } from '../load/plain.ts'
import { placeOf, THINGS } from '../load/toy.ts'
import { plainEngine as engine } from '../simulation/plain-engine.ts'
import { only, openSite, outcomeOf } from './site.ts'

const DAY = '2026-11-02'
const WHY = { run: 'correct', reason: 'read during an upgrade' } as const
const reasonFor = (entity: string, site: string): string =>
  `${DAY} is withdrawn (read during an upgrade); almanac load --select ${entity} --date ${DAY} --replace withdrawn --reason "…" --site ${site} brings it back`

const clock = { now: () => 0, elapsed: () => 0, sleep: async () => undefined }
const emit = (): void => undefined
const input = { site: 'test', run: 'again' } as const

/** A store in which the day of things was committed and withdrawn. */
async function withdrawnStore(): Promise<ObjectStore> {
  const store = memoryStore()
  await land(store, THINGS, DAY, things(3))
  await load(store, engine, THINGS, 'test', 'load')
  await withdrawDay(store, engine, THINGS, 'test', { ...WHY, dt: DAY })
  return store
}

const bringBack = (store: ObjectStore) =>
  replaceDay(store, engine, THINGS, 'test', { ...WHY, dt: DAY, replaces: 'withdrawn' })

describe('a night over a withdrawn day', () => {
  test('reads nothing, and is not whole until the day is brought back', async () => {
    const site = await openSite({ day: DAY })
    try {
      const [users] = only('users')
      if (users === undefined) throw new Error('there are no users')
      const night = () => site.night(DAY, { entities: only('users', 'groups') })
      expect(exitOfRun(await night())).toBe(0)
      await withdrawDay(site.store, site.engine, users, 'demo', { ...WHY, dt: DAY })
      const report = await night()
      expect([exitOfRun(report), report.failure]).toEqual([3, null])
      expect(outcomeOf(report, 'users')).toMatchObject({
        verdict: 'incomplete',
        already: false,
        calls: 0,
        reason: reasonFor('users', 'demo'),
      })
      expect(outcomeOf(report, 'groups')).toMatchObject({ verdict: 'complete', already: true })
      await replaceDay(site.store, site.engine, users, 'demo', { ...WHY, dt: DAY, replaces: 'withdrawn' })
      const after = await night()
      expect(exitOfRun(after)).toBe(0)
      expect(outcomeOf(after, 'users')).toMatchObject({ verdict: 'complete', already: true, reason: null })
    } finally {
      await site.close()
    }
  })

  test('says of a reading that landed meanwhile that its day does not count', async () => {
    const store = await withdrawnStore()
    await land(store, THINGS, DAY, things(4), { run: 'again' })
    const read = { entity: 'things', verdict: 'complete', reason: null } as EntityOutcome
    expect(await loadEntity(THINGS, input, DAY, { store, engine, clock, emit }, read)).toMatchObject({
      verdict: 'incomplete',
      reason: reasonFor('things', 'test'),
    })
  })

  test('whose manifest is damaged is that entity’s own trouble', async () => {
    const store = await withdrawnStore()
    const key = keys.manifest(placeOf(THINGS), DAY, 2)
    const { etag } = (await store.head(key)) ?? { etag: '' }
    await store.write(key, new TextEncoder().encode('{'), { etag })
    const { outcome, damage } = await settle(THINGS, input, DAY, { store, engine, emit }, null)
    expect([outcome.verdict, outcome.reason, damage?.code]).toEqual([
      'incomplete',
      damage?.message,
      'corrupt-object',
    ])
  })
})

describe('the steps of a run over a withdrawn day', () => {
  /** What the load kept and the report says, of a run whose extractor may not even sign in. */
  async function runOf(store: ObjectStore, run: string): Promise<readonly unknown[]> {
    const at = { entity: 'things', site: 'test', dt: DAY, run }
    const asked = { site: 'test', run, backdate: null, acceptSurplus: [], acceptNarrowed: [] }
    await extractStep(THINGS, asked, DAY, {
      ...{ store, clock, emit, mayGoOn: () => true, isOver: () => false, newAttempt: () => '00000000' },
      signal: new AbortController().signal,
      resume: () => Promise.reject(new Error('nothing is to be read')),
    })
    const { verdict } = await loadStep(THINGS, asked, DAY, { store, engine, clock, emit })
    const kept = await readOutcome(store, at, 'loaded')
    const told = {
      ...at,
      entities: [THINGS],
      startedAt: 0,
      tokenExpiresAt: null,
      failure: null,
      troubles: {},
    }
    const report = await reportStep(told, { store, clock, emit })
    return [verdict, kept?.outcome.already, report.outcomes.map(({ reason }) => reason), exitOfRun(report)]
  }

  test('end incomplete and say what brings it back', async () => {
    const store = await withdrawnStore()
    expect(await runOf(store, 'one')).toEqual(['incomplete', false, [reasonFor('things', 'test')], 3])
    await bringBack(store)
    expect(await runOf(store, 'two')).toEqual(['complete', true, [null], 0])
  })
})
