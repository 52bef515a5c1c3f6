import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../lib/adapters/memory/store.ts'
import { paint } from '../../lib/cli/paint.ts'
import { nightOf, nightsUpTo, STRIP_NIGHTS, stripText } from '../../lib/cli/strip.ts'
import type { EntityOutcome } from '../../lib/core/event.ts'
import { keys } from '../../lib/core/keys.ts'
import { jsonBytes } from '../../lib/core/receipt.ts'
import type { RunReport } from '../../lib/core/report.ts'
import type { Verdict } from '../../lib/core/verdict.ts'

const DAY = '2026-11-24'

const report = (verdicts: Readonly<Record<string, Verdict>>, more: Partial<RunReport> = {}): RunReport => ({
  format: 1,
  site: 'demo',
  dt: DAY,
  run: 'r1',
  server: null,
  apiVersion: null,
  startedAt: 1,
  endedAt: 2,
  outcomes: Object.entries(verdicts).map(([entity, verdict]) => ({ entity, verdict }) as EntityOutcome),
  failure: null,
  ...more,
})
const failure = { code: 'unreachable', message: 'x', next: 'y' }
const thereIs =
  (...entities: string[]) =>
  (entity: string): boolean =>
    entities.includes(entity)

describe('a night', () => {
  test.each([
    ['nobody ran it', [], [], 'none'],
    ['all complete', [report({ users: 'complete', jobs: 'unsupported' })], ['users'], 'complete'],
    [
      'complete, and withdrawn since',
      [report({ users: 'complete', jobs: 'complete' })],
      ['jobs'],
      'incomplete',
    ],
    ['one held', [report({ users: 'guarded' })], [], 'incomplete'],
    ['one held and accepted since', [report({ users: 'guarded' })], ['users'], 'complete'],
    ['one forbidden', [report({ users: 'forbidden', groups: 'complete' })], [], 'incomplete'],
    ['ended by a failure', [report({ users: 'incomplete' }, { failure })], [], 'failed'],
    [
      'failed, and read again',
      [report({ users: 'incomplete' }, { failure }), report({ users: 'complete' })],
      ['users'],
      'complete',
    ],
    [
      'a part read again, another still missing',
      [report({ users: 'incomplete', groups: 'incomplete' }), report({ users: 'complete' })],
      ['users'],
      'incomplete',
    ],
  ] as const)('%s', (_, reports, there, night) => {
    expect(nightOf(reports, thereIs(...there))).toBe(night)
  })
})

describe('the strip', () => {
  test('shows the last nights, the newest on the right, each by its own shape', async () => {
    const store = memoryStore()
    const put = (dt: string, run: string, each: RunReport) =>
      store.write(keys.run('demo', dt, run), jsonBytes({ ...each, dt, run }), 'absent')
    await put('2026-11-22', 'a', report({ users: 'complete' }))
    await put('2026-11-23', 'a', report({ users: 'guarded' }))
    await put('2026-11-24', 'b', report({ users: 'incomplete' }, { failure, startedAt: 9 }))
    await put('2026-11-24', 'a', report({ users: 'incomplete' }, { startedAt: 1 }))
    const nights = await nightsUpTo(store, 'demo', '2026-11-25', (_, dt) => dt === '2026-11-22')
    expect(nights).toHaveLength(STRIP_NIGHTS)
    expect(nights.at(-1)?.dt).toBe('2026-11-25')
    const text = stripText(
      nights.map(({ night }) => night),
      paint(false),
    )
    expect(text).toBe(`${'·'.repeat(STRIP_NIGHTS - 4)}●▲✗·`)
  })

  test('reads no other site’s runs', async () => {
    const store = memoryStore()
    await store.write(keys.run('demo-2', DAY, 'a'), jsonBytes(report({})), 'absent')
    const nights = await nightsUpTo(store, 'demo', DAY, () => false)
    expect(new Set(nights.map(({ night }) => night))).toEqual(new Set(['none']))
  })
})
