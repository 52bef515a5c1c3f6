import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import type { EntityOutcome } from '../../lib/core/event.ts'
import type { ObjectStore } from '../../lib/core/ports.ts'
import { entityNamed } from '../../lib/entities/index.ts'
import { keepOutcome, type StepOutcome } from '../../lib/steps/outcome.ts'
import { endOf, failureNamed, type ReportInput, reportStep, troublesOf } from '../../lib/steps/report.ts'

const RUN = { site: 'demo', dt: '2026-11-28', run: 'demo-2026-11-28' } as const
const NOTHING = { server: null, apiVersion: null, failure: null } as const

const input = (more: Partial<ReportInput> = {}): ReportInput => ({
  ...RUN,
  entities: ['users', 'views'].map((name) => entityNamed(name)),
  startedAt: 1000,
  tokenExpiresAt: null,
  failure: null,
  troubles: {},
  ...more,
})

const clock = { now: () => 61_000, elapsed: () => 0, sleep: async () => undefined }

const outcome = (entity: string, more: Partial<EntityOutcome> = {}): EntityOutcome => ({
  entity,
  verdict: 'complete',
  expected: 1,
  fetched: 1,
  duplicates: 0,
  new: 1,
  changed: 0,
  gone: 0,
  calls: 1,
  retries: 0,
  milliseconds: 1,
  candidate: null,
  already: false,
  reason: null,
  ...more,
})

/** A store in which steps kept what these entities came to. */
async function kept(outcomes: readonly EntityOutcome[], said: Partial<StepOutcome> = {}) {
  const store = memoryStore()
  for (const each of outcomes)
    await keepOutcome(store, { ...RUN, entity: each.entity }, 'loaded', {
      ...NOTHING,
      ...said,
      outcome: each,
    })
  return store
}

const reported = (store: ObjectStore, more: Partial<ReportInput> = {}) =>
  reportStep(input(more), { store, clock, emit: () => undefined })

const WHOLE = [outcome('users'), outcome('views')]

describe('what a run ends with', () => {
  test('is nothing when everything is there', async () => {
    const report = await reported(await kept(WHOLE))
    expect(endOf(report)).toEqual({ exit: 0, error: 'none', cause: '' })
    expect(report).toMatchObject({ startedAt: 1000, endedAt: 61_000, failure: null })
  })

  test('names every entity that is not there, with its verdict', async () => {
    const store = await kept([
      outcome('users', { verdict: 'guarded' }),
      outcome('views', { verdict: 'unsupported' }),
    ])
    const jobs = { entities: [...input().entities, entityNamed('jobs')] }
    expect(endOf(await reported(store, jobs))).toEqual({
      exit: 3,
      error: 'not-complete',
      cause: 'not complete: users (guarded), jobs (incomplete)',
    })
  })

  test('is what ended the run, before what became of its entities', async () => {
    const failure = failureNamed('session-lost', 'the session ended twice')
    const store = await kept([outcome('users', { verdict: 'guarded' })])
    expect(endOf(await reported(store, { failure }))).toEqual({
      exit: 1,
      error: 'session-lost',
      cause: 'the session ended twice',
    })
  })

  test('is the damage that a load met, which is no trouble of the step', async () => {
    const failure = failureNamed('corrupt-object', 'x is no JSON')
    const report = await reported(await kept([outcome('users')], { failure }))
    expect(endOf(report)).toMatchObject({ exit: 1, error: 'corrupt-object' })
  })
})

describe('what a step failed with', () => {
  test('is told of its entity alone, and fails the run', async () => {
    const troubles = troublesOf([
      { entity: 'users', error: null },
      { entity: 'views', error: 'out-of-time' },
    ])
    const report = await reported(await kept([outcome('users')]), { troubles })
    expect(report.outcomes.map(({ entity, verdict, reason }) => [entity, verdict, reason])).toEqual([
      ['users', 'complete', null],
      ['views', 'incomplete', 'it failed: out-of-time'],
    ])
    expect(endOf(report)).toEqual({ exit: 1, error: 'out-of-time', cause: 'it failed: out-of-time' })
  })

  test('of two steps of an entity is the later', () => {
    const ended = ['unreachable', 'store-failed'].map((error) => ({ entity: 'users', error }))
    expect(troublesOf(ended)).toEqual({ users: failureNamed('store-failed') })
  })

  test('by a name of AWS is a failure inside, and sends to the log', () => {
    expect(failureNamed('Lambda.Unknown')).toEqual({
      code: 'internal',
      message: 'it failed: Lambda.Unknown',
      next: expect.stringContaining('log of this run'),
    })
  })
})

test('a report that is asked for twice says the same again', async () => {
  const store = await kept(WHOLE)
  const first = await reported(store)
  const failure = failureNamed('session-lost')
  expect(await reported(store, { failure })).toEqual(first)
})
